import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { claim } from "../base/claims.js";
import { Interrupted, messageOf, UserError } from "../base/errors.js";
import { groupBy } from "../base/group.js";
import { canonicalJson } from "../base/hash.js";
import { projectRoot } from "../base/root.js";
import type { EngineName } from "../engine/trainer.js";
import { extractClips } from "../features/corpus.js";
import type { ModelName } from "../models/names.js";
import { readRecord } from "../runs/record.js";
import { run } from "../runs/run.js";
import { PENALTIES } from "../training/baseline.js";
import type { TrainingSettings } from "../training/settings.js";
import type { PlannedRun } from "./plan.js";
import type { Store } from "./store.js";

/** What happens while the runs of a grid are done; between processes it goes as JSON. */
export type AblationEvent =
  | { kind: "start"; name: string }
  | { kind: "epoch"; name: string; epoch: number; epochs: number; uar: number }
  | { kind: "refit"; name: string; epoch: number; epochs: number }
  | { kind: "done"; name: string; seconds: number }
  | { kind: "failed"; name: string; error: string };

export interface AblateOptions {
  engine?: EngineName;
  /** Of each run's engine; default: one a core. */
  threads?: number;
  signal?: AbortSignal;
  onEvent?: (event: AblationEvent) => void;
}

/**
 * Does those of the runs that are not done and that nobody else is at, one after the other, in this process. A run that
 * fails is recorded, and the next one is begun. Any number of processes may do this with one store at once.
 *
 * @param store that the runs go to
 * @param runs in the order in which they are begun
 * @throws {Interrupted} when the signal comes; the run under way keeps its checkpoint
 * @example await doRuns(new Store("results/runs/quick"), planGrid(grid, clips), { threads: 1 });
 */
export async function doRuns(
  store: Store,
  runs: readonly PlannedRun[],
  options: AblateOptions = {},
): Promise<void> {
  // Runs of a process that dies meanwhile are taken over in the next round.
  for (let before = Number.POSITIVE_INFINITY, left = runs; left.length < before; ) {
    before = left.length;
    const open: PlannedRun[] = [];
    for (const planned of left) {
      if (await isOver(store, planned.name)) continue;
      if (!(await attempt(store, planned, options))) open.push(planned);
    }
    left = open;
  }
}

async function isOver(store: Store, name: string): Promise<boolean> {
  return (await store.isDone(name)) || (await store.failure(name)) !== undefined;
}

/** Does a run if nobody else is at it; false where somebody is. */
async function attempt(store: Store, planned: PlannedRun, options: AblateOptions): Promise<boolean> {
  const { name } = planned;
  const { signal, onEvent } = options;
  if (signal?.aborted) throw new Interrupted("stopped");
  const mine = await claim(store.claims, name);
  if (!mine) return false;
  let done = false;
  try {
    if (await isOver(store, name)) {
      done = await store.isDone(name);
      return true;
    }
    onEvent?.({ kind: "start", name });
    const started = performance.now();
    await doRun(store, planned, options);
    done = true;
    onEvent?.({ kind: "done", name, seconds: (performance.now() - started) / 1000 });
  } catch (error) {
    if (signal?.aborted || error instanceof Interrupted) throw error;
    await store.fail(name, planned.settings, error);
    onEvent?.({ kind: "failed", name, error: messageOf(error) });
  } finally {
    await mine.release(done);
  }
  return true;
}

async function doRun(store: Store, planned: PlannedRun, options: AblateOptions): Promise<void> {
  const { name, plan, fold, settings } = planned;
  const { protocol: _, fold: __, ...choices } = settings;
  const epochs = epochsOf(settings.training);
  const { engine, threads, signal, onEvent } = options;
  await run(plan, fold, choices, {
    ...{ engine, threads, signal, quiet: true, pictures: false, claimed: true },
    resume: "or-restart",
    folder: (own) => store.runFolder(own),
    beforeTest: (own) => store.logReading(own),
    onEpoch: (log) => onEvent?.({ kind: "epoch", name, epoch: log.epoch, epochs, uar: log.validationUar }),
    onRefitEpoch: (epoch) => onEvent?.({ kind: "refit", name, epoch, epochs }),
  });
  await store.forgive(name);
}

/** The processes that {@link doInJobs} starts: this many, each told the same. */
export interface JobOptions extends AblateOptions {
  jobs: number;
  /** The arguments of `ser` that make it do the same runs, as a job. */
  args: readonly string[];
}

/**
 * Does the runs in several processes, which share the store as strangers would. A process that dies takes no run but its
 * own with it: that one is recorded as failed, and another process takes its place.
 *
 * @throws {Interrupted} when the signal comes, after the processes have kept their checkpoints
 * @throws {UserError} when a process ends outside a run, after the others were stopped
 */
