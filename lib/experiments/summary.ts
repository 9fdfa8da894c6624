import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import {
  assertReplaceable,
  jsonText,
  makeFolder,
  readIfThere,
  replaceFolder,
  writeAtomic,
} from "../base/atomic.js";
import { cannotWrite, messageOf, UserError } from "../base/errors.js";
import { canonicalJson, sha256 } from "../base/hash.js";
import { PackedLines, readPacked } from "../base/packed.js";
import { csvLine } from "../base/table.js";
import { GRAIN, type PredictedClip } from "../runs/predictions.js";
import {
  type Environment,
  partialFolder,
  RUN_SCHEMA,
  type RunRecord,
  type StoredRun,
} from "../runs/record.js";
import type { OpenExperiment, RecordedExperiment } from "./known.js";
import { type EarlierReadings, mergeReadings, type Readings, readingsIfWhole } from "./readings.js";

const SUMMARY = "summary.json";
const READINGS = "readings.json";
const CLIPS = "clips.csv";
const PARTS = "parts.jsonl";
const RECORDS = "records.jsonl";
const PREDICTIONS = "predictions.jsonl";
const MACHINES = "machines.jsonl";
const CLIP_COLUMNS = ["id", "speaker", "sex", "sentence", "intensity"] as const;

interface SummaryFile {
  schema: 2;
  grid: RecordedExperiment["grid"];
  planned: string[];
  failures: RecordedExperiment["failures"];
  /** Only in summaries from before the ledger: the number of readings of test parts by these runs. */
  testReadings?: number;
  /** SHA-256 of the text of every compressed file but that of the machines. */
  files: Record<string, string>;
}

/** A line of `parts.jsonl`: clips that runs predicted. Many runs predict the same, so each list stands once. */
interface PartsLine {
  /** Rows of clips.csv, from 0. */
  clips: number[];
  /** `v` or `t` for each clip. */
  part: string;
  /** Class index of each clip. */
  truth: number[];
}

/** A line of `predictions.jsonl`, in the order of the records. */
interface PredictionsLine {
  run: string;
  /** Line of parts.jsonl, from 0. */
  parts: number;
  /** Class index of each clip. */
  predicted: number[];
  /** For each class of the record, of each clip, in units of 1 / GRAIN. Columns compress better than rows. */
  probabilities: number[][];
}

/** A line of `machines.jsonl`: the machine of a run, and its times, which are everything that differs between machines. */
interface Machine {
  run: string;
  engine: string;
  environment: Environment;
  seconds: RunRecord["seconds"];
  /** Of each epoch. */
  epochs: number[];
}

/**
 * Writes the summary of an experiment. Compressed, a line for each run: `records.jsonl.gz`, `predictions.jsonl.gz`,
 * `machines.jsonl.gz` (machines and times). What runs share stands once: `clips.csv.gz`, and `parts.jsonl.gz` with the clips
 * of a fold. `summary.json` has the grid and the SHA-256 of these texts; its bytes depend only on the runs. The readings of
 * test parts with their times and commands are in `readings.json`. Readings in an earlier summary in the folder are kept:
 * those of other machines may be recorded nowhere else.
 *
 * @param experiment is read run by run, so that one of any size fits in memory
 * @param folder `results/summary/NAME`; replaced as a whole
 * @returns the SHA-256 of summary.json, the size of all files in bytes, and the number of runs
 * @throws {UserError} if the folder cannot be written or contains something other than a summary
 * @example await writeSummary(await readStored("quick", "results/runs"), "results/summary/quick");
 */
export async function writeSummary(
  experiment: Omit<OpenExperiment, "name">,
  folder: string,
): Promise<{ sha256: string; bytes: number; runs: number }> {
  await assertReplaceable(
    folder,
    (names) => names.includes(SUMMARY) && !names.includes("experiment.json"),
    "a summary",
  );
  const { grid, planned, failures } = experiment;
  const readings = mergeReadings(experiment.readings, await writtenReadings(folder));
  const partial = partialFolder(folder);
  const { files, runs } = await writeRuns(experiment.runs, partial);
  const summary: SummaryFile = { schema: 2, grid, planned: [...planned].sort(), failures, files };
  const text = jsonText(summary);
  await writeAtomic(join(partial, SUMMARY), text);
  await writeAtomic(join(partial, READINGS), `${JSON.stringify({ schema: 1, ...readings }, null, 1)}\n`);
  const bytes = await sizeOf(partial);
  await replaceFolder(partial, folder);
  return { sha256: sha256(text), bytes, runs };
}

