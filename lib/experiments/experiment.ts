import { readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { extname, join, parse } from "node:path";
import { setTimeout } from "node:timers/promises";
import { claimed } from "../base/claims.js";
import { eachOf } from "../base/each.js";
import { Interrupted, UsageError, UserError } from "../base/errors.js";
import { Progress, toStderr } from "../base/progress.js";
import { dataFolder, workFolder } from "../base/root.js";
import { percent, plural } from "../base/text.js";
import type { Clip } from "../corpora/clip.js";
import { findRatings, perceivedEmotions } from "../corpora/ratings.js";
import { findClips } from "../corpora/synthetic/stand-in.js";
import { chooseEngine } from "../engine/detect.js";
import { startTfjs } from "../engine/tfjs.js";
import { isBaseline } from "../models/names.js";
import type { OwnNetworks } from "../models/own.js";
import { protocolNamed } from "../protocols/registry.js";
import { assertPossible } from "../runs/possible.js";
import { type RunRecord, readRecord } from "../runs/record.js";
import { type Grid, type GridBlock, type GridInput, parseGrid, readGrid } from "./grid.js";
import { canFork, doInJobs, warmFeatures } from "./jobs.js";
import type { RecordedExperiment } from "./known.js";
import { firstRunsOf, type PlannedRun, planGrid, shardOf } from "./plan.js";
import { doRuns, type RunEvent, type RunnerOptions } from "./runner.js";
import { readStored, Store } from "./store.js";
import { readSummary } from "./summary.js";

/** A grid applied to clips: the planned runs, and their store. */
export interface Work {
  grid: Grid;
  clips: readonly Clip[];
  perceived?: ReadonlyMap<string, Clip["emotion"]>;
  store: Store;
  /** All runs of the grid. */
  all: readonly PlannedRun[];
  /** The requested runs among them. */
  runs: readonly PlannedRun[];
}

/**
 * Plans the runs of a grid.
 *
 * @param clips as `loadClips(root, { calm: "keep" })` gives them
 * @param options the folder of the store; the emotions that most listeners heard, where the grid has that target
 * @throws {UserError} when a corpus that a protocol needs is not there
 * @throws {UsageError} for an unknown protocol or fold
 */
export function workOf(
  grid: Grid,
  clips: readonly Clip[],
  { folder, perceived, networks }: { folder: string; perceived?: Work["perceived"]; networks?: OwnNetworks },
): Work {
  const all = planGrid(grid, clips, perceived, networks);
  return { grid, clips, perceived, store: new Store(folder), all, runs: all };
}

/**
 * The same work with a part of its runs.
 *
 * @param chosen `shard` ("2/8") and `only` (names)
 * @throws {UsageError} for an unknown name, or a shard that makes no sense
 */
export function partOfWork(work: Work, { shard, only }: { shard?: string; only?: readonly string[] }): Work {
  const sharded = shard ? shardOf(work.runs, shard) : work.runs;
  return { ...work, runs: only ? named(sharded, only) : sharded };
}

function named(runs: readonly PlannedRun[], names: readonly string[]): PlannedRun[] {
  const planned = new Set(runs.map(({ name }) => name));
  const unknown = names.filter((name) => !planned.has(name));
  const wanted = new Set(names);
  if (unknown.length === 0) return runs.filter(({ name }) => wanted.has(name));
  throw new UsageError(
    `no run is called ${unknown.join(", ")}: --plan lists them (names change with settings and clips)`,
  );
}

/** The runs that are not finished. */
export async function pendingOf({ store, runs }: Pick<Work, "store" | "runs">): Promise<PlannedRun[]> {
  const done = await eachOf(runs, ({ name }) => store.isDone(name));
  return runs.filter((_, i) => !done[i]);
}

export interface DoOptions extends Omit<RunnerOptions, "grid" | "onEvent" | "log"> {
  /**
   * Processes at once; 1 is this one, which also is all there is where the bundle is missing. Default: one a core. What
   * needs more than settings (`tell`, `strict`, `pictures`, `resume`, `networks`) is done in this process.
   */
  jobs?: number;
  /** The store is this grid's alone, and says so in `experiment.json`; default true. */
  own?: boolean;
  /** What each run is doing, a line at a time, in the place of the bar. */
  tell?: (line: string) => void;
  /** Failures, a line each; default: standard error. */
  log?: (line: string) => void;
}

/** What became of a run. */
export interface Outcome {
  run: PlannedRun;
  /** `elsewhere`: another process is working on it. */
  state: "done" | "failed" | "elsewhere" | "open";
  /** It was done before. */
  reused: boolean;
  folder: string;
  record?: RunRecord;
  error?: string;
}

/**
 * Trains the unfinished runs of an experiment, in as many processes as there are cores. A single training is an experiment of
 * one run. Interrupted runs resume from their checkpoint, failed runs are tried again, and runs that another process is
 * working on are left to it. Readings of test parts go to the store's ledger.
 *
 * @returns what became of each run that was asked for, in the order of the grid
 * @throws {Interrupted} when the signal comes, saying what is kept
 * @throws {UserError} when the store cannot be written; with `stopAtFailure` the error of the run, or that another process is
 *   working on it
 * @example
 * const work = workOf(await readGrid("grid.json"), await loadClips("data", { calm: "keep" }), { folder: "results/runs/mine" });
 * const outcomes = await doExperiment(work, { jobs: 2 });
 */
export async function doExperiment(work: Work, options: DoOptions = {}): Promise<Outcome[]> {
  const { grid, store, all, runs } = work;
  const { own = true, force } = options;
  const pending = force ? runs : await pendingOf(work);
  if (pending.length > 0) await store.assertWritable();
  if (own)
    await store.open(
      grid,
      all.map(({ name }) => name),
    );
  const first = firstRunsOf(pending);
  const failed = await store.failed();
  for (const { name } of [...first, ...runs]) if (failed.has(name)) await store.forgive(name);
  const open = new Map([...first, ...pending].map((planned) => [planned.name, planned]));
  await assertCanRun(grid, [...open.values()], options);
  const waitedFor = force ? first : await pendingOf({ store, runs: first });
  const stages = [waitedFor, pending].filter((stage) => stage.length > 0);
  try {
    if (stages.length > 0) await doStages(work, stages, options);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    if (force)
      throw new Interrupted("stopped: runs that were not done again stay as they were", { cause: error });
    if (runs.length === 1) throw error;
    const left = (await pendingOf(work)).length;
    const before = first.length - (await pendingOf({ store, runs: first })).length;
    const trained = first.length > 0 ? `, ${before} of ${plural(first.length, "first training")}` : "";
    throw new Interrupted(
      `stopped: ${runs.length - left} of ${runs.length} runs are done${trained}, those under way keep their checkpoints; the same command resumes`,
      { cause: error },
    );
  }
  return outcomesOf(work, new Set(pending.map(({ name }) => name)), options.stopAtFailure);
}

/**
 * Refuses before the first features are made: an engine that is not there, and with `stopAtFailure` each run that cannot be
 * done. Otherwise such a run fails by itself, and the others are done.
 */
async function assertCanRun(
  grid: Grid,
  runs: readonly PlannedRun[],
  { engine = grid.engine, stopAtFailure, from }: DoOptions,
): Promise<void> {
  const networks = runs.some(({ settings }) => !isBaseline(settings.training.model));
  if (networks && (engine ?? process.env.SER_ENGINE)) await chooseEngine(engine);
  if (stopAtFailure) for (const planned of runs) await assertPossible(planned, from);
}

async function possibleOf(runs: readonly PlannedRun[]): Promise<PlannedRun[]> {
  const possible: PlannedRun[] = [];
  for (const planned of runs) {
    const can = await assertPossible(planned).then(
      () => true,
      (error: unknown) => {
        if (error instanceof UserError) return false;
        throw error;
      },
    );
    if (can) possible.push(planned);
  }
  return possible;
}

/** Does the first trainings that other runs need, then these runs. */
async function doStages(
  work: Work,
  stages: readonly (readonly PlannedRun[])[],
  options: DoOptions,
): Promise<void> {
  const { tell, quiet, log = toStandardError } = options;
  const { runs } = work;
  const done = runs.length - stages.at(-1)!.length;
  const size = stages.reduce((sum, stage) => sum + stage.length, 0);
  const follow = followRuns(done + size, done, { quiet: quiet || Boolean(tell), log });
  try {
    for (const stage of stages) {
      if (stage !== stages.at(-1))
        tell?.(
          `the folds choose the epoch (or penalty) together: ${plural(stage.length, "first training")}, scored on nothing`,
        );
      await doPending(work, stage, { ...options, onEvent: follow.onEvent });
      if (stage !== stages.at(-1)) await doWhatOthersLeft(work, stage, options, follow.onEvent);
    }
  } finally {
    follow.end();
  }
}

type OnEvent = (event: RunEvent) => void;

async function doPending(
  work: Work,
  pending: readonly PlannedRun[],
  options: DoOptions & { onEvent: OnEvent },
): Promise<void> {
  const { grid, clips, perceived, store } = work;
  const { signal, tell, quiet, own: _, log: __, engine = grid.engine, onEvent, ...rest } = options;
  const cores = availableParallelism();
  const here =
    tell || rest.strict || rest.pictures || rest.networks || rest.resume || rest.stopAtFailure || !canFork();
  const jobs = here ? 1 : Math.min(options.jobs ?? cores, pending.length);
  const threads = options.threads ?? Math.max(1, Math.floor(cores / jobs));
  try {
    if (jobs === 1) {
      const common = { ...rest, grid, engine, threads, signal, log: tell, onEvent };
      return await doRuns(store, pending, { ...common, quiet: tell ? quiet : true });
    }
    await warmFeatures(await possibleOf(pending), { signal, quiet });
    // Other processes take a run as open when its folder is missing.
    if (options.force) for (const { name } of pending) await store.setAside(name);
    const job = { grid, clips, perceived: perceived && [...perceived], engine, threads };
    await doInJobs(store, pending, { jobs, job, signal, onEvent });
  } finally {
    if (options.force && jobs > 1) for (const { name } of pending) await store.bringBack(name);
  }
}

/** How long a process waits before it looks again what others have left, milliseconds. */
const LOOK_AGAIN = 1000;

/** Waits for the runs that other processes are working on, and takes over those of a process that died. */
async function doWhatOthersLeft(
  work: Work,
  runs: readonly PlannedRun[],
  options: DoOptions,
  onEvent: OnEvent,
): Promise<void> {
  const { store } = work;
  for (;;) {
    const failed = await store.failed();
    const left = await pendingOf({ store, runs: runs.filter(({ name }) => !failed.has(name)) });
    if (left.length === 0) return;
    await setTimeout(LOOK_AGAIN, undefined, { signal: options.signal }).catch(() => {
      throw new Interrupted("stopped");
    });
    await doPending(work, left, { ...options, force: false, onEvent });
  }
}

function toStandardError(line: string): void {
  process.stderr.write(`ser: ${line}\n`);
}

async function outcomesOf(work: Work, tried: ReadonlySet<string>, stopAtFailure = false): Promise<Outcome[]> {
  const elsewhere = new Set(await claimed(work.store.claims));
  const failed = await work.store.failed();
  const outcomes = await eachOf(work.runs, (run) => {
    const { name } = run;
    // Somebody else may be doing a finished run again.
    const marks = { tried: tried.has(name), taken: elsewhere.has(name), failed: failed.has(name) };
    return outcomeOf(work, run, marks);
  });
  const other = outcomes.find(({ state }) => state !== "done");
  if (!stopAtFailure || !other) return outcomes;
  if (other.state === "elsewhere")
    throw new UserError(`another process is working on ${other.folder}: wait for it, or stop it`);
  // That process held the claim when this one reached the run, and no longer does.
  throw new UserError(
    other.error ?? `${other.folder} was begun by another process, which has ended: the same command resumes`,
  );
}

async function outcomeOf(
  { store }: Work,
  run: PlannedRun,
  { tried, taken, failed }: { tried: boolean; taken: boolean; failed: boolean },
): Promise<Outcome> {
  const { name } = run;
  const folder = store.runFolder(name);
  const about = { run, folder, reused: false };
  if (tried && taken) return { ...about, state: "elsewhere" };
  // Checked first: if a run is done again and fails, the old one still exists.
  const failure = failed ? await store.failure(name) : undefined;
  if (failure) return { ...about, state: "failed", error: failure.error };
  const record = await readRecord(folder);
  if (record?.name === name) return { ...about, state: "done", reused: !tried, record };
  return { ...about, state: "open" };
}

/** What an experiment takes beside its grid. */
export interface ExperimentOptions
  extends Pick<DoOptions, "engine" | "threads" | "signal" | "jobs" | "networks"> {
  /** Folder with the corpora. Default `SER_DATA`, else `data`; where that has none, synthetic ones stand in. */
  data?: string;
  /** Clips of your own, as `readManifest` gives them, in the place of those under `data`. */
  clips?: readonly Clip[];
  /** Folder that has `experiments`, `runs` and `summary`; default the project's `results`. */
  results?: string;
  /**
   * What a block of the grid is to have instead where the corpora are synthetic, such as fewer epochs; the experiment is
   * then called `NAME-synthetic`. Default: the grid as it is.
   */
  synthetic?: (block: GridBlock) => Partial<GridBlock>;
  quiet?: boolean;
  /** Progress messages, one line each; default: standard error. */
  log?: (line: string) => void;
}

/**
 * Reads the finished runs of an experiment and trains the missing ones: `train` of the public API.
 *
 * @param grid the name of one in `results/experiments`, the path of a file as for {@link readGrid}, or a grid
 * @throws {Interrupted} when the signal comes; the same call resumes
 */
export async function readOrTrain(
  grid: string | GridInput | Grid,
  options: ExperimentOptions = {},
): Promise<RecordedExperiment> {
  try {
    return await readRunsOrTrain(grid, options);
  } catch (error) {
    if (!options.signal?.aborted && !(error instanceof Interrupted)) throw error;
    throw new Interrupted("stopped: finished runs are kept; the same call resumes", {
      cause: error,
    });
  }
}

async function readRunsOrTrain(
  grid: string | GridInput | Grid,
  options: ExperimentOptions,
): Promise<RecordedExperiment> {
  const {
    data = dataFolder(),
    results = join(workFolder(), "results"),
    quiet,
    signal,
    threads,
    networks,
  } = options;
  const log = options.log ?? toStderr;
  const wanted = await gridOf(grid, results);
  const clips = options.clips ?? (await findClips(data, { calm: "keep", signal, quiet }));
  const change = clips.every((clip) => clip.synthetic) ? options.synthetic : undefined;
  const corpora = new Set(clips.map(({ corpus }) => corpus));
  const own = withCorpora(change ? changed(wanted, change) : wanted, corpora, log);
  const ratings = own.runs.some(({ targets }) => targets.includes("perceived")) && findRatings(clips);
  const stores = join(results, "runs");
  const perceived = ratings ? await perceivedEmotions(ratings) : undefined;
  // Networks of a script are made on the backend that they are trained from.
  if (networks) await startTfjs();
  const work = workOf(own, clips, { folder: join(stores, own.name), perceived, networks });
  const names = work.all.map(({ name }) => name);
  const kept = await summarised(own, names, join(results, "summary"));
  if (kept) return kept;
  const { engine, jobs = 1 } = options;
  await doExperiment(work, { engine, threads, jobs, signal, quiet, networks, log });
  return readStored(own.name, stores);
}

async function gridOf(grid: string | GridInput | Grid, results: string): Promise<Grid> {
  if (typeof grid !== "string") return parseGrid(grid);
  if (extname(grid) !== "") return readGrid(grid);
  const folder = join(results, "experiments");
  const files = (await readdir(folder).catch(() => [])).filter((name) =>
    /^[\w-]+\.(json|[cm]?js|ts)$/.test(name),
  );
  const file = files.find((name) => parse(name).name === grid);
  if (file) return readGrid(join(folder, file));
  const known = files.map((name) => parse(name).name).sort();
  throw new UserError(
    `there is no experiment ${grid} in ${folder}${known.length > 0 ? `: there are ${known.join(", ")}` : ""}`,
  );
}

/** The grid with other values in its blocks. Training settings are merged, all else is replaced. */
function changed(grid: Grid, change: (block: GridBlock) => Partial<GridBlock>): Grid {
  const runs = grid.runs.map((block) => {
    const changes = change(block);
    return { ...block, ...changes, training: { ...block.training, ...changes.training } };
  });
  return parseGrid({ ...grid, name: `${grid.name}-synthetic`, runs });
}

function withCorpora(grid: Grid, there: ReadonlySet<string>, log: (line: string) => void): Grid {
  const lacking = new Map<string, string[]>();
  for (const protocol of new Set(grid.runs.flatMap(({ protocols }) => protocols))) {
    const missing = protocolNamed(protocol).corpora.filter((corpus) => !there.has(corpus));
    if (missing.length > 0) lacking.set(protocol, missing);
  }
  if (lacking.size === 0) return grid;
  const missing = [...new Set([...lacking.values()].flat())].join(", ");
  log(`${grid.name}: left out for want of ${missing}: ${[...lacking.keys()].join(", ")}`);
  const runs = grid.runs
    .map((block) => ({ ...block, protocols: block.protocols.filter((name) => !lacking.has(name)) }))
    .filter(({ protocols }) => protocols.length > 0);
  if (runs.length > 0) return { ...grid, runs };
  throw new UserError(
    there.size === 0
      ? `experiment ${grid.name} needs clips of ${missing}, and there are no clips`
      : `experiment ${grid.name} needs clips of ${missing}, and the clips are of ${[...there].join(", ")}: \`ser data download\` gets the four corpora`,
  );
}

/** The summary of an experiment, limited to these runs; `undefined` if it lacks some of them. */
async function summarised(
  grid: Grid,
  names: readonly string[],
  root: string,
): Promise<RecordedExperiment | undefined> {
  const summary = await readSummary(join(root, grid.name));
  if (!summary) return undefined;
  const wanted = new Set(names);
  const runs = summary.runs.filter(({ record }) => wanted.has(record.name));
  if (runs.length < names.length) return undefined;
  return { ...summary, name: grid.name, grid, planned: [...names].sort(), runs, failures: [] };
}

/** Shows the progress of many runs in one bar, with those in progress, and logs those that fail. */
export function followRuns(
  total: number,
  done: number,
  options: { quiet?: boolean; log?: (line: string) => void } = {},
): { onEvent: (event: RunEvent) => void; end: () => void } {
  const progress = new Progress("runs", total, { quiet: options.quiet });
  const under = new Map<string, string>();
  let failed = 0;
  const note = () => [failed > 0 ? `${failed} failed` : "", ...under.values()].filter(Boolean).join("; ");
  progress.skip(done);
  const onEvent = (event: RunEvent) => {
    const { name } = event;
    if (event.kind === "start") under.set(name, name);
    else if (event.kind === "epoch") {
      under.set(name, `${name} ${event.epoch}/${event.epochs} UAR ${percent(event.uar)} %`);
    } else if (event.kind === "refit") under.set(name, `${name} refit ${event.epoch}/${event.epochs}`);
    else under.delete(name);
    if (event.kind === "failed") {
      failed++;
      progress.clear();
      options.log?.(`${name} failed: ${event.error}`);
    }
    progress.step(event.kind === "done" || event.kind === "failed" ? 1 : 0, note());
  };
  return { onEvent, end: () => progress.done("") };
}
