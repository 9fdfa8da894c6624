import { readFile } from "node:fs";
import { promisify } from "node:util";

const read = promisify(readFile);

/**
 * The text of a file, in UTF-8. `node:fs/promises` makes a file handle for each file, which takes twice the time: much, for
 * ten thousand small ones.
 *
 * @throws the system's error
 * @example JSON.parse(await readText("results/runs/NAME/run.json"))
 */
export function readText(path: string): Promise<string> {
  return read(path, "utf8");
}