/** Writes the compressed files, and gives the SHA-256 of their texts. */
async function writeRuns(
  all: OpenExperiment["runs"],
  folder: string,
): Promise<{ files: SummaryFile["files"]; runs: number }> {
  try {
    await rm(folder, { recursive: true, force: true });
    await makeFolder(folder);
    const open = (name: string) => new PackedLines(packed(folder, name));
    const files = { [CLIPS]: open(CLIPS), [PARTS]: open(PARTS), [RECORDS]: open(RECORDS) };
    const predictions = open(PREDICTIONS);
    const machines = open(MACHINES);
    const shared = new Shared(files[CLIPS]!, files[PARTS]!);
    let runs = 0;
    await files[CLIPS]!.write(csvLine(CLIP_COLUMNS).trimEnd());
    for await (const run of all) {
      await files[RECORDS]!.write(canonicalJson(withoutMachine(run.record)));
      await predictions.write(JSON.stringify(await predictionsLine(run, shared)));
      await machines.write(JSON.stringify(machineOf(run.record)));
      runs++;
    }
    await machines.end();
    const digests: SummaryFile["files"] = {};
    for (const [name, file] of Object.entries({ ...files, [PREDICTIONS]: predictions }))
      digests[name] = await file.end();
    return { files: digests, runs };
  } catch (error) {
    // A run that cannot be read: its file is named.
    if (error instanceof UserError) throw error;
    throw cannotWrite(folder, error);
  }
}

/** Clips and lists of clips that were written already. */
class Shared {
  readonly #clips: PackedLines;
  readonly #parts: PackedLines;
  readonly #clipNumbers = new Map<string, number>();
  /** The last of each id, with its row: almost every clip was seen before, and a line of CSV is dear. */
  readonly #seen = new Map<string, { clip: PredictedClip; number: number }>();
  readonly #partsNumbers = new Map<string, number>();

  constructor(clips: PackedLines, parts: PackedLines) {
    this.#clips = clips;
    this.#parts = parts;
  }

