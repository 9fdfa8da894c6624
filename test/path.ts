import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where a program is on the PATH; `undefined` where it is not. */
export function onPath(program: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, program)).find((file) => existsSync(file));
}
