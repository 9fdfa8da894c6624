import { readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parse } from "csv-parse/sync";
import { assertReplaceable, makeFolder, readIfThere, replaceFolder } from "../base/atomic.js";
import { cannotWrite, messageOf, systemReason, UserError } from "../base/errors.js";
import { canonicalJson, sha256 } from "../base/hash.js";
import { formatCsv } from "../base/table.js";
import { byText } from "../base/text.js";
import { GRAIN, type PredictedClip } from "../runs/predictions.js";
import {
  type Environment,
  partialFolder,
  RUN_SCHEMA,
  type RunRecord,
  type StoredRun,
} from "../runs/record.js";
import type { RecordedExperiment } from "./known.js";
import { type EarlierReadings, mergeReadings, type Readings, readingsIfWhole } from "./readings.js";

const SUMMARY = "summary.json";
const MACHINES = "machines.json";
const READINGS = "readings.json";
const CLIPS = "clips.csv";
const CLIP_COLUMNS = ["id", "speaker", "sex", "sentence", "intensity"] as const;

interface SummaryFile {
  schema: 1;
  grid: RecordedExperiment["grid"];
  planned: string[];
  /** Names of the runs in `runs/`. */
  runs: string[];
  failures: RecordedExperiment["failures"];
  /** Only in summaries from before the ledger: the number of readings of test parts by these runs. */
  testReadings?: number;
  /** SHA-256 of every file but this one, machines.json and readings.json. */
  files: Record<string, string>;
}

/** The machine of a run, and its times: everything that differs between machines. */
interface Machine {
  engine: string;
  environment: Environment;
  seconds: RunRecord["seconds"];
  /** Of each epoch. */
  epochs: number[];
}

/**
 * Writes the summary of an experiment: for each run its record (`runs/NAME.json`) and its predictions (`runs/NAME.csv`), the
 * clips once (`clips.csv`), and `summary.json` with the SHA-256 of them all. These bytes depend only on the runs. The machines
 * and times of the runs are in `machines.json`, the readings of test parts with their times and commands in `readings.json`.
 * Readings in an earlier summary in the folder are kept: those of other machines may be recorded nowhere else.
 *
 * @param folder `results/summary/NAME`; replaced as a whole
 * @returns the SHA-256 of all files but machines.json and readings.json, and their size in bytes
 * @throws {UserError} if the folder cannot be written or contains something other than a summary
 * @example await writeSummary(await readStored("quick", "results/runs"), "results/summary/quick");
 */
export async function writeSummary(
  experiment: RecordedExperiment,
  folder: string,
): Promise<{ sha256: string; bytes: number }> {
  await assertReplaceable(
    folder,
    (names) => names.includes(SUMMARY) && !names.includes("experiment.json"),
    "a summary",
  );
  const runs = [...experiment.runs].sort((a, b) => byText(a.record.name, b.record.name));
  const files = filesOf(runs);
  const summary: SummaryFile = {
    schema: 1,
    grid: experiment.grid,
    planned: [...experiment.planned].sort(),
    runs: runs.map(({ record }) => record.name),
    failures: experiment.failures,
    files: Object.fromEntries([...files].map(([path, text]) => [path, sha256(text)])),
  };
  const text = `${JSON.stringify(summary, null, 2)}\n`;
  files.set(SUMMARY, text);
  const bytes = [...files.values()].reduce((sum, content) => sum + Buffer.byteLength(content), 0);
  files.set(MACHINES, `${JSON.stringify(machinesOf(runs), null, 1)}\n`);
  const readings = mergeReadings(experiment.readings, await writtenReadings(folder));
  files.set(READINGS, `${JSON.stringify({ schema: 1, ...readings }, null, 1)}\n`);
  const partial = partialFolder(folder);
  try {
    await rm(partial, { recursive: true, force: true });
    for (const [path, content] of files) {
      await makeFolder(dirname(join(partial, path)));
      await writeFile(join(partial, path), content);
    }
  } catch (error) {
    throw cannotWrite(partial, error);
  }
  await replaceFolder(partial, folder);
  return { sha256: sha256(text), bytes };
}

function filesOf(runs: readonly StoredRun[]): Map<string, string> {
  const clips = new Map<string, PredictedClip>();
  for (const { predictions } of runs) for (const clip of predictions) clips.set(clip.id, clip);
  const ids = [...clips.keys()].sort();
  const number = new Map(ids.map((id, i) => [id, i]));
  const files = new Map<string, string>();
  for (const { record, predictions } of runs) {
    files.set(`runs/${record.name}.json`, `${canonicalJson(withoutMachine(record))}\n`);
    files.set(`runs/${record.name}.csv`, predictionsText(record.classes, predictions, number));
  }
  files.set(
    CLIPS,
    formatCsv(
      CLIP_COLUMNS,
      ids.map((id) => CLIP_COLUMNS.map((column) => clips.get(id)![column])),
    ),
  );
  return files;
}

