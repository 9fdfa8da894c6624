import { existsSync } from "node:fs";
import { basename, dirname, extname, isAbsolute, relative, resolve, sep } from "node:path";
import * as v from "valibot";
import { readDelimited } from "../base/delimited.js";
import { deadLink, UsageError, UserError } from "../base/errors.js";
import { groupBy } from "../base/group.js";
import { factsOf, meant, problemsOf, problemText, text } from "../base/schema.js";
import { byText, plural } from "../base/text.js";
import { type Clip, KNOWN_CORPORA } from "./clip.js";
import { Labels, ownClass } from "./labels.js";
import { type FoundCorpus, isSynthetic } from "./registry.js";

/** The columns of a manifest. Cells are texts; empty ones are left out. */
const COLUMNS = {
  id: text("Name of the clip, unique in its corpus; without this column, its path without the ending."),
  path: text("Sound file, relative to the manifest."),
  speaker: text("Name of the speaker."),
  emotion: text("Emotion; common words are mapped to the known emotions, any other is a class of its own."),
  corpus: v.optional(text("Name of the corpus.")),
  sex: v.optional(word("Sex of the speaker.", { female: "female f woman", male: "male m man" })),
  age: v.optional(amount("Age of the speaker, years.")),
  intensity: v.optional(
    word("Intensity of the emotion.", {
      ...{ low: "low lo", medium: "medium md", high: "high hi", normal: "normal", strong: "strong" },
    }),
  ),
  sentence: v.optional(text("What is said.")),
  sentenceId: v.optional(text("Name of the sentence.")),
  repetition: v.optional(amount("Number of the repetition.", "whole ")),
  label: v.optional(text("The corpus's own word for the emotion; default: that of the column `emotion`.")),
  parent: v.optional(text("The id of the clip that this one is an altered copy of.")),
  start: v.optional(amount("Start of the clip in its file, seconds.")),
  end: v.optional(amount("End of the clip in its file, seconds.")),
  split: v.optional(
    word("The part that the corpus's authors assigned.", {
      ...{ train: "train training", validation: "validation valid val dev development", test: "test" },
    }),
  ),
  rater: v.optional(text("Name of the rater: each row is one rating, and a clip has several rows.")),
};

type Column = keyof typeof COLUMNS;
const NAMED = Object.keys(COLUMNS) as Column[];
const REQUIRED = NAMED.filter((column) => !factsOf(COLUMNS[column]).optional);
const OPTIONAL = NAMED.filter((column) => !REQUIRED.includes(column));
/** The columns that no header may lack. */
const INDISPENSABLE = REQUIRED.filter((column) => column !== "id");

const rowSchema = v.object(COLUMNS);
/** Columns of several raters may replace the column `emotion`. */
const votedSchema = v.object({ ...COLUMNS, emotion: v.optional(COLUMNS.emotion) });
type Facts = v.InferOutput<typeof votedSchema>;

/** A line of the table with its cells by column. */
interface Row {
  line: number;
  cells: Partial<Record<Column, string>>;
  /** Cells of the columns `emotion_1`, `emotion_2`, ... */
  ratings: string[];
}

/** A column that takes names or their synonyms, in any case. */
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

/** A column of numbers; a decimal comma is accepted, as many spreadsheets write it. */
function amount(description: string, whole: "whole " | "" = "") {
  const numberIn = (given: string) => Number(/^\d+,\d+$/.test(given) ? given.replace(",", ".") : given);
  const isOne = (given: string) =>
    numberIn(given) >= 0 && Number.isFinite(numberIn(given)) && (!whole || Number.isInteger(numberIn(given)));
  return v.pipe(
    v.string(),
    v.check(isOne),
    v.transform(numberIn),
    v.description(description),
    v.metadata({ takes: `a ${whole}number of at least 0` }),
  );
}

/**
 * Whether a cell is valid in a column of a manifest.
 *
 * @example takesCell("sex", "F") // true
 */
export function takesCell(column: "sex" | "intensity" | "repetition", cell: string): boolean {
  return v.safeParse(COLUMNS[column], cell).success;
}

/** Number of problems that a message lists; further ones are counted. */
const LISTED = 10;

const NAME = /^[a-z][a-z0-9_-]*$/;

