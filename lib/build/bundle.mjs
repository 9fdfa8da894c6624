// Bundles the command line, the library and the worker threads into dist/, so that `ser` starts fast and without a loader.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { build } from "esbuild";
import { entries } from "./entries.mjs";

const workers = readdirSync("lib", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".worker.ts"))
  .map((path) => `lib/${path.replaceAll("\\", "/")}`);
const name = (path) =>
  path
    .replace(/^lib\//, "")
    .replace(/\.ts$/, "")
    .replaceAll("/", "-");
const common = { bundle: true, packages: "external", platform: "node", target: "node20", write: false };
const { outputFiles } = await build({
  ...common,
  entryPoints: [
    { in: "lib/cli/ser.ts", out: "ser" },
    { in: "lib/build/library.ts", out: "library" },
    ...workers.map((path) => ({ in: path, out: name(path) })),
  ],
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  format: "cjs",
  // For line numbers of lib/ in stack traces (node --enable-source-maps); with the sources included the package would have 6 MB.
  sourcemap: true,
  sourcesContent: false,
  logLevel: "warning",
});
// The modules that `import` finds. Each re-exports its names from one shared bundle, so that errors and classes are the same in
// all entries. The bundle is CommonJS, like the command line, because there Node provides `__dirname`.
const named = await build({
  ...common,
  entryPoints: entries.map(({ name, source }) => ({ in: source, out: name })),
  outdir: "dist",
  format: "esm",
  metafile: true,
});
const modules = Object.entries(named.metafile.outputs).map(([path, { exports }]) => ({
  path,
  contents: `export { ${exports.sort().join(", ")} } from "./library.cjs";\n`,
}));
// Files are renamed into place, since a command or a test may be running from dist/. They are executable because npx runs the
// command line directly, and sets the mode only the first time. A file that is the same is left alone, so that a dist/ that is
// current may be read-only.
const isThere = (path, contents) => existsSync(path) && readFileSync(path).equals(Buffer.from(contents));
// declarations.mjs makes "types".
const current = new Set(["types", ...[...outputFiles, ...modules].map(({ path }) => basename(path))]);
try {
  mkdirSync("dist", { recursive: true });
  for (const { path, contents } of [...outputFiles, ...modules]) {
    if (isThere(path, contents)) continue;
    writeFileSync(`${path}.${process.pid}.tmp`, contents, { mode: 0o755 });
    renameSync(`${path}.${process.pid}.tmp`, path);
  }
  for (const file of readdirSync("dist")) {
    if (!current.has(file) && !file.endsWith(".tmp"))
      rmSync(`dist/${file}`, { recursive: true, force: true });
  }
} catch (error) {
  if (error.syscall === undefined) throw error;
  console.error(
    `cannot write the program to ${resolve("dist")} (${error.code}): run "npm run build" as a user who may, or copy the checkout`,
  );
  process.exit(1);
}