  /** The line of these clips in parts.jsonl. */
  async parts(predictions: readonly PredictedClip[]): Promise<number> {
    const clips: number[] = [];
    for (const clip of predictions) clips.push(this.#numberOf(clip) ?? (await this.#add(clip)));
    const line: PartsLine = {
      clips,
      part: predictions.map(({ part }) => part[0]).join(""),
      truth: predictions.map(({ truth }) => truth),
    };
    return numberOf(JSON.stringify(line), this.#partsNumbers, this.#parts);
  }

  async #add(clip: PredictedClip): Promise<number> {
    const line = csvLine(CLIP_COLUMNS.map((column) => clip[column])).trimEnd();
    const number = await numberOf(line, this.#clipNumbers, this.#clips);
    this.#seen.set(clip.id, { clip, number });
    return number;
  }

  #numberOf(clip: PredictedClip): number | undefined {
    const seen = this.#seen.get(clip.id);
    return seen && CLIP_COLUMNS.every((column) => seen.clip[column] === clip[column])
      ? seen.number
      : undefined;
  }
}

/** The number of a line in a file, to which it is added if it is new. */
async function numberOf(line: string, known: Map<string, number>, file: PackedLines): Promise<number> {
  const number = known.get(line) ?? known.size;
  if (number < known.size) return number;
  known.set(line, number);
  await file.write(line);
  return number;
}

async function predictionsLine({ record, predictions }: StoredRun, shared: Shared): Promise<PredictionsLine> {
  const column = (k: number) => predictions.map(({ probabilities }) => Math.round(GRAIN * probabilities[k]!));
  return {
    run: record.name,
    parts: await shared.parts(predictions),
    predicted: predictions.map(({ predicted }) => predicted),
    probabilities: record.classes.map((_, k) => column(k)),
  };
}

function withoutMachine(record: RunRecord): object {
  const { engine: _, environment: __, seconds: ___, history, ...rest } = record;
  return { ...rest, history: history.map(({ seconds: ____, ...log }) => log) };
}

function machineOf({ name, engine, environment, seconds, history }: RunRecord): Machine {
  return { run: name, engine, environment, seconds, epochs: history.map((log) => log.seconds) };
}

const NOWHERE: Omit<Machine, "run"> = {
  engine: "not recorded",
  environment: { node: "", platform: "", cpu: "", cores: 0 },
  seconds: { features: 0, training: 0 },
  epochs: [],
};

function packed(folder: string, name: string): string {
  return join(folder, `${name}.gz`);
}

async function sizeOf(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/**
 * Reads what {@link writeSummary} wrote; `undefined` if there is no summary.
 *
 * @throws {UserError} naming the file that is missing, damaged or changed
 */
export async function readSummary(folder: string): Promise<Omit<RecordedExperiment, "name"> | undefined> {
  const text = await readIfThere(join(folder, SUMMARY));
  if (text === undefined) return undefined;
  const summary = parseJson<SummaryFile | null>(text, join(folder, SUMMARY));
  if (summary?.schema !== 2) {
    throw new UserError(
      `${join(folder, SUMMARY)} has another format version: summarize the experiment again`,
    );
  }
  if (!Array.isArray(summary.planned) || !summary.files)
    throw new UserError(`${join(folder, SUMMARY)} is damaged: summarize the experiment again`);
  const read = (name: string) => checked(packed(folder, name), summary.files[name]);
  const lines = async <T>(name: string) => parseLines<T>(await read(name), packed(folder, name));
  const machines = await machinesIn(folder);
  const clips = parse(await read(CLIPS), { from: 2 }) as string[][];
  const parts = await lines<PartsLine>(PARTS);
  const predictions = await lines<PredictionsLine>(PREDICTIONS);
  const runs = (await lines<RunRecord>(RECORDS)).map((own, i): StoredRun => {
    if (own.schema !== RUN_SCHEMA) {
      throw new UserError(
        `${folder}: its runs have another format version: train them again (\`ser ablate\`)`,
      );
    }
    const { parts: number, ...line } = predictions[i]!;
    const record = recordOf(own, machines.get(own.name) ?? NOWHERE);
    return { record, predictions: predictionsOf(line, parts[number]!, clips) };
  });
  const { grid, planned, failures, testReadings } = summary;
  const written = await writtenReadings(folder);
  const readings = written ?? { entries: [], before: readingsByRuns(runs, testReadings) };
  return { grid, planned, runs, failures, readings };
}

async function machinesIn(folder: string): Promise<Map<string, Machine>> {
  const path = packed(folder, MACHINES);
  // Figures do without it.
  const text = await readPacked(path).catch(() => "");
  return new Map(parseLines<Machine>(text, path).map((machine) => [machine.run, machine]));
}

/**
 * The readings that a summary keeps; `undefined` if it has no file of them.
 *
 * @throws {UserError} if the file is damaged: its readings may be recorded nowhere else
 */
export async function writtenReadings(folder: string): Promise<Readings | undefined> {
  const path = join(folder, READINGS);
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const readings = readingsIfWhole(text);
  if (readings) return readings;
  throw new UserError(
    `${path} is damaged: it keeps the readings of test parts. Restore it from version control, or remove it to start with one reading for each run`,
  );
}

/** Readings of a summary without readings.json: its own count if it is from before the ledger, else one per tested run. */
function readingsByRuns(runs: readonly StoredRun[], counted: number | undefined): EarlierReadings[] {
  const of = (readings: number, note: string, marks: Partial<EarlierReadings> = {}) =>
    readings > 0 ? [{ readings, shown: true, ...marks, note }] : [];
  if (counted !== undefined) return of(counted, "counted in the summary");
  const tested = runs.map(({ record }) => record).filter(({ test }) => test);
  const note = `one for each run, since there is no ${READINGS}`;
  const synthetic = tested.filter((record) => record.synthetic).length;
  const leaky = tested.filter((record) => record.leaky && !record.synthetic).length;
  return [
    ...of(tested.length - synthetic - leaky, note),
    ...of(leaky, note, { leaky: true }),
    ...of(synthetic, note, { synthetic: true }),
  ];
}

async function checked(path: string, expected: string | undefined): Promise<string> {
  const text = await readPacked(path);
  if (sha256(text) === expected) return text;
  throw new UserError(`${path} has changed since it was summarized (its SHA-256 differs): summarize again`);
}

function parseLines<T>(text: string, path: string): T[] {
  return text
    .trimEnd()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => parseJson<T>(line, path));
}

function parseJson<T>(text: string, path: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new UserError(`${path} is damaged (${messageOf(error)}): summarize again`, { cause: error });
  }
}

function recordOf(
  record: RunRecord,
  { engine, environment, seconds, epochs }: Omit<Machine, "run">,
): RunRecord {
  const history = record.history.map((log, i) => ({ ...log, seconds: epochs[i] ?? 0 }));
  return { ...record, engine, environment, seconds, history };
}

function predictionsOf(
  { predicted, probabilities }: Pick<PredictionsLine, "predicted" | "probabilities">,
  { clips: rows, part, truth }: PartsLine,
  clips: readonly string[][],
): PredictedClip[] {
  return rows.map((row, i) => {
    const [id, speaker, sex, sentence, intensity] = clips[row] as [string, string, string, string, string];
    return {
      ...{
        id,
        part: part[i] === "v" ? "validation" : "test",
        corpus: speaker.slice(0, speaker.indexOf("/")),
      },
      ...{ speaker, sex, sentence, intensity },
      truth: truth[i]!,
      predicted: predicted[i]!,
      probabilities: probabilities.map((column) => column[i]! / GRAIN),
    };
  });
}