/**
 * Reads the clips of your own corpus, or several, from a table. Required columns: `path`, `speaker`, `emotion`. Optional
 * columns: `id`, `corpus`, `sex`, `age` (years), `intensity`, `sentence`, `sentenceId`, `repetition`, `label`, `parent` (id of
 * the clip that this one is an altered copy of), `start` and `end` (of a segment, s), `split` (train, validation, test). Other
 * columns are ignored. Without the column `id` it is the path without its ending, where that is unique. Separators are commas,
 * semicolons or tabs. Paths are relative to the manifest. Emotions may be written as in the four English corpora: `angry`,
 * `HAP`, `ps`; any other label is a class of its own.
 *
 * With several raters, the columns `emotion_1`, `emotion_2`, ... hold one rating each, or each row is one rating and the column
 * `rater` names the rater. The majority vote is the label; clips with a tie are left out.
 *
 * @param path the table
 * @param name name of the corpus in ids (`own/NAME`) and tables, where there is no column `corpus`; default "own"
 * @returns the clips, sorted by id
 * @throws {UserError} listing every invalid line: a missing value or file, a repeated id
 * @throws {UsageError} for a name that is not a plain word or belongs to a known corpus
 * @example
 * import { writeFile } from "node:fs/promises";
 * const rows = ["id,path,speaker,emotion_1,emotion_2,emotion_3", "1,recording.wav,DC,angry,angry,sad"];
 * await writeFile("rated.csv", rows.join("\n"));
 * const [clip] = await readManifest("rated.csv", "pilot");
 * [clip!.id, clip!.emotion]; // => ["pilot/1", "anger"]
 * clip!.votes; // => { anger: 2, sadness: 1 }
 */
export async function readManifest(path: string, name = "own"): Promise<Clip[]> {
  const found = await findManifest(path, { name });
  const clips = found.flatMap((corpus) => corpus.clips);
  if (clips.length === 0)
    throw new UserError(`${path}: no clip has a label, since the raters of every clip tie`);
  return clips.sort((a, b) => byText(a.id, b.id));
}

/**
 * {@link readManifest} by corpus, including the clips without a label because their raters tie.
 *
 * @param options the name of the corpus, and the classes of its labels
 */
export async function findManifest(
  path: string,
  { name = "own", labels = new Labels() }: { name?: string; labels?: Labels } = {},
): Promise<FoundCorpus[]> {
  const refused = refusedName(name);
  if (refused) throw new UsageError(`"${name}" ${refused}`);
  const { rows, oneRating } = await readRows(path);
  const problems: { line: number; what: string }[] = [];
  const exists = remembered(existsSync);
  const rated = new Map<string, RatedClip>();
  for (const row of rows) {
    const { line, cells, ratings } = row;
    const corpus = cells.corpus?.toLowerCase() ?? name;
    const file = resolve(dirname(path), cells.path ?? "");
    const schema = ratings.length > 0 ? votedSchema : rowSchema;
    const wrong = problemsOf(schema, cells);
    if (oneRating && cells.rater === undefined) wrong.push("rater is missing: it takes a text");
    const strange = refusedName(corpus);
    if (strange) wrong.push(`corpus is "${cells.corpus}", which ${strange}`);
    if (cells.path && !exists(file)) {
      const link = deadLink(file);
      wrong.push(link ? `${file} ${link}` : `file not found: ${file}`);
    }
    const facts = wrong.length === 0 ? v.parse(votedSchema, cells) : undefined;
    if (facts?.end !== undefined && facts.end <= (facts.start ?? 0))
      wrong.push(`the segment ends at ${facts.end} s, before it begins (${facts.start ?? 0} s)`);
    const key = `${corpus}/${cells.id}`;
    const first = cells.id === undefined ? undefined : rated.get(key);
    if (first) wrong.push(...(oneRating ? otherRating(first, row) : [givenTwice(first, row)]));
    else if (cells.id !== undefined) rated.set(key, { first: row, facts, corpus, file, rows: [row] });
    if (first && wrong.length === 0) first.rows.push(row);
    problems.push(...wrong.map((what) => ({ line, what })));
  }
  if (problems.length > 0) {
    const lines = problems.map(({ line, what }) => `line ${line}: ${what}`);
    throw new UserError(problemText(lines, path, LISTED));
  }
  if (rated.size === 0) {
    throw new UserError(`${path} lists no clips: write one line for each, below the header`);
  }
  return corporaOf([...rated.values()], labels, path);
}

/** All rows of a clip. */
interface RatedClip {
  first: Row;
  /** Absent where a cell is wrong. */
  facts: Facts | undefined;
  corpus: string;
  file: string;
  rows: Row[];
}