/** Clips by their row in clips.csv from 0, parts as v and t, classes by index, probabilities in units of 1 / GRAIN. */
function predictionsText(
  classes: readonly string[],
  predictions: readonly PredictedClip[],
  number: ReadonlyMap<string, number>,
): string {
  return formatCsv(
    ["clip", "part", "truth", "predicted", ...classes],
    predictions.map(({ id, part, truth, predicted, probabilities }) => [
      ...[number.get(id), part[0], truth, predicted],
      ...probabilities.map((p) => Math.round(GRAIN * p)),
    ]),
  );
}

function withoutMachine(record: RunRecord): object {
  const { engine: _, environment: __, seconds: ___, history, ...rest } = record;
  return { ...rest, history: history.map(({ seconds: ____, ...log }) => log) };
}

function machinesOf(runs: readonly StoredRun[]): Record<string, Machine> {
  return Object.fromEntries(
    runs.map(({ record: { name, engine, environment, seconds, history } }) => [
      name,
      { engine, environment, seconds, epochs: history.map((log) => log.seconds) },
    ]),
  );
}

const NOWHERE: Machine = {
  engine: "not recorded",
  environment: { node: "", platform: "", cpu: "", cores: 0 },
  seconds: { features: 0, training: 0 },
  epochs: [],
};

/**
 * Reads what {@link writeSummary} wrote; `undefined` if there is no summary.
 *
 * @throws {UserError} naming the file that is missing, damaged or changed
 */
export async function readSummary(folder: string): Promise<Omit<RecordedExperiment, "name"> | undefined> {
  const text = await readIfThere(join(folder, SUMMARY));
  if (text === undefined) return undefined;
  const summary = parseJson<SummaryFile | null>(text, join(folder, SUMMARY));
  if (summary?.schema !== 1) {
    throw new UserError(
      `${join(folder, SUMMARY)} has another format version: summarize the experiment again`,
    );
  }
  if (!Array.isArray(summary.runs) || !Array.isArray(summary.planned) || !summary.files)
    throw new UserError(`${join(folder, SUMMARY)} is damaged: summarize the experiment again`);
  const read = (path: string) => checked(folder, path, summary.files[path]);
  const machines = await readFile(join(folder, MACHINES), "utf8").then(
    (content) => parseJson<Record<string, Machine>>(content, join(folder, MACHINES)),
    () => ({}) as Record<string, Machine>,
  );
  const clips = parse(await read(CLIPS), { from: 2 }) as string[][];
  const runs: StoredRun[] = [];
  for (const name of summary.runs) {
    const record = recordOf(await read(`runs/${name}.json`), machines[name] ?? NOWHERE);
    if (record.schema !== RUN_SCHEMA) {
      throw new UserError(
        `${folder}: its runs have another format version: train them again (\`ser ablate\`)`,
      );
    }
    runs.push({ record, predictions: predictionsOf(await read(`runs/${name}.csv`), clips) });
  }
  const { grid, planned, failures, testReadings } = summary;
  const written = await writtenReadings(folder);
  const readings = written ?? { entries: [], before: readingsByRuns(runs, testReadings) };
  return { grid, planned, runs, failures, readings };
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

async function checked(folder: string, path: string, expected: string | undefined): Promise<string> {
  const file = join(folder, path);
  const read = await readFile(file, "utf8").catch((error: unknown) => {
    throw new UserError(`cannot read ${file}: ${systemReason(error)}`, { cause: error });
  });
  // Git on Windows may have changed the ends of lines.
  const text = read.replaceAll("\r\n", "\n");
  if (sha256(text) === expected) return text;
  throw new UserError(`${file} has changed since it was summarized (its SHA-256 differs): summarize again`);
}

function parseJson<T>(text: string, path: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new UserError(`${path} is damaged (${messageOf(error)}): summarize again`, { cause: error });
  }
}

function recordOf(text: string, { engine, environment, seconds, epochs }: Machine): RunRecord {
  const record = JSON.parse(text) as RunRecord;
  const history = record.history.map((log, i) => ({ ...log, seconds: epochs[i] ?? 0 }));
  return { ...record, engine, environment, seconds, history };
}

function predictionsOf(text: string, clips: readonly string[][]): PredictedClip[] {
  const lines = text.trimEnd().split("\n").slice(1);
  return lines.map((line) => {
    const [number, part, truth, predicted, ...units] = line.split(",");
    const [id, speaker, sex, sentence, intensity] = clips[Number(number)] as [
      ...[string, string, string, string, string],
    ];
    return {
      ...{ id, part: part === "v" ? "validation" : "test", corpus: speaker.slice(0, speaker.indexOf("/")) },
      ...{ speaker, sex, sentence, intensity },
      truth: Number(truth),
      predicted: Number(predicted),
      probabilities: units.map((unit) => Number(unit) / GRAIN),
    };
  });
}
