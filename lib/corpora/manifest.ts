import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { CsvError, parse } from "csv-parse/sync";
import * as v from "valibot";
import { systemReason, UsageError, UserError } from "../base/errors.js";
import { factsOf, problemsOf, problemText, text } from "../base/schema.js";
import { byText } from "../base/text.js";
import { type Clip, CORPORA } from "./clip.js";
import { type FoundCorpus, isSynthetic } from "./registry.js";

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

/** The columns of a manifest; a cell is a text, and an empty one is left out. */
const COLUMNS = {
  id: text("Name of the clip, unique in the manifest."),
  path: text("Sound file, relative to the manifest."),
  speaker: text("Who speaks."),
  emotion: word("Emotion, as a word of one of the four corpora or a common one.", EMOTION_WORDS),
  sex: v.optional(word("Sex of the speaker.", { female: "female f woman", male: "male m man" })),
  age: v.optional(amount("Age of the speaker, years.", false)),
  intensity: v.optional(
    word("Intensity of the emotion.", {
      ...{ low: "low lo", medium: "medium md", high: "high hi", normal: "normal", strong: "strong" },
    }),
  ),
  sentence: v.optional(text("What is said.")),
  sentenceId: v.optional(text("Name of the sentence.")),
  repetition: v.optional(amount("Number of the repetition.", true)),
  label: v.optional(text("The corpus's own word for the emotion; default: that of the column `emotion`.")),
  parent: v.optional(text("The id of the clip that this one is an altered copy of.")),
};

const rowSchema = v.object(COLUMNS);
type Row = v.InferOutput<typeof rowSchema>;
type Cells = Partial<Record<keyof typeof COLUMNS, string>>;

const named = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];
const REQUIRED = named.filter((column) => !factsOf(COLUMNS[column]).optional);
const OPTIONAL = named.filter((column) => !REQUIRED.includes(column));

/** One of several words for the same: `HAP`, `happy` and `joy` for happiness. */
function word<Name extends string>(description: string, words: Record<Name, string>) {
  const entries = Object.entries(words) as [Name, string][];
  const nameOf = new Map<string, string>(
    entries.flatMap(([name, list]) => list.split(" ").map((one) => [one, name] as const)),
  );
  return v.pipe(
    v.string(),
    v.transform((given) => nameOf.get(given.toLowerCase().replaceAll(/[ -]/g, "_")) ?? given),
    v.picklist(Object.keys(words) as Name[]),
    v.description(description),
  );
}

function amount(description: string, whole: boolean) {
  const isOne = (given: string) =>
    Number(given) >= 0 && Number.isFinite(Number(given)) && (!whole || Number.isInteger(Number(given)));
  return v.pipe(
    v.string(),
    v.check(isOne),
    v.transform(Number),
    v.description(description),
    v.metadata({ takes: `a ${whole ? "whole " : ""}number of at least 0` }),
  );
}

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
    const file = resolve(dirname(path), row.path ?? "");
    const wrong = problemsOf(rowSchema, row);
    if (row.path && !existsSync(file)) wrong.push(`there is no file ${file}`);
    const first = lineOf.get(row.id ?? "");
    if (first !== undefined) wrong.push(`the id "${row.id}" was given on line ${first} already`);
    if (row.id) lineOf.set(row.id, first ?? line);
    if (wrong.length === 0)
      clips.push(clipOf({ label: row.emotion, ...v.parse(rowSchema, row) }, file, name));
    problems.push(...wrong.map((what) => `line ${line}: ${what}`));
  }
  if (problems.length > 0) throw new UserError(problemText(problems, path, LISTED));
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

function parseRows(text: string, path: string): { line: number; row: Cells }[] {
  try {
    const records = parse(text, {
      bom: true,
      columns: (header: string[]) => checkHeader(header, path),
      info: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as { record: Cells; info: { lines: number } }[];
    const filled = (record: Cells) => Object.fromEntries(Object.entries(record).filter(([, cell]) => cell));
    return records.map(({ record, info }) => ({ line: info.lines, row: filled(record) }));
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

function clipOf(row: Row, path: string, corpus: string): Clip {
  const { id, parent, label = "", ...rest } = row;
  return {
    ...rest,
    ...{ id: `${corpus}/${id}`, corpus, path, label },
    ...(parent && { parent: `${corpus}/${parent}` }),
    synthetic: isSynthetic(dirname(path)),
  };
}
