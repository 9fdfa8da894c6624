import { claim } from "../base/claims.js";
import { Interrupted, messageOf } from "../base/errors.js";
import type { EngineName } from "../engine/trainer.js";
import { type RunOptions, run } from "../runs/run.js";
import { epochsOf } from "./estimate.js";
import type { Grid } from "./grid.js";
import type { PlannedRun } from "./plan.js";
import type { Store } from "./store.js";

/** An event during runs; sent between processes as JSON. */
export type RunEvent =
  | { kind: "start"; name: string }
  | { kind: "epoch"; name: string; epoch: number; epochs: number; uar: number }
  | { kind: "refit"; name: string; epoch: number; epochs: number }
  | { kind: "done"; name: string; seconds: number }
  | { kind: "failed"; name: string; error: string };

export interface RunnerOptions
  extends Pick<RunOptions, "from" | "networks" | "resume" | "strict" | "pictures" | "log" | "quiet"> {
  engine?: EngineName;
  /** Of each run's engine; default: one a core. */
  threads?: number;
  signal?: AbortSignal;
  /** Whose runs they are, for the ledger. */
  grid?: Grid;
  /** Does runs again that are done; the old one stays until the new one is whole. */
  force?: boolean;
  /** Throws the first error; default: a run that fails is recorded and the next one is begun. */
  stopAtFailure?: boolean;
  onEvent?: (event: RunEvent) => void;
}

/**
 * Does the unfinished runs that no other process is working on, one after the other, in this process. Any number of processes
 * may do this with one store at once.
 *
 * @param store that the runs go to
 * @param runs in the order in which they are begun
 * @throws {Interrupted} when the signal comes; the run under way keeps its checkpoint
 * @example await doRuns(new Store("results/runs/quick"), planGrid(grid, clips), { grid, threads: 1 });
 */
export async function doRuns(
  store: Store,
  runs: readonly PlannedRun[],
  options: RunnerOptions = {},
): Promise<void> {
  // Runs of a process that dies meanwhile are taken over in the next round.
  for (let before = Number.POSITIVE_INFINITY, left = runs; left.length < before; ) {
    before = left.length;
    const open: PlannedRun[] = [];
    for (const planned of left) {
      if (!options.force && (await isOver(store, planned.name))) continue;
      if (!(await attempt(store, planned, options))) open.push(planned);
    }
    left = open;
  }
}

async function isOver(store: Store, name: string): Promise<boolean> {
  return (await store.isDone(name)) || (await store.failure(name)) !== undefined;
}

/** Does a run unless another process is working on it; returns false in that case. */
async function attempt(store: Store, planned: PlannedRun, options: RunnerOptions): Promise<boolean> {
  const { name } = planned;
  const { signal, onEvent, force, stopAtFailure } = options;
  if (signal?.aborted) throw new Interrupted("stopped");
  const mine = await claim(store.claims, name);
  if (!mine) return false;
  let done = false;
  try {
    if (!force && (await isOver(store, name))) {
      done = await store.isDone(name);
      return true;
    }
    onEvent?.({ kind: "start", name });
    const started = performance.now();
    await doRun(store, planned, options);
    done = true;
    onEvent?.({ kind: "done", name, seconds: (performance.now() - started) / 1000 });
  } catch (error) {
    if (stopAtFailure || signal?.aborted || error instanceof Interrupted) throw error;
    await store.fail(name, planned.settings, error);
    onEvent?.({ kind: "failed", name, error: messageOf(error) });
  } finally {
    await mine.release(done);
  }
  return true;
}

async function doRun(store: Store, planned: PlannedRun, options: RunnerOptions): Promise<void> {
  const { name, plan, fold, settings } = planned;
  const { protocol: _, fold: __, ...choices } = settings;
  const epochs = epochsOf(settings.training);
  const { engine, threads, signal, onEvent, grid, force, resume = "or-restart" } = options;
  const { strict, from, networks, log, pictures = false, quiet = true } = options;
  await run(plan, fold, choices, {
    ...{
      engine,
      threads,
      signal,
      force,
      resume: force ? false : resume,
      strict,
      from,
      networks,
      pictures,
      quiet,
      log,
    },
    folder: (own) => store.runFolder(own),
    ledger: store.ledger(grid),
    onEpoch: (log) => onEvent?.({ kind: "epoch", name, epoch: log.epoch, epochs, uar: log.validationUar }),
    onRefitEpoch: (epoch) => onEvent?.({ kind: "refit", name, epoch, epochs }),
  });
  await store.forgive(name);
}
