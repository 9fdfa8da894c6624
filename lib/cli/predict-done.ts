import { readIfThere } from "../base/atomic.js";
import { parseDelimited } from "../base/delimited.js";
import { UserError } from "../base/errors.js";
import type { Printed } from "./predict-output.js";

/** What a stopped `ser predict` has left in a file. */
export interface Done extends Printed {
  /** The recordings that need not be predicted again. */
  files: ReadonlySet<string>;
}

/**
 * Reads the rows that an earlier call has printed. The recording of the last CSV row may lack further rows, so it is not among
 * those that are done.
 *
 * @param header the first line of CSV; absent for JSON lines
 * @throws {UserError} when the file has other columns, or ends in the middle of a row
 */
export async function readDone(path: string, header?: string): Promise<Done> {
  const text = (await readIfThere(path)) ?? "";
  if (text === "") return { begun: false, rows: new Map(), files: new Set() };
  if (!text.endsWith("\n"))
    throw new UserError(`${path} ends in the middle of a row: remove its last line, then run this again`);
  if (header === undefined) return { begun: true, rows: new Map(), files: new Set(linesOf(text, path)) };
  if (!text.startsWith(header))
    throw new UserError(
      `${path} does not begin with the columns of this call: go on with the options and the model that began it`,
    );
  const names = parseDelimited(text, path).rows.map(({ cells }) => cells[0]!);
  const last = names.at(-1);
  return {
    begun: true,
    rows: new Map(last === undefined ? [] : [[last, names.filter((name) => name === last).length]]),
    files: new Set(names.filter((name) => name !== last)),
  };
}

function linesOf(text: string, path: string): string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line, i) => {
      try {
        const { file } = JSON.parse(line) as { file?: unknown };
        if (typeof file === "string") return file;
      } catch {}
      throw new UserError(`${path}, line ${i + 1} is not an object with a "file": name a file of --jsonl`);
    });
}