/** Why a name is not allowed for your own corpus; `undefined` where it is. */
export function refusedName(name: string): string | undefined {
  if (NAME.test(name) && !(KNOWN_CORPORA as readonly string[]).includes(name)) return undefined;
  return `is not allowed as the name of your own corpus: use a lower-case word other than ${KNOWN_CORPORA.join(", ")}`;
}

function givenTwice({ first }: RatedClip, { cells }: Row): string {
  return `the id "${cells.id}" is already used on line ${first.line}`;
}

/** How a further rating differs from the clip's first line. */
function otherRating({ first, rows }: RatedClip, { cells }: Row): string[] {
  const differing = NAMED.filter(
    (column) => !["emotion", "label", "rater"].includes(column) && cells[column] !== first.cells[column],
  );
  const twice = rows.find((row) => row.cells.rater === cells.rater);
  return [
    ...differing.map(
      (column) =>
        `${column} of "${cells.id}" is "${cells[column] ?? ""}", and on line ${first.line} "${first.cells[column] ?? ""}"`,
    ),
    ...(twice && cells.rater !== undefined
      ? [`the rater "${cells.rater}" already rated "${cells.id}" on line ${twice.line}`]
      : []),
  ];
}

function corporaOf(rated: readonly RatedClip[], labels: Labels, path: string): FoundCorpus[] {
  const syntheticIn = remembered(isSynthetic);
  const judged = rated.map((one) => ({ ...judge(one, labels), clip: one }));
  const corpora = groupBy(judged, ({ clip }) => clip.corpus);
  const found = [...corpora].map(([name, own]): FoundCorpus => {
    const clips = own.flatMap(({ clip, label, emotion, votes }) =>
      emotion === undefined ? [] : [clipOf(clip, { label, emotion, votes }, syntheticIn(dirname(clip.file)))],
    );
    const tied = own.flatMap(({ clip, tied, votes = {} }) =>
      tied ? [{ id: `${name}/${clip.first.cells.id}`, votes }] : [],
    );
    return {
      name,
      clips: clips.sort((a, b) => byText(a.id, b.id)),
      synthetic: clips.some(({ synthetic }) => synthetic),
      copies: [],
      ...(tied.length > 0 && { tied }),
    };
  });
  if (found.every(({ clips, tied }) => clips.length === 0 && !tied))
    throw new UserError(`${path}: --map drops all ${plural(rated.length, "clip")}: keep a label`);
  return found.sort((a, b) => byText(a.name, b.name));
}

/** A clip's label, or that its raters tie; neither where the mapping drops the clip. */
interface Judged {
  label: string;
  emotion?: string;
  votes?: Record<string, number>;
  tied?: boolean;
}

function judge({ facts, rows }: RatedClip, labels: Labels): Judged {
  const single = rows.length === 1 && rows[0]!.cells.rater === undefined ? facts?.emotion : undefined;
  const ratings = rows.flatMap(({ cells, ratings }) =>
    cells.rater === undefined ? ratings : [cells.emotion!],
  );
  const heard = ratings.map((label) => ({ label, emotion: labels.classOf(label) }));
  const counts = groupBy(
    heard.filter(({ emotion }) => emotion !== undefined),
    ({ emotion }) => emotion!,
  );
  const votes = Object.fromEntries([...counts].map(([emotion, own]) => [emotion, own.length]));
  const said = ratings.length > 0 && { votes };
  if (single !== undefined) {
    const label = facts?.label ?? single;
    return { label, emotion: labels.classOf(label, ownClass(single), single), ...said };
  }
  const most = Math.max(...Object.values(votes));
  const [first, ...others] = [...counts].filter(([, own]) => own.length === most);
  if (!first) return { label: "" };
  if (others.length > 0) return { label: "", tied: true, votes };
  return { label: facts?.label ?? first[1][0]!.label, emotion: first[0], votes };
}

function clipOf(
  { facts, corpus, file }: RatedClip,
  { label, emotion, votes }: { label: string; emotion: string; votes?: Record<string, number> },
  synthetic: boolean,
): Clip {
  const { id, parent, rater: _, ...rest } = facts!;
  return {
    ...rest,
    ...{ id: `${corpus}/${id}`, corpus, path: file, label, emotion },
    ...(parent && { parent: `${corpus}/${parent}` }),
    ...(votes && { votes }),
    synthetic,
  };
}

