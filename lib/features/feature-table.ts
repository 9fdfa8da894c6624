import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { type Delimited, parseDelimited, tableText } from "../base/delimited.js";
import { systemReason, UserError } from "../base/errors.js";
import { setDigest, sha256 } from "../base/hash.js";
import { type Matrix, row, zeros } from "../base/matrix.js";
import { problemText } from "../base/schema.js";
import { plural } from "../base/text.js";
import { knownEmotion } from "../corpora/labels.js";
import { decodeNpy } from "./npy.js";

/** Features computed by another program, a row per clip. */
export interface FeatureTable {
  /** The file's name, without its folder. */
  name: string;
  /** The id or file of the clip of each row, as `clipKey` returns it. */
  ids: string[];
  /** The line of each row in the file with the ids. */
  lines: number[];
  /** rows x columns. */
  matrix: Matrix;
  /** Names of the columns. */
  columns: string[];
  /** The columns that are not used, with the reason: "start, end (labels or places by name)". */
  leftOut: string[];
  /** SHA-256 of the numbers and the names of their clips, independent of the order of the rows. */
  digest: string;
}

/** Columns that may name the clips, in order of preference; otherwise the first column does. */
const ID_COLUMNS = ["id", "file", "filename", "path", "name"];

/**
 * Columns with the label, the speaker or the origin of the clip. They are never features, even if they are numbers: that
 * would be leakage. A feature with such a name has to be renamed.
 */
const NO_FEATURES = new Set([
  ...ID_COLUMNS,
  ...[
    "emotion",
    "emotions",
    "label",
    "labels",
    "class",
    "class_label",
    "target",
    "arousal",
    "valence",
    "dominance",
    "emo",
  ],
  ...["speaker", "sex", "gender", "age", "sentence", "text", "corpus", "database", "split", "fold", "subset"],
  ...["start", "end", "duration", "frametime", "index", ""],
]);

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const AUDIO_ENDING = /\.(wav|wave|flac|mp3|ogg|opus|aiff?|m4a|aac)$/i;

/** How many problems a message lists; the rest are counted. */
const LISTED = 10;

/**
 * Reads a table of features: a CSV file (comma, semicolon or tab; as openSMILE, nkululeko and pandas write it), or a NumPy
 * `.npy` file (float32 or float64, clips x columns) with a list of ids beside it (`X.ids.csv` or `X.csv`, one per row).
 *
 * A CSV file has a header. The clip is named in the column `id`, `file`, `filename`, `path` or `name`, otherwise in the first.
 * All other numeric columns are features, except constant columns and those with the name of a label or place
 * (`emotion`, `label`, `speaker`, `gender`, `age`, `start`, `end`, `duration` and the like). `leftOut` lists unused columns.
 *
 * @throws {UserError} naming each cell that is not a finite number, by line and column
 * @example readTable("egemaps.csv").matrix.cols // 88
 */
export function readTable(path: string): FeatureTable {
  return path.endsWith(".npy") ? readNpyTable(path) : tableOf(sheetOf(path), path);
}

/**
 * Normalises the name of a clip or file in a table: no quotes, no audio extension, and `/` between folders.
 *
 * @example clipKey("'C:\\Savee\\DC_a01.wav'") // "C:/Savee/DC_a01"
 */