export async function doInJobs(
  store: Store,
  runs: readonly PlannedRun[],
  options: JobOptions,
): Promise<void> {
  const { jobs, signal } = options;
  const stop = new AbortController();
  const passOn = () => stop.abort();
  if (signal?.aborted) passOn();
  signal?.addEventListener("abort", passOn, { once: true });
  // Where one fails, the others are stopped as by Ctrl-C.
  const failures: unknown[] = [];
  const worker = () =>
    keepWorking(store, runs, { ...options, signal: stop.signal }).catch((error: unknown) => {
      failures.push(error);
      stop.abort();
    });
  await Promise.all(Array.from({ length: jobs }, worker));
  signal?.removeEventListener("abort", passOn);
  if (failures.length > 0) throw failures[0];
  if (signal?.aborted) throw new Interrupted("stopped");
}

/** One process after the other, until one ends by itself. */
async function keepWorking(store: Store, runs: readonly PlannedRun[], options: JobOptions): Promise<void> {
  for (let deaths = 0; deaths <= runs.length && !options.signal?.aborted; deaths++) {
    const { code, reason, current } = await job(options);
    if (code === 0 || options.signal?.aborted) return;
    const planned = runs.find(({ name }) => name === current);
    if (!planned) throw new UserError(`a process of the experiment ended with ${reason}`);
    await store.fail(planned.name, planned.settings, `its process ended with ${reason}`);
    options.onEvent?.({ kind: "failed", name: planned.name, error: `its process ended with ${reason}` });
  }
}

interface JobEnd {
  code: number | null;
  /** "code 3", "signal SIGKILL". */
  reason: string;
  /** The run it was at. */
  current?: string;
}

function job({ args, signal, onEvent }: JobOptions): Promise<JobEnd> {
  const child: ChildProcess = fork(jobScript(), [...args], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const stop = () => child.kill("SIGTERM");
  signal?.addEventListener("abort", stop, { once: true });
  let current: string | undefined;
  child.on("message", (event: AblationEvent) => {
    if (event.kind === "start") current = event.name;
    if (event.kind === "done" || event.kind === "failed") current = undefined;
    onEvent?.(event);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, by) => {
      signal?.removeEventListener("abort", stop);
      resolve({ code, reason: by ? `signal ${by}` : `code ${code}`, current });
    });
  });
}

function jobScript(): string {
  return join(projectRoot(), "dist", "ser.cjs");
}

/** Whether there is what {@link doInJobs} starts: the bundle that `npm ci` and `npm run build` make. */
export function canFork(): boolean {
  return existsSync(jobScript());
}

/**
 * Makes the features that the runs will need, on all cores, so that the runs find them in the cache.
 *
 * @throws {Interrupted} when the signal comes
 */
export async function warmFeatures(
  runs: readonly PlannedRun[],
  options: { signal?: AbortSignal; quiet?: boolean } = {},
): Promise<void> {
  for (const group of groupBy(runs, ({ settings }) => canonicalJson(settings.features)).values()) {
    const clips = new Map(group.flatMap(({ plan }) => plan.clips).map((clip) => [clip.id, clip]));
    await extractClips([...clips.values()], group[0]!.settings.features, options);
  }
}

/** Training time of a clip in an epoch, milliseconds, on one busy AVX-512 core; 100 frames of 64 bands. */
const GUESS: Record<ModelName, number> = {
  ...{ majority: 0.01, linear: 1, "cnn-small": 0.5, cnn: 6, lstm: 2.5, bilstm: 5, clstm: 1.2 },
};

/** The entries that a history will have at most: epochs, or of the linear model penalties. */
export function epochsOf({ model, epochs }: TrainingSettings): number {
  if (model === "majority") return 1;
  return model === "linear" ? PENALTIES.length : epochs;
}

/**
 * How long runs will take at most (patience may end a training early), seconds on one core: by the time of the store's
 * finished runs of the same model where there are any, else by a guess.
 *
 * @returns the seconds, and the models whose time is guessed
 */
export async function estimate(
  store: Store,
  all: readonly PlannedRun[],
  pending: readonly PlannedRun[],
): Promise<{ seconds: number; guessed: string[] }> {
  const spent = new Map<string, { seconds: number; clips: number }>();
  for (const { name, settings } of all) {
    const record = await readRecord(store.runFolder(name));
    if (!record) continue;
    const { model } = settings.training;
    const { seconds, clips } = spent.get(model) ?? { seconds: 0, clips: 0 };
    const own = work(settings.training, record.split, record.history.length);
    spent.set(model, { seconds: seconds + record.seconds.training, clips: clips + own });
  }
  const guessed = new Set<string>();
  let seconds = 0;
  for (const { settings, fold } of pending) {
    const { model } = settings.training;
    const known = spent.get(model);
    if (!known) guessed.add(model);
    const each = known ? known.seconds / known.clips : GUESS[model] / 1000;
    const { train, validation } = fold;
    const sizes = { train: train.length, validation: validation.length };
    seconds += each * work(settings.training, sizes, epochsOf(settings.training));
  }
  return { seconds, guessed: [...guessed].sort() };
}

/** How often a training sees a clip, `epochs` of the first and all of the second training, where there is one. */
function work(
  { refit, epochs: all }: TrainingSettings,
  { train, validation }: { train: number; validation: number },
  epochs: number,
): number {
  return train * epochs + (refit ? (train + validation) * all : 0);
}
