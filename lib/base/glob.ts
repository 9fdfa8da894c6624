import { join } from "node:path";
import { glob } from "tinyglobby";

/** Whether a path is a pattern rather than a name. */
export function isPattern(path: string): boolean {
  return /[*?[{]/.test(path);
}

/**
 * The files and folders that a pattern matches, sorted by name: `*` and `?` within a name, `**` for folders at any depth,
 * `[a-c]`, `{a,b}`. Names that begin with a dot are matched by an explicit dot only. A folder that cannot be read matches nothing.
 *
 * @example await expandPattern("data/**\/*_{ANG,SAD}_*.wav")
 */
export async function expandPattern(pattern: string): Promise<string[]> {
  const parts = (process.platform === "win32" ? pattern.replaceAll("\\", "/") : pattern).split("/");
  // Everything before the first pattern is a folder name, whatever its characters.
  const first = parts.findIndex(isPattern);
  const folder = parts.slice(0, first).join("/") + (first > 0 ? "/" : "");
  const found = await glob(literalParentheses(parts.slice(first).join("/")), {
    cwd: folder || ".",
    expandDirectories: false,
    extglob: false,
    onlyFiles: false,
  });
  return found.map((path) => join(folder, path.replace(/\/$/, ""))).sort();
}

/** For a shell, `take (1).wav` is a name; for the library, it contains a group, and a leading `!` excludes matches. */
function literalParentheses(pattern: string): string {
  return pattern.replace(/\\.|[()|]|^!/g, (token) => (token.length > 1 ? token : `\\${token}`));
}