async function readRows(path: string): Promise<{ rows: Row[]; oneRating: boolean }> {
  const { header, rows } = await readDelimited(path, "the manifest");
  const columns = columnsOf(header, path);
  const oneRating = columns.includes("rater");
  const read = rows.map(({ line, cells }) => {
    const row: Row = { line, cells: {}, ratings: [] };
    columns.forEach((column, i) => {
      const cell = cells[i]!;
      if (cell.trim() === "" || column === undefined) return;
      if (column === RATING) row.ratings.push(cell);
      else row.cells[column] = column === "path" ? slashed(cell, path) : cell;
    });
    return row;
  });
  if (!columns.includes("id")) nameByPath(read, path, oneRating);
  return { oneRating, rows: read };
}

/**
 * Gives every row the id that its path makes, for a manifest without the column `id`.
 *
 * @throws {UserError} when two clips would have the same id
 */
function nameByPath(rows: readonly Row[], path: string, oneRating: boolean): void {
  const first = new Map<string, Row>();
  for (const row of rows) {
    if (row.cells.path === undefined) continue;
    row.cells.id = idOf(row.cells.path, path);
    const key = `${row.cells.corpus?.toLowerCase() ?? ""}/${row.cells.id}`;
    const other = first.get(key);
    if (!other) first.set(key, row);
    else if (!oneRating || !PLACE.every((column) => row.cells[column] === other.cells[column]))
      throw new UserError(
        `${path} lacks the column id, which it needs because paths without their endings are not unique (lines ${other.line} and ${row.line}: ${row.cells.id})`,
      );
  }
}

/** The columns that say where a clip's sound is. */
const PLACE = ["path", "start", "end"] as const;

/** A path of a table that was written on Windows: its backslashes separate nothing elsewhere, where there may be a file so called. */
function slashed(file: string, manifest: string): string {
  if (!file.includes("\\") || existsSync(resolve(dirname(manifest), file))) return file;
  return file.replaceAll("\\", "/");
}

/** The path within the manifest's folder, without its ending; the name alone of a file elsewhere. */
function idOf(file: string, manifest: string): string {
  const inside = relative(dirname(resolve(manifest)), resolve(dirname(manifest), file));
  const elsewhere = isAbsolute(inside) || inside.split(sep)[0] === "..";
  const name = elsewhere ? basename(file) : inside.replaceAll(sep, "/");
  return name.slice(0, name.length - extname(name).length);
}

const RATING = "rating";

/** Column names are compared without case, blanks, underscores and hyphens: `Sentence ID` is `sentenceId`. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]/g, "");
}

/** The meaning of each column of a header; `undefined` for those that are ignored. */
function columnsOf(header: readonly string[], path: string): (Column | typeof RATING | undefined)[] {
  const known = new Map(NAMED.map((column) => [plain(column), column]));
  const columns = header.map((name) => (/^emotion\d+$/.test(plain(name)) ? RATING : known.get(plain(name))));
  const repeated = header.filter(
    (name, i) => columns[i] && header.findIndex((one) => plain(one) === plain(name)) < i,
  );
  if (repeated.length > 0)
    throw new UserError(`${path} has the column ${repeated.join(", ")} twice: remove one of them`);
  const [rated, rater] = [columns.includes(RATING), columns.includes("rater")];
  if (rated && rater)
    throw new UserError(
      `${path} has a column rater (one rating per row) and also columns of several raters (${header.filter((_, i) => columns[i] === RATING).join(", ")}): remove one of the two`,
    );
  const missing = INDISPENSABLE.filter(
    (column) => !columns.includes(column) && !(column === "emotion" && rated),
  );
  if (missing.length === 0) return columns;
  throw new UserError(
    `${path} lacks the column ${missing.join(", ")}: ${headerHint(header, columns, missing)}`,
  );
}

function headerHint(
  header: readonly string[],
  columns: readonly unknown[],
  missing: readonly string[],
): string {
  const must = `its first line must name ${INDISPENSABLE.join(", ")} and may name id, ${OPTIONAL.join(", ")}`;
  if (header.length === 0) return must;
  if (header.length === 1)
    return `its first line is one cell, ${JSON.stringify(header[0])}: separate cells by commas, semicolons or tabs; ${must}`;
  const others = header.filter((_, i) => columns[i] === undefined).filter(Boolean);
  const near = missing.map((column) => meant(column, others)).find(Boolean) ?? "";
  return `it has ${header.filter(Boolean).join(", ")}${near}; ${must}`;
}

/** A function of a text, with its results cached. */
function remembered<Answer>(ask: (text: string) => Answer): (text: string) => Answer {
  const answers = new Map<string, Answer>();
  return (given) => {
    if (!answers.has(given)) answers.set(given, ask(given));
    return answers.get(given)!;
  };
}
