import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { Interrupted, UsageError } from "../base/errors.js";
import { ENGINES, type EngineName } from "../engine/trainer.js";
import type { AblationEvent, JobOptions } from "../experiments/ablate.js";
import type { PlannedRun } from "../experiments/plan.js";
import type { Store } from "../experiments/store.js";
import { clipsUnder, perceivedIn } from "./clips.js";
import { dataOption, interruptSignal, numberIn, printJson } from "./common.js";

const STORES = join("results", "runs");

interface AblateFlags {
  data: string;
  ratings?: string;
  plan?: boolean;
  shard?: string;
  only?: string[];
  jobs?: number;
  engine?: EngineName;
  threads?: number;
  force?: boolean;
  out: string;
  quiet?: boolean;
  json?: boolean;
  asJob?: boolean;
}

/** `ser ablate GRID`: does all runs of an experiment. */
export function addAblate(program: Command): void {
  program
    .command("ablate")
    .description(
      "Do all runs of an experiment: a grid of protocols, features, networks, augmentations, seeds.",
    )
    .argument("<grid>", "a JSON file or a module that exports the grid; results/experiments has some")
    .addOption(dataOption())
    .option("--ratings <file>", "CREMA-D's tabulatedVotes.csv, for perceived emotions")
    .option("--plan", "only print what is to be done: one command a run, for any queue")
    .option("--shard <i/n>", "only the i-th of n parts of the runs, the same in every process")
    .option("--only <names...>", "only these runs")
    .option("--jobs <n>", "processes at once; default: one a core", numberIn(1, 1024, true))
    .addOption(
      new Option("--engine <name>", "what trains; default: the grid's, else the best").choices(ENGINES),
    )
    .option("--threads <n>", "of each run; default: cores / jobs", numberIn(1, 1024, true))
    .option("--force", "remove what is done of these runs, and do it again")
    .option("--out <dir>", "folder of the stores", STORES)
    .option("--quiet", "no progress")
    .option("--json", "print the outcome of every run as JSON")
    .addOption(new Option("--as-job").hideHelp())
    .addHelpText(
      "after",
      `
What is done is skipped, what was stopped or killed goes on from its checkpoint, and a run that fails is reported while
the others go on. Any number of these commands, on one machine or several, may share a store.

A grid is JSON: a name, and blocks of runs, of each of which all combinations are done. Only protocols and models must be given:
  { "name": "mine", "description": "", "score": "validation",
    "runs": [{ "protocols": ["savee/loso"], "folds": "all", "models": ["cnn", "clstm"], "features": ["logmel", "mfcc"],
               "normalisation": ["global"], "augment": [[], ["masks", "noise"]], "targets": ["intended"], "seeds": [1, 2],
               "training": { "epochs": 20, "schedule": { "name": "cosine", "warmup": 1 } } }] }
Features may be objects with settings of "ser features", such as { "kind": "logmel", "nMels": 32 }.

Examples:
  ser ablate results/experiments/quick.json
  ser ablate grid.json --plan                                what it would do, and how long that takes
  ser ablate grid.json --shard "$SLURM_ARRAY_TASK_ID/8"      in an array of 8 jobs numbered from 1
  ser ablate grid.json --plan | parallel -j 4                one run a process
  ser summarize NAME                                         then: what is worth keeping of it`,
    )
    .action(ablate);
}

async function ablate(path: string, flags: AblateFlags): Promise<void> {
  const [{ readGrid }, { planGrid, shardOf }, { Store }] = await Promise.all([
    import("../experiments/grid.js"),
    import("../experiments/plan.js"),
    import("../experiments/store.js"),
  ]);
  const grid = await readGrid(path);
  const clips = await clipsUnder(flags.data);
  const heard = grid.runs.some(({ targets }) => targets.includes("perceived"));
  const perceived = heard ? await perceivedIn(clips, flags.ratings) : undefined;
  const all = named(path, () => planGrid(grid, clips, perceived));
  const sharded = flags.shard ? shardOf(all, flags.shard) : all;
  const runs = flags.only ? only(sharded, flags.only) : sharded;
  const store = new Store(join(flags.out, grid.name));
  const engine = flags.engine ?? grid.engine;
  const task = { path, flags: { ...flags, engine }, store, all, runs };
  if (flags.asJob) return asJob(task);
  if (flags.plan) return printPlan(task);
  await store.open(
    grid,
    all.map(({ name }) => name),
  );
  for (const { name } of runs) await (flags.force ? store.forget(name) : store.forgive(name));
  await work(task);
  await report(task);
}

