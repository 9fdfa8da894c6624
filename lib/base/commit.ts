import { execFileSync } from "node:child_process";

const known = new Map<string, string | undefined>();

/**
 * The commit of a checkout; `undefined` where the folder is not the top of a checkout, or git is not installed.
 *
 * @example commitOf(projectRoot()) // "bae4a1d0..."
 */
export function commitOf(folder: string): string | undefined {
  if (!known.has(folder)) known.set(folder, ask(folder));
  return known.get(folder);
}

function ask(folder: string): string | undefined {
  try {
    // The first line is empty at the top of a checkout. The commit of a checkout around the folder says nothing about it.
    const [prefix, commit] = execFileSync("git", ["rev-parse", "--show-prefix", "HEAD"], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).split("\n");
    return prefix === "" && commit ? commit : undefined;
  } catch {
    return undefined;
  }
}
