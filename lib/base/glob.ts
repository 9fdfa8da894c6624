import { lstat, type realpath, type stat } from "node:fs";
import { join } from "node:path";
import { type FileSystemAdapter, glob } from "tinyglobby";

/** Whether a path is a pattern rather than a name. */
export function isPattern(path: string): boolean {
  return /[*?[{]/.test(path);
}

/**
 * The files and folders that a pattern matches, sorted by name: `*` and `?` within a name, `**` for folders at any depth,
 * `[a-c]`, `{a,b}`. Names that begin with a dot are matched by an explicit dot only. A folder that cannot be read matches nothing; links to
 * nowhere match.
 *
 * @example await expandPattern("data/**\/*_{ANG,SAD}_*.wav")
 */
export async function expandPattern(pattern: string): Promise<string[]> {
  const parts = (process.platform === "win32" ? pattern.replaceAll("\\", "/") : pattern).split("/");
  // Everything before the first pattern is a folder name, whatever its characters.
  const first = parts.findIndex(isPattern);
  const folder = parts.slice(0, first).join("/") + (first > 0 ? "/" : "");
  const options = { cwd: folder || ".", expandDirectories: false, extglob: false, onlyFiles: false };
  const rest = literalParentheses(parts.slice(first).join("/"));
  // The library follows links and leaves out those to nowhere, and those to folders themselves: they are found as if they were files.
  const found = await Promise.all([glob(rest, options), glob(rest, { ...options, fs: LINKS_AS_FILES })]);
  return [...new Set(found.flat().map((path) => join(folder, path.replace(/\/$/, ""))))].sort();
}

const LINKS_AS_FILES: FileSystemAdapter = {
  realpath: ((path: string, done: (error: null, path: string) => void) =>
    done(null, path)) as typeof realpath,
  stat: lstat as typeof stat,
};

/** For a shell, `take (1).wav` is a name; for the library, it contains a group, and a leading `!` excludes matches. */
function literalParentheses(pattern: string): string {
  return pattern.replace(/\\.|[()|]|^!/g, (token) => (token.length > 1 ? token : `\\${token}`));
}