/** Wrong usage that is in the grid names its file. */
function named<T>(path: string, plan: () => T): T {
  try {
    return plan();
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`${path}: ${error.message}`) : error;
  }
}

interface Task {
  path: string;
  flags: AblateFlags;
  store: Store;
  all: readonly PlannedRun[];
  /** Those of them that are asked for. */
  runs: readonly PlannedRun[];
}

function only(runs: readonly PlannedRun[], names: readonly string[]): PlannedRun[] {
  const unknown = names.filter((name) => !runs.some((planned) => planned.name === name));
  if (unknown.length === 0) return runs.filter(({ name }) => names.includes(name));
  throw new UsageError(
    `no run is called ${unknown.join(", ")}: --plan lists them (names change with settings and clips)`,
  );
}

async function pendingOf({ store, runs }: Task): Promise<PlannedRun[]> {
  const done = await Promise.all(runs.map(({ name }) => store.isDone(name)));
  return runs.filter((_, i) => !done[i]);
}

async function work(task: Task): Promise<void> {
  const { store, runs, flags } = task;
  const { canFork, doInJobs, doRuns, warmFeatures } = await import("../experiments/ablate.js");
  const pending = await pendingOf(task);
  if (pending.length === 0) return;
  const cores = availableParallelism();
  const jobs = Math.min(flags.jobs ?? cores, pending.length);
  const threads = flags.threads ?? Math.max(1, Math.floor(cores / jobs));
  const quiet = Boolean(flags.quiet || flags.json);
  const signal = interruptSignal();
  const { engine } = flags;
  const { followRuns } = await import("../experiments/experiment.js");
  const log = (line: string) => process.stderr.write(`ser: ${line}\n`);
  const progress = followRuns(runs.length, runs.length - pending.length, { quiet, log });
  try {
    if (jobs === 1 || !canFork()) {
      return await doRuns(store, runs, { engine, threads, signal, onEvent: progress.onEvent });
    }
    await warmFeatures(pending, { signal, quiet });
    const args = jobArgs(task, threads);
    await doInJobs(store, runs, { jobs, args, signal, onEvent: progress.onEvent } as JobOptions);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    const left = (await pendingOf(task)).length;
    throw new Interrupted(
      `stopped: ${runs.length - left} of ${runs.length} runs are done, those under way keep their checkpoints; the same command goes on`,
      { cause: error },
    );
  } finally {
    progress.end();
  }
}

/** What a job is told: the same runs, and where they are. */
function jobArgs({ path, flags }: Task, threads: number): string[] {
  const { shard, only: names } = flags;
  return [
    ...["ablate", path, "--as-job", ...sharedArgs({ ...flags, threads })],
    ...(shard ? ["--shard", shard] : []),
    ...(names ? ["--only", ...names] : []),
  ];
}

/** The options that every process of an experiment is given, where they are not as they would be without. */
function sharedArgs({ data, out, ratings, engine, threads }: AblateFlags): string[] {
  return [
    ...(data === process.env.SER_DATA ? [] : ["--data", data]),
    ...(out === STORES ? [] : ["--out", out]),
    ...(ratings ? ["--ratings", ratings] : []),
    ...(engine ? ["--engine", engine] : []),
    ...(threads ? ["--threads", String(threads)] : []),
  ];
}

/** A process of the experiment: does runs until there are none left, and tells its parent. */
async function asJob({ flags, store, runs }: Task): Promise<void> {
  const { doRuns } = await import("../experiments/ablate.js");
  const controller = new AbortController();
  const stop = () => controller.abort();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, stop);
  // A parent that is killed says nothing, but the channel to it closes.
  process.on("disconnect", stop);
  const { engine, threads } = flags;
  const onEvent = (event: AblationEvent) => process.connected && process.send?.(event);
  try {
    await doRuns(store, runs, { engine, threads, signal: controller.signal, onEvent });
  } catch (error) {
    // The parent says that it was stopped, once.
    if (!(error instanceof Interrupted)) throw error;
    process.exitCode = 130;
  } finally {
    if (process.connected) process.disconnect();
  }
}

