import { readFile } from "node:fs/promises";
import { systemReason, UserError } from "./errors.js";

/** A delimited table, as spreadsheets save it. */
export interface Delimited {
  header: string[];
  /** One entry per record that is not empty: its cells, as many as the header has, and the line on which it begins. */
  rows: { line: number; cells: string[] }[];
}

/** Accepted separators of cells. */
const SEPARATORS = [",", ";", "\t"] as const;

/** Excel's first line that names the separator. */
const SEP_LINE = /^sep=(.)(?:\r\n|\r|\n|$)/i;

/**
 * Reads a delimited table: CSV of RFC 4180, also with semicolons or tabs, as spreadsheets of many countries write them; UTF-8, or
 * UTF-16 with a byte order mark, as Excel's "Unicode text".
 *
 * @param what the file is, for messages
 * @throws {UserError} naming the file, when it cannot be read, is not text, or is not a table
 * @example const { header, rows } = await readDelimited("clips.csv", "the manifest");
 */
export async function readDelimited(path: string, what = "the table"): Promise<Delimited> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new UserError(`cannot read ${what} ${path}: ${systemReason(error)}`, { cause: error });
  });
  return parseDelimited(tableText(bytes, path, what), path);
}

/**
 * The text of a table's bytes, in UTF-8, or in UTF-16 with a byte order mark.
 *
 * @param what the file is, for messages
 * @throws {UserError} naming the file, when it is not text
 * @example tableText(await readFile("a.csv"), "a.csv")
 */
export function tableText(bytes: Uint8Array, path: string, what = "the table"): string {
  const text = textOf(bytes);
  if (text !== undefined && !text.includes("\0")) return text;
  throw new UserError(`cannot read ${what} ${path}: it is not UTF-8 text; save it as CSV UTF-8`);
}

/** Bytes as text: UTF-16 with its mark, else UTF-8; `undefined` where they are neither. */
export function textOf(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Parses a delimited table. The separator is the one that splits the header into most cells, or that of a first line `sep=;`.
 * Lines may end in CRLF, LF or CR, also mixed. Blanks around a cell are removed unless they are quoted. Empty records are
 * skipped. A record that ends early is filled up with empty cells, since Excel omits trailing ones.
 *
 * @param path for messages
 * @throws {UserError} naming the line of an unclosed quote, or of a record with more cells than the header
 * @example parseDelimited("a;b\n1;2\n", "a.csv").rows // [{ line: 2, cells: ["1", "2"] }]
 */
export function parseDelimited(text: string, path: string): Delimited {
  const whole = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const named = SEP_LINE.exec(whole);
  const body = named ? whole.slice(named[0].length) : whole;
  const line = named ? 2 : 1;
  const separator = named?.[1] ?? separatorOf(body);
  try {
    const [header = { line, cells: [] }, ...records] = recordsOf(body, separator, line);
    const columns = header.cells.length;
    const rows = records.map((record) => {
      const cells = Array.from({ length: columns }, (_, i) => record.cells[i] ?? "");
      if (record.cells.slice(columns).every((cell) => cell.trim() === ""))
        return { line: record.line, cells };
      throw new Malformed(
        `line ${record.line} has ${record.cells.length} cells, the header has ${columns}: quote cells that contain a separator`,
      );
    });
    return { header: header.cells, rows };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new UserError(`${path} is not valid CSV: ${error.message}`, { cause: error });
  }
}

class Malformed extends Error {}

function separatorOf(text: string): string {
  const counts = SEPARATORS.map((separator) => {
    try {
      for (const { cells } of recordsOf(text, separator, 1)) return cells.length;
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
    }
    return 0;
  });
  return SEPARATORS[counts.indexOf(Math.max(...counts))]!;
}

/** The records that are not empty. */
function* recordsOf(
  text: string,
  separator: string,
  firstLine: number,
): Generator<{ line: number; cells: string[] }> {
  const isBlank = (at: number) => text[at] !== separator && /[ \t\u00A0]/.test(text[at] ?? "");
  const isEnd = (at: number) => at >= text.length || text[at] === "\n" || text[at] === "\r";
  let line = firstLine;
  let at = 0;
  const plain = (): string => {
    const start = at;
    while (!isEnd(at) && text[at] !== separator) at++;
    return text.slice(start, at).trim();
  };
  const quoted = (): string => {
    const opened = line;
    let cell = "";
    for (;;) {
      const close = text.indexOf('"', at);
      if (close < 0) throw new Malformed(`line ${opened}: a quote is never closed`);
      cell += text.slice(at, close);
      at = close + 1;
      if (text[at] !== '"') break;
      cell += '"';
      at++;
    }
    line += cell.match(/\r\n|\r|\n/g)?.length ?? 0;
    while (isBlank(at)) at++;
    if (isEnd(at) || text[at] === separator) return cell;
    throw new Malformed(`line ${opened}: text follows a closing quote: double the quotes within a cell`);
  };
  while (at < text.length) {
    const begin = line;
    const cells: string[] = [];
    for (;;) {
      let start = at;
      while (isBlank(start)) start++;
      if (text[start] === '"') {
        at = start + 1;
        cells.push(quoted());
      } else cells.push(plain());
      if (isEnd(at)) break;
      at++;
    }
    at += text.startsWith("\r\n", at) ? 2 : 1;
    line++;
    if (cells.some((cell) => cell.trim() !== "")) yield { line: begin, cells };
  }
}
