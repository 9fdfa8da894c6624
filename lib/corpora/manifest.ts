import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { CsvError, parse } from "csv-parse/sync";
import { systemReason, UsageError, UserError } from "../base/errors.js";
import { byText } from "../base/text.js";
import { type Clip, type ClipName, CORPORA } from "./clip.js";
import { type FoundCorpus, isSynthetic } from "./registry.js";

const REQUIRED = ["id", "path", "speaker", "emotion"] as const;
const OPTIONAL = [
  "sex",
  "age",
  "intensity",
  "sentence",
  "sentenceId",
  "repetition",
  "label",
  "parent",
] as const;

type Column = (typeof REQUIRED)[number] | (typeof OPTIONAL)[number];
type Row = Partial<Record<Column, string>>;

/** The words of the four corpora and the common ones of the field, for each emotion. */
const EMOTION_WORDS: Record<Clip["emotion"], string> = {
  anger: "anger angry ang",
  disgust: "disgust disgusted dis",
  fear: "fear fearful fea afraid scared",
  happiness: "happiness happy hap joy joyful",
  sadness: "sadness sad",
  surprise: "surprise surprised sur ps pleasant_surprise pleasant_surprised",
  neutral: "neutral neu",
  calm: "calm",
};

const EMOTION_OF = invert(EMOTION_WORDS);
const SEX_OF = invert({ female: "female f woman", male: "male m man" });
const INTENSITY_OF = invert({
  low: "low lo",
  medium: "medium md",
  high: "high hi",
  normal: "normal",
  strong: "strong",
});

/** How many problems a message lists before it only counts. */
const LISTED = 10;

/**
 * Reads a researcher's own corpus: a CSV file with the columns `id`, `path`, `speaker`, `emotion` and, where wanted,
 * `sex`, `age` (years), `intensity`, `sentence`, `sentenceId`, `repetition`, `label`, `parent` (the id of the clip that this
 * one is an altered copy of); others are ignored. Paths are relative to the manifest. Emotions may be written as in the four corpora: `angry`, `HAP`, `ps`.
 *
 * @param path the CSV file (RFC 4180, UTF-8)
 * @param name the corpus's name in ids (`own/NAME`) and tables; default "own"
 * @returns the clips, sorted by id
 * @throws {UserError} naming every line that is wrong: a missing value or file, an unknown emotion, an id given twice
 * @throws {UsageError} for a name that is one of the four corpora's or no plain word
 * @example const clips = await readManifest("recordings/clips.csv");
 */
export async function readManifest(path: string, name = "own"): Promise<Clip[]> {
  if (!/^[a-z][a-z0-9_-]*$/.test(name) || (CORPORA as readonly string[]).includes(name)) {
    throw new UsageError(
      `"${name}" cannot name a corpus of your own: take a word of small letters that is none of ${CORPORA.join(", ")}`,
    );
  }
  const rows = parseRows(await readText(path), path);
  const problems: string[] = [];
  const clips: Clip[] = [];
  const lineOf = new Map<string, number>();
  for (const { line, row } of rows) {
    const wrong = (what: string) => problems.push(`line ${line}: ${what}`);
    const clip = toClip(row, name, dirname(resolve(path)), wrong);
    if (!clip) continue;
    const first = lineOf.get(clip.id);
    if (first !== undefined) wrong(`the id "${row.id}" was given on line ${first} already`);
    lineOf.set(clip.id, first ?? line);
    clips.push(clip);
  }
  if (problems.length > 0) throw new UserError(problemText(path, problems));
  if (clips.length === 0) {
    throw new UserError(`${path} lists no clips: write one line for each, below the header`);
  }
  return clips.sort((a, b) => byText(a.id, b.id));
}

/** {@link readManifest} as a corpus beside the others. */
export async function findManifest(path: string, name = "own"): Promise<FoundCorpus> {
  const clips = await readManifest(path, name);
  return { name, clips, synthetic: clips.some(({ synthetic }) => synthetic), copies: [] };
}

async function readText(path: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path));
  } catch (error) {
    const reason =
      error instanceof TypeError ? "it is not UTF-8 text; save it as CSV UTF-8" : systemReason(error);
    throw new UserError(`cannot read the manifest ${path}: ${reason}`, { cause: error });
  }
}

function parseRows(text: string, path: string): { line: number; row: Row }[] {
  try {
    const records = parse(text, {
      bom: true,
      columns: (header: string[]) => checkHeader(header, path),
      info: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as { record: Row; info: { lines: number } }[];
    return records.map(({ record, info }) => ({ line: info.lines, row: record }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new UserError(`${path} is no proper CSV: ${error.message}`, { cause: error });
  }
}

function checkHeader(header: string[], path: string): string[] {
  const missing = REQUIRED.filter((column) => !header.includes(column));
  if (missing.length === 0) return header;
  throw new UserError(
    `${path} lacks the column ${missing.join(", ")}: its first line must name id, path, speaker, emotion and may name ${OPTIONAL.join(", ")}`,
  );
}

/** The clip of a row, or `undefined` after telling `wrong` everything that keeps it from being one. */
function toClip(row: Row, corpus: string, folder: string, wrong: (what: string) => void): Clip | undefined {
  let sound = true;
  const refuse = (what: string) => {
    sound = false;
    wrong(what);
  };
  const lookUp = <Value>(column: Column, words: ReadonlyMap<string, Value>): Value | undefined => {
    const text = row[column];
    if (!text) return undefined;
    const value = words.get(text.toLowerCase().replaceAll(/[ -]/g, "_"));
    if (value === undefined) {
      refuse(`${column} "${text}" is unknown: take one of ${[...new Set(words.values())].join(", ")}`);
    }
    return value;
  };
  const number = (column: Column, whole: boolean): number | undefined => {
    const text = row[column];
    if (!text) return undefined;
    const value = Number(text);
    if (value >= 0 && Number.isFinite(value) && (!whole || Number.isInteger(value))) return value;
    refuse(`${column} "${text}" is no ${whole ? "whole " : ""}number`);
    return undefined;
  };

  for (const column of REQUIRED) if (!row[column]) refuse(`${column} is empty`);
  const path = resolve(folder, row.path ?? "");
  if (row.path && !existsSync(path)) refuse(`there is no file ${path}`);
  const emotion = lookUp("emotion", EMOTION_OF);
  const name: Omit<ClipName, "emotion"> = {
    id: `${corpus}/${row.id}`,
    corpus,
    speaker: row.speaker ?? "",
    sex: lookUp("sex", SEX_OF),
    age: number("age", false),
    label: row.label || (row.emotion ?? ""),
    intensity: lookUp("intensity", INTENSITY_OF),
    sentence: row.sentence || undefined,
    sentenceId: row.sentenceId || undefined,
    repetition: number("repetition", true),
    ...(row.parent && { parent: `${corpus}/${row.parent}` }),
  };
  return sound && emotion ? { ...name, emotion, path, synthetic: isSynthetic(dirname(path)) } : undefined;
}

function problemText(path: string, problems: readonly string[]): string {
  const more = problems.length > LISTED ? [`and ${problems.length - LISTED} more`] : [];
  const count = problems.length === 1 ? "one problem" : `${problems.length} problems`;
  return [`${path} has ${count}:`, ...problems.slice(0, LISTED), ...more].join("\n  ");
}

function invert<Key extends string>(words: Record<Key, string>): ReadonlyMap<string, Key> {
  const entries = Object.entries(words) as [Key, string][];
  return new Map(entries.flatMap(([key, list]) => list.split(" ").map((word) => [word, key] as const)));
}