async function printPlan(task: Task): Promise<void> {
  const [{ estimate }, { duration }] = await Promise.all([
    import("../experiments/ablate.js"),
    import("../base/progress.js"),
  ]);
  const { path, flags, runs, all } = task;
  const pending = await pendingOf(task);
  const { seconds, guessed } = await estimate(task.store, all, pending);
  const command = (name: string) =>
    ["npx --no ser ablate", ...[path, "--only", name, ...sharedArgs(flags)].map(quoted)].join(" ");
  if (flags.json) {
    const states = new Set(pending.map(({ name }) => name));
    return printJson({
      runs: runs.map(({ name, settings }) => ({
        ...about(name, settings),
        done: !states.has(name),
        command: command(name),
      })),
      pending: pending.length,
      ...{ seconds, guessed },
    });
  }
  const basis = guessed.length > 0 ? ` (a guess for ${guessed.join(", ")})` : ", by the runs that are done";
  const time =
    pending.length > 0 ? `; at most about ${duration(seconds)} on one core like these${basis}` : "";
  process.stderr.write(`${runs.length} runs, ${runs.length - pending.length} done${time}\n`);
  for (const { name } of pending) process.stdout.write(`${command(name)}\n`);
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function about(name: string, { protocol, fold, features, training, target }: PlannedRun["settings"]) {
  const { model, normalisation, augmentation, seed } = training;
  const variant = [
    ...(target === "perceived" ? ["perceived"] : []),
    ...(normalisation === "global" ? [] : [`by ${normalisation}`]),
    ...Object.keys(augmentation),
  ].join(" ");
  return { name, protocol, fold, features: features.kind, model, variant, seed };
}

async function report(task: Task): Promise<void> {
  const [{ readRecord }, { claimed }] = await Promise.all([
    import("../runs/record.js"),
    import("../base/claims.js"),
  ]);
  const { runs, store, flags } = task;
  const names = runs.map(({ name }) => name);
  const failures = await store.failures(names);
  const elsewhere = await claimed(store.claims);
  const outcomes = [];
  for (const { name, settings } of runs) {
    const record = await readRecord(store.runFolder(name));
    const failure = failures.find((one) => one.name === name);
    const state = record ? "done" : failure ? "failed" : elsewhere.includes(name) ? "elsewhere" : "open";
    outcomes.push({
      ...about(name, settings),
      settings,
      state,
      validationUar: record?.validation.uar,
      testUar: record?.test?.uar,
      seconds: record && record.seconds.features + record.seconds.training,
      error: failure?.error,
    });
  }
  if (failures.length > 0) process.exitCode = 1;
  const testReadings = await store.testReadings(names);
  if (flags.json) return printJson({ store: store.folder, runs: outcomes, testReadings });
  await printOutcomes(outcomes, store.folder, testReadings);
}

interface Outcome extends ReturnType<typeof about> {
  settings: PlannedRun["settings"];
  state: string;
  validationUar?: number;
  testUar?: number;
  seconds?: number;
  error?: string;
}

async function printOutcomes(outcomes: readonly Outcome[], folder: string, readings: number): Promise<void> {
  const [{ formatTable }, { groupBy }] = await Promise.all([
    import("../base/table.js"),
    import("../base/group.js"),
  ]);
  // All that differs but fold and seed is a line of its own.
  const groups = groupBy(outcomes, ({ settings }) =>
    JSON.stringify({ ...settings, fold: "", training: { ...settings.training, seed: 0 } }),
  );
  const mean = (values: readonly (number | undefined)[]) => {
    const known = values.flatMap((value) => value ?? []);
    return known.length > 0 ? known.reduce((a, b) => a + b, 0) / known.length : undefined;
  };
  const percent = (share: number | undefined) => (share === undefined ? "-" : (100 * share).toFixed(1));
  const rows = [...groups.values()].map((own) => [
    ...[own[0]!.protocol, own[0]!.model, own[0]!.features, own[0]!.variant, own.length],
    own.filter(({ state }) => state === "done").length,
    percent(mean(own.map(({ validationUar }) => validationUar))),
    percent(mean(own.map(({ testUar }) => testUar))),
    mean(own.map(({ seconds }) => seconds))?.toFixed(1),
  ]);
  const header = ["protocol", "model", "features", "variant", "runs", "done", "validation", "test", "s"];
  const lines = [formatTable(header, rows), "UAR in percent and seconds, means over the runs that are done."];
  for (const { state, name, error } of outcomes) {
    if (state === "failed") lines.push(`failed: ${name}: ${error}`);
    if (state === "elsewhere") lines.push(`being done by another process: ${name}`);
  }
  lines.push(`test parts read: ${readings} times`, `store: ${folder}`);
  process.stdout.write(`${lines.join("\n")}\n`);
}
