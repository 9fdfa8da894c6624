import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The checkout. */
export const ROOT = join(import.meta.dirname, "..");
export const NAME = "speech-emotion-workbench";

/** An entry of a lock. */
interface Locked {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  dev?: boolean;
  devOptional?: boolean;
}

/** Packs what is built as `npm pack` does, and returns the tarball's path and what is in it. `npm pack` builds before. */
export function pack(folder: string): { tarball: string; size: number; files: { path: string }[] } {
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  run(process.execPath, join("lib", "build", "declarations.mjs"));
  const told = run("npm", "pack", "--ignore-scripts", "--json", "--pack-destination", folder);
  const answer = JSON.parse(told) as Record<
    string,
    { filename: string; size: number; files: { path: string }[] }
  >;
  const [{ filename, size, files }] = Object.values(answer);
  return { tarball: join(folder, filename), size, files };
}

/**
 * Makes an empty project whose one dependency is the tarball, and installs it: with a lock cut from ours, so that the same
 * versions are tested every time, from npm's cache where that has them.
 */
export function installIn(project: string, tarball: string): void {
  mkdirSync(project, { recursive: true });
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
    packages: Record<string, Locked>;
  };
  const manifest = {
    name: "trial",
    private: true,
    type: "module",
    dependencies: { [NAME]: `file:${tarball}` },
  };
  const { devDependencies: _, ...own } = packages[""] as Locked & { devDependencies: unknown };
  const kept: Record<string, unknown> = {
    "": manifest,
    [`node_modules/${NAME}`]: { ...own, resolved: `file:${tarball}` },
  };
  const keep = (from: string, name: string) => {
    const path = placeOf(packages, from, name);
    if (path === undefined || kept[path]) return;
    const { dev, devOptional, ...entry } = packages[path]!;
    kept[path] = entry;
    for (const needed of needs(entry)) keep(path, needed);
  };
  for (const name of needs(packages[""]!)) keep("", name);
  const lock = { name: "trial", lockfileVersion: 3, requires: true, packages: kept };
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(project, "package-lock.json"), JSON.stringify(lock));
  execFileSync("npm", ["ci", "--prefer-offline", "--no-audit", "--no-fund"], { cwd: project, stdio: "pipe" });
}

function needs({ dependencies, optionalDependencies }: Locked): string[] {
  return Object.keys({ ...dependencies, ...optionalDependencies });
}

/** Where Node finds a package that another needs: in its own node_modules, else in those around it. */
function placeOf(packages: Record<string, Locked>, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = [...(folder === "" || folder === "." ? [] : [folder]), "node_modules", name].join("/");
    if (packages[path]) return path;
    if (folder === "" || folder === ".") return undefined;
  }
}

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program in a folder, as a user does that has nothing of this checkout's settings. */
export function run(
  program: string,
  args: readonly string[],
  options: { cwd: string; cache: string; env?: Record<string, string> },
): Promise<Ended> {
  const own = Object.entries(process.env).filter(([name]) => !/^(SER_|npm_|NODE_OPTIONS|VITEST)/.test(name));
  const env = { ...Object.fromEntries(own), XDG_CACHE_HOME: options.cache, ...options.env };
  return new Promise((resolve) => {
    execFile(program, args, { cwd: options.cwd, env, maxBuffer: 1e8 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
  });
}