export function clipKey(text: string): string {
  const plain = text.trim().replace(/^'(.*)'$/, "$1");
  return plain.replaceAll("\\", "/").replace(/^\.\//, "").replace(AUDIO_ENDING, "");
}

/** The last part of a `clipKey`. */
export function clipName(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

function sheetOf(path: string): Delimited {
  const { header, rows } = parseDelimited(tableText(bytesIn(path), path), path);
  if (rows.length === 0) throw new UserError(`${path} has no rows: it takes a header and a row per clip`);
  const numbers = header.slice(1).filter((cell) => NUMBER.test(cell));
  // pandas numbers unnamed columns.
  if (numbers.some((cell, i) => Number(cell) !== Number.parseInt(numbers[0]!, 10) + i))
    throw new UserError(`${path} has numbers in its first line, which should name the columns: add a header`);
  return { header, rows };
}

function bytesIn(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UserError(`cannot read the table ${path}: ${systemReason(error)}`, { cause: error });
  }
}

function tableOf({ header, rows }: Delimited, path: string): FeatureTable {
  const own = idColumn(header);
  const problems: string[] = [];
  const reasons: Record<"name" | "text" | "constant", string[]> = { name: [], text: [], constant: [] };
  const kept: number[][] = [];
  const columns: string[] = [];
  const twice = header.find((name, c) => name !== "" && header.indexOf(name) < c);
  if (twice !== undefined) throw new UserError(`${path} names the column ${twice} twice: rename one of them`);
  for (const [c, name] of header.entries()) {
    if (c === own) continue;
    const key = name.toLowerCase();
    if (NO_FEATURES.has(key) || /^unnamed: \d+$/.test(key) || knownEmotion(name) !== undefined) {
      reasons.name.push(name || "a column without a name");
      continue;
    }
    const values = rows.map(({ cells }) => numberIn(cells[c]!));
    if (!rows.some(({ cells }) => NUMBER.test(cells[c]!))) reasons.text.push(name);
    else if (!values.every(Number.isFinite)) {
      for (const [i, { line, cells }] of rows.entries())
        if (!Number.isFinite(values[i]))
          problems.push(`line ${line}, column ${name} is ${shown(cells[c]!)}${tooLarge(cells[c]!)}`);
    } else if (values.every((value) => value === values[0]) && rows.length > 1) reasons.constant.push(name);
    else {
      kept.push(values);
      columns.push(name);
    }
  }
  refuseCells(problems, path);
  const matrix = zeros(rows.length, kept.length);
  kept.forEach((values, k) => {
    values.forEach((value, i) => {
      matrix.data[i * kept.length + k] = value;
    });
  });
  const ids = rows.map(({ cells }) => cells[own]!);
  const lines = rows.map(({ line }) => line);
  return finished({ path, ids, lines, matrix, columns, leftOut: leftOutOf(reasons) });
}

function idColumn(header: readonly string[]): number {
  const names = header.map((name) => name.toLowerCase());
  const known = ID_COLUMNS.find((name) => names.includes(name));
  return known === undefined ? 0 : names.indexOf(known);
}

/** The number in single precision; NaN for anything else. */
function numberIn(cell: string): number {
  return NUMBER.test(cell) ? Math.fround(Number(cell)) : Number.NaN;
}

function tooLarge(cell: string): string {
  return NUMBER.test(cell) ? ", which exceeds single precision" : "";
}

function shown(cell: string): string {
  return cell === "" ? "empty" : JSON.stringify(cell.length > 40 ? `${cell.slice(0, 37)}...` : cell);
}

function refuseCells(problems: readonly string[], path: string): void {
  if (problems.length === 0) return;
  const [first, ...rest] = problems;
  const hint = "a feature is a finite number for every clip: fill in the cells, or remove the columns";
  throw new UserError(problemText([`${first}; ${hint}`, ...rest], path, LISTED));
}

function leftOutOf({ name, text, constant }: Record<"name" | "text" | "constant", string[]>): string[] {
  const say = (names: string[], why: string) => (names.length > 0 ? [`${names.join(", ")} (${why})`] : []);
  return [
    ...say(name, "labels or places by name"),
    ...say(text, "no numbers"),
    ...say(constant, "the same in every row"),
  ];
}

function finished(
  given: Pick<FeatureTable, "ids" | "lines" | "matrix" | "columns" | "leftOut"> & { path: string },
): FeatureTable {
  const { path, matrix, columns, leftOut } = given;
  if (matrix.cols === 0)
    throw new UserError(
      `${path} has no column of numbers${leftOut.length > 0 ? `: there are only ${leftOut.join(", ")}` : ""}`,
    );
  const ids = given.ids.map(clipKey);
  const empty = ids.indexOf("");
  if (empty >= 0) throw new UserError(`${path}: line ${given.lines[empty]} names no clip`);
  // Folders differ between machines.
  const rows = ids.map((id, i) => `${clipName(id)} ${sha256(bytesOf(row(matrix, i)))}`);
  return { name: basename(path), ids, lines: given.lines, matrix, columns, leftOut, digest: setDigest(rows) };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function readNpyTable(path: string): FeatureTable {
  const { data, shape } = decodeNpy(bytesIn(path), path);
  if (shape.length !== 2)
    throw new UserError(`${path} has ${shape.length} dimensions: a table has two, clips x columns`);
  const [rows, cols] = shape as [number, number];
  const all = { data: Float32Array.from(data), rows, cols };
  refuseCells(badPlaces(all), path);
  const { ids, lines } = idsBeside(path, rows);
  return finished({ path, ids, lines, ...withoutConstants(all) });
}

function badPlaces({ data, cols }: Matrix): string[] {
  const bad: string[] = [];
  data.forEach((value, at) => {
    if (!Number.isFinite(value))
      bad.push(`row ${Math.floor(at / cols) + 1}, column ${(at % cols) + 1} is ${value}`);
  });
  return bad;
}

function withoutConstants(all: Matrix): Pick<FeatureTable, "matrix" | "columns" | "leftOut"> {
  const { data, rows, cols } = all;
  const columns = Array.from({ length: cols }, (_, c) => c);
  const varies = (c: number) => {
    for (let i = 1; i < rows; i++) if (data[i * cols + c] !== data[c]) return true;
    return rows < 2;
  };
  const kept = columns.filter(varies);
  const matrix = zeros(rows, kept.length);
  for (let i = 0; i < rows; i++)
    kept.forEach((c, k) => {
      matrix.data[i * kept.length + k] = data[i * cols + c]!;
    });
  const constant = columns.filter((c) => !varies(c)).map((c) => `column ${c + 1}`);
  const named = kept.map((c) => `column ${c + 1}`);
  return { matrix, columns: named, leftOut: leftOutOf({ name: [], text: [], constant }) };
}

/** The list of ids beside a `.npy` file, with or without a header. */
function idsBeside(path: string, rows: number): Pick<FeatureTable, "ids" | "lines"> {
  const stem = path.replace(/\.npy$/, "");
  const beside = [`${stem}.ids.csv`, `${stem}.csv`].find((file) => existsSync(file));
  if (!beside)
    throw new UserError(`${path} does not name its clips: write their ids into ${stem}.ids.csv, one per row`);
  const { header, rows: listed } = parseDelimited(tableText(bytesIn(beside), beside), beside);
  const named = listed.length === rows;
  const all = named || header.length === 0 ? listed : [{ line: 1, cells: header }, ...listed];
  if (all.length !== rows)
    throw new UserError(
      `${beside} has ${plural(all.length, "line")}, but ${path} has ${plural(rows, "row")}: it takes one id per row, and may have a header`,
    );
  const own = idColumn(named ? header : []);
  return { ids: all.map(({ cells }) => cells[own]!), lines: all.map(({ line }) => line) };
}
