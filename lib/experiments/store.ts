import { readdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { assertWritable, jsonText, moveAside, moveBack, readIfThere, writeJson } from "../base/atomic.js";
import { eachOf } from "../base/each.js";
import { cannotWrite, messageOf, systemCode, systemReason, UserError } from "../base/errors.js";
import { canonicalJson, sha256 } from "../base/hash.js";
import { byText } from "../base/text.js";
import type { Ledger } from "../protocols/ledger.js";
import { PredictionsReader } from "../runs/predictions.js";
import {
  partialFolder,
  type RunSettings,
  readRecord,
  readRun,
  readRunBy,
  type StoredRun,
} from "../runs/record.js";
import { blockOf, type Grid } from "./grid.js";
import type { Failure, OpenExperiment, RecordedExperiment } from "./known.js";
import { ledgerIn, mergeReadings, readingsIn } from "./readings.js";
import { readSummary, writtenReadings } from "./summary.js";

/** The contents of `experiment.json` in a store. */
export interface ExperimentFile {
  schema: 1;
  grid: Grid;
  /** The names of all runs, sorted. */
  runs: string[];
}

const EXPERIMENT = "experiment.json";
const FAILURES = "failures";

/**
 * The folder of an experiment, which any number of processes may work in at once: `experiment.json` (the grid and the
 * names of its runs), a folder for each finished run, `failures/`, `readings/` (the ledger), and `.claims/`.
 */
export class Store {
  readonly folder: string;

  /** @param folder `results/runs/NAME`; made when something is written */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** The folder of a run. */
  runFolder(name: string): string {
    return join(this.folder, name);
  }

  get claims(): string {
    return join(this.folder, ".claims");
  }

  /** @throws {UserError} when nothing can be written in the folder */
  async assertWritable(): Promise<void> {
    await assertWritable(this.folder, "choose another folder (--out, or `results` in a script)");
  }

  /** Writes `experiment.json`, unless it is the same. Runs of other settings stay in the folder and no longer count. */
  async open(grid: Grid, names: readonly string[]): Promise<void> {
    const file: ExperimentFile = { schema: 1, grid, runs: [...names].sort() };
    const path = join(this.folder, EXPERIMENT);
    if ((await readIfThere(path)) !== jsonText(file)) await writeJson(path, file);
  }

  /** The names of the runs that failed, with one look at the folder. */
  async failed(): Promise<Set<string>> {
    const folder = join(this.folder, FAILURES);
    const files = await readdir(folder).catch((error: unknown): string[] => {
      if (["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) return [];
      throw new UserError(`cannot read ${folder}: ${systemReason(error)}`, { cause: error });
    });
    return new Set(files.filter((file) => file.endsWith(".json")).map((file) => file.slice(0, -5)));
  }

  async isDone(name: string): Promise<boolean> {
    return (await readRecord(this.runFolder(name)))?.name === name;
  }

  /** Moves a finished run aside, so that it is done again, and removes an unfinished one. */
  async setAside(name: string): Promise<void> {
    const folder = this.runFolder(name);
    const partial = partialFolder(folder);
    await rm(partial, { recursive: true, force: true }).catch((error: unknown) => {
      throw cannotWrite(partial, error);
    });
    if (await this.isDone(name)) await moveAside(folder);
    await this.forgive(name);
  }

  /** Restores a run that was moved aside and not done again. */
  async bringBack(name: string): Promise<void> {
    if (!(await this.isDone(name))) await moveBack(this.runFolder(name));
  }

  /** Records that a run failed. */
  async fail(name: string, settings: RunSettings, error: unknown): Promise<Failure> {
    const { protocol, fold, training } = settings;
    const { model, seed } = training;
    const text = withoutFolders(messageOf(error));
    const failure: Failure = { name, protocol, fold, model, seed, error: text };
    await writeJson(this.#failureFile(name), failure);
    return failure;
  }

  /** Removes a recorded failure: the run is tried again. */
  async forgive(name: string): Promise<void> {
    const file = this.#failureFile(name);
    await rm(file, { force: true }).catch((error: unknown) => {
      throw cannotWrite(file, error);
    });
  }

  async failure(name: string): Promise<Failure | undefined> {
    return readJson<Failure>(this.#failureFile(name));
  }

  /** The failures among runs that are not finished. */
  async failures(names: readonly string[]): Promise<Failure[]> {
    const failed = await this.failed();
    const found = await eachOf(
      names.filter((name) => failed.has(name)),
      async (name) => ((await this.isDone(name)) ? undefined : this.failure(name)),
    );
    return found.flatMap((failure) => failure ?? []);
  }

  /** The ledger of its readings of test parts. */
  ledger(grid?: Grid): Ledger {
    return ledgerIn(this.folder, grid && sha256(canonicalJson(grid)));
  }

  #failureFile(name: string): string {
    return join(this.folder, FAILURES, `${name}.json`);
  }
}

/**
 * Reads an experiment with the predictions of all its runs, from its store (`results/runs/NAME`) or its summary
 * (`results/summary/NAME`). Both give the same. Readings of test parts that only the summary beside the stores has
 * (`../summary/NAME`) are counted in either case.
 *
 * @param name of the experiment
 * @param root the folder that has it: `results/runs` or `results/summary`
 * @throws {UserError} naming the missing or damaged file
 * @example const { runs } = await readStored("four-corpora", "results/summary");
 */
export async function readStored(name: string, root: string): Promise<RecordedExperiment> {
  const { runs: stored, ...experiment } = await openStored(name, root);
  const runs: StoredRun[] = [];
  for await (const run of stored) runs.push(run);
  return { ...experiment, runs };
}

/**
 * {@link readStored} for experiments that do not fit in memory: ten thousand runs have millions of predictions.
 *
 * @throws {UserError} as {@link readStored}; for a damaged run when it is read
 * @example for await (const { record } of (await openStored("four-corpora", "results/runs")).runs) console.log(record.name);
 */
export async function openStored(name: string, root: string): Promise<OpenExperiment> {
  const folder = join(root, name);
  const summary = await readSummary(folder);
  if (summary) return { name, ...summary };
  const file = await readJson<ExperimentFile>(join(folder, EXPERIMENT));
  if (!file) throw new UserError(await absent(name, root));
  if (!Array.isArray(file.runs) || file.runs.some((run) => typeof run !== "string") || !file.grid)
    throw new UserError(`${join(folder, EXPERIMENT)} is damaged: \`ser ablate GRID\` rewrites it`);
  const store = new Store(folder);
  return {
    name,
    grid: file.grid,
    planned: file.runs,
    runs: { [Symbol.asyncIterator]: () => runsIn(store, file.runs) },
    failures: await store.failures(file.runs),
    // A summary, from this machine or another, may have readings that this store lacks.
    readings: mergeReadings(
      await readingsIn(folder, file.runs),
      await writtenReadings(join(dirname(resolve(root)), "summary", name)),
    ),
  };
}

/** Runs that are read while the reader works on an earlier one. */
const AHEAD = 8;

async function* runsIn(store: Store, names: readonly string[]): AsyncGenerator<StoredRun> {
  const reader = new PredictionsReader();
  const ahead: Promise<StoredRun | undefined>[] = [];
  for (let next = 0; next < names.length || ahead.length > 0; ) {
    for (; next < names.length && ahead.length < AHEAD; next++) {
      const run = readRunBy(reader, store.runFolder(names[next]!));
      // Its error is thrown at its turn; until then it must not end the process.
      run.catch(() => {});
      ahead.push(run);
    }
    const run = await ahead.shift();
    if (run) yield run;
  }
}

/**
 * Reads single runs, such as those of `ser train`, as an experiment.
 *
 * @param folders of the runs
 * @throws {UserError} naming a folder without a finished run, or if the runs were scored on different parts
 * @example await readRuns(["results/runs/savee-loso-1-cnn-0123456789ab"])
 */
export async function readRuns(folders: readonly string[]): Promise<RecordedExperiment> {
  const read = await eachOf(folders, async (folder) => {
    const run = await readRun(folder);
    if (!run) throw new UserError(`${folder} has no finished run (no run.json of this version)`);
    return run;
  });
  // A run that is named twice counts once.
  const distinct = new Map(read.map((run) => [run.record.name, run]));
  const runs = [...distinct.values()].sort((a, b) => byText(a.record.name, b.record.name));
  const [first] = runs as [StoredRun, ...StoredRun[]];
  const { score } = first.record.settings;
  const other = runs.find(({ record }) => record.settings.score !== score);
  if (other)
    throw new UserError(
      `${first.record.name} was scored on ${score}, ${other.record.name} was not: give runs scored on the same part`,
    );
  const planned = runs.map(({ record }) => record.name);
  const name = planned.length > 1 ? `${planned[0]}-and-${planned.length - 1}-more` : planned[0]!;
  const places = [...new Set(folders.map((folder) => dirname(resolve(folder))))];
  const readings = await Promise.all(places.map((place) => readingsIn(place, planned)));
  const own = new Set(planned);
  return {
    name,
    grid: {
      name,
      description: "",
      score: partOf(score),
      runs: runs.map(({ record }) => blockOf(record.settings)),
    },
    planned,
    runs,
    failures: [],
    // Without the readings of other runs in the same folder.
    readings: {
      entries: readings.flatMap(({ entries }) =>
        entries.filter(({ run }) => run !== undefined && own.has(run)),
      ),
      before: readings.flatMap(({ before }) => before.filter(({ shown }) => shown)),
    },
  };
}

/**
 * The name of the experiment whose store has a run; `undefined` for a single run.
 *
 * @param folder of the run
 * @param run its name
 */
export async function experimentOf(folder: string, run: string): Promise<string | undefined> {
  const file = await readJson<ExperimentFile>(join(dirname(resolve(folder)), EXPERIMENT));
  return file?.runs.includes(run) ? file.grid.name : undefined;
}

/** A message with the names of files in the place of their paths, since results contain none. */
function withoutFolders(message: string): string {
  return message
    .replace(/(?:\b[A-Za-z]:|\\)\\(?:[^\\/:"<>|?*\n]+\\)*/g, "")
    .replace(/(?:\b[A-Za-z]:)?(?:\/[^\s/:"]+)+\/(?=[^\s/])/g, "");
}

/** The part of a run's figures. */
function partOf(score: RunSettings["score"]): Grid["score"] {
  return score === "test" ? "test" : "validation";
}

async function absent(name: string, root: string): Promise<string> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const found = [];
  for (const folder of folders.sort()) {
    if (await readJson(join(root, folder, EXPERIMENT))) found.push(folder);
    else if (await readJson(join(root, folder, "summary.json"))) found.push(folder);
  }
  const known = found.length > 0 ? ` (found: ${found.join(", ")})` : "";
  return `experiment ${name} not found in ${root}${known}: \`ser ablate GRID\` makes one`;
}

async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new UserError(`${path} is damaged (${messageOf(error)}): \`ser ablate GRID\` rewrites it`, {
      cause: error,
    });
  }
}
