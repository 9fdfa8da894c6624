import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Interrupted, UserError } from "../base/errors.js";
import { groupBy } from "../base/group.js";
import { canonicalJson } from "../base/hash.js";
import { projectRoot } from "../base/root.js";
import { extractClips } from "../features/corpus.js";
import { knownTables } from "../features/table-settings.js";
import { commandText } from "../protocols/ledger.js";
import { type Job, STOP } from "./job-message.js";
import type { PlannedRun } from "./plan.js";
import type { RunEvent } from "./runner.js";
import type { Store } from "./store.js";

/** Options of {@link doInJobs}: the number of processes, and the task that each of them gets. */
export interface JobsOptions {
  jobs: number;
  job: Omit<Job, "store" | "runs" | "tables" | "command">;
  signal?: AbortSignal;
  onEvent?: (event: RunEvent) => void;
}

/**
 * Does the runs in several processes, which share the store like independent ones. If a process dies, only its current run is
 * recorded as failed, and a new process replaces it.
 *
 * @throws {Interrupted} when `signal` aborts, after the processes have saved their checkpoints
 * @throws {UserError} if a process ends outside a run, after the others were stopped
 */
export async function doInJobs(
  store: Store,
  runs: readonly PlannedRun[],
  options: JobsOptions,
): Promise<void> {
  const { jobs, signal } = options;
  const stop = new AbortController();
  const passOn = () => stop.abort();
  if (signal?.aborted) passOn();
  signal?.addEventListener("abort", passOn, { once: true });
  // If one fails, the others are stopped as by Ctrl-C.
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
async function keepWorking(store: Store, runs: readonly PlannedRun[], options: JobsOptions): Promise<void> {
  const names = runs.map(({ name }) => name);
  const own = { store: store.folder, runs: names, tables: knownTables(), command: commandText() };
  const job: Job = { ...options.job, ...own };
  for (let deaths = 0; deaths <= runs.length && !options.signal?.aborted; deaths++) {
    const { code, reason, current } = await processOf(job, options);
    if (code === 0 || options.signal?.aborted) return;
    const planned = runs.find(({ name }) => name === current);
    if (!planned) throw new UserError(`a process of the experiment ended with ${reason}`);
    await store.fail(planned.name, planned.settings, `its process ended with ${reason}`);
    options.onEvent?.({ kind: "failed", name: planned.name, error: `its process ended with ${reason}` });
  }
}

interface ProcessEnd {
  code: number | null;
  /** "code 3", "signal SIGKILL". */
  reason: string;
  /** The run that it was working on. */
  current?: string;
}

function processOf(job: Job, { signal, onEvent }: JobsOptions): Promise<ProcessEnd> {
  const child: ChildProcess = fork(jobScript(), [], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  // A message, not a signal: on Windows every signal ends the process at once, without its checkpoint.
  const stop = () => child.send(STOP, () => {});
  signal?.addEventListener("abort", stop, { once: true });
  let current: string | undefined;
  child.on("message", (event: RunEvent) => {
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
    // If the process is already gone, its exit event reports it.
    child.send(job, () => {});
  });
}

function jobScript(): string {
  return join(projectRoot(), "dist", "experiments-job.worker.cjs");
}

/** Whether the bundle that {@link doInJobs} starts exists; `npm ci` and `npm run build` make it. */
export function canFork(): boolean {
  return existsSync(jobScript());
}

/**
 * Extracts the features that the runs need, on all cores, so that the runs find them in the cache.
 *
 * @throws {Interrupted} when `signal` aborts
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
