import { join } from "node:path";
import { type Command, Option } from "commander";
import { UsageError } from "../base/errors.js";
import { factsOf } from "../base/schema.js";
import { percent, plural, shellWord } from "../base/text.js";
import { ENGINES, type EngineName } from "../engine/trainer.js";
import type { Outcome, Work } from "../experiments/experiment.js";
import { type Grid, gridSchema } from "../experiments/grid.js";
import type { RunSettings } from "../runs/record.js";
import { featuresName, sizeText } from "../runs/settings-text.js";
import { addSlurmOptions, assertSlurm, printSlurm, type SlurmFlags } from "./ablate-slurm.js";
import { addClipOptions, type ClipFlags, clipArgs, clipsFor, perceivedIn, ratingsOption } from "./clips.js";
import { interruptSignal, numberIn, printJson } from "./common.js";
import { keysHelp } from "./options.js";

const STORES = join("results", "runs");

interface AblateFlags extends ClipFlags, SlurmFlags {
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
}

/**
 * `ser ablate GRID`: executes all runs of an experiment.
 *
 * @param bin the command line's bundle, which the jobs of a queue start
 */
export function addAblate(program: Command, bin: string): void {
  const command = program
    .command("ablate")
    .description(
      "Run an experiment: every combination of a grid of protocols, features, models, augmentations, seeds.",
    )
    .argument("<grid>", "JSON file, or module that exports the grid; results/experiments has examples");
  addClipOptions(command)
    .addOption(ratingsOption())
    .option("--plan", "train nothing; print the pending runs, one command per run, for any job queue")
    .option("--shard <i/n>", "only the i-th of n parts of the runs; every process divides them alike")
    .option("--only <names...>", "only these runs")
    .option("--jobs <n>", "parallel processes (default: one per core)", numberIn(1, 1024, true))
    .addOption(
      new Option(
        "--engine <name>",
        "training engine (default: the grid's, else SER_ENGINE, else the best available)",
      ).choices(ENGINES),
    )
    .option("--threads <n>", "threads of each run (default: cores / jobs)", numberIn(1, 1024, true))
    .option("--force", "start over: delete these runs, finished or not, and repeat them")
    .option("--out <dir>", "folder to write the runs to, in a subfolder with the experiment's name", STORES)
    .option("--quiet", "print only the results")
    .option("--json", "print the outcome of every run as JSON");
  addSlurmOptions(command)
    .addHelpText(
      "after",
      `
Finished runs are skipped, interrupted or killed runs resume from their checkpoint, and a run that
fails is reported while the others continue. Any number of these commands, on one machine or
several, can work on the same experiment at the same time.

A grid is a JSON file with a name and blocks of runs. In a block, every combination of the listed
values is a run:
  { "$schema": "./grid.schema.json", "name": "mine",
    "runs": [{ "protocols": ["savee/loso"], "seeds": [1, 2],
               "models": ["cnn"], "sizes": [{}, { "filters": [16, 32] }],
               "features": ["mfcc", { "kind": "logmel", "nMels": 32 }],
               "augment": [[], ["masks", "noise"]],
               "training": { "epochs": 20, "schedule": { "name": "cosine", "warmup": 1 } } }] }

Keys of a grid (those of features, sizes and training: results/experiments/README.md):
${keysHelp(factsOf(gridSchema).entries!)}

Keys of a block:
${keysHelp(factsOf(factsOf(factsOf(gridSchema).entries!.runs!).item!).entries!)}

Examples:
  ser ablate results/experiments/quick.json
  ser ablate grid.json --plan                              the pending runs and their estimated time
  ser ablate grid.json --shard "$SLURM_ARRAY_TASK_ID/8"    in an array of 8 jobs, numbered from 1
  ser ablate grid.json --plan | parallel -j 4              each run in a process of its own
  ser ablate grid.json --slurm > job.sh && sbatch job.sh   an array of jobs for Slurm
  ser ablate grid.json --slurm --tasks 16 --cores 8 --time 12:00:00 --partition long > job.sh
  ser ablate grid.json --manifest clips.csv --map boredom=drop

Then:
  ser report NAME                                          the experiment's report
  ser summarize NAME                                       a compact copy of its results`,
    )
    .action((path: string, flags: AblateFlags) => ablate(path, flags, bin));
}

async function ablate(path: string, flags: AblateFlags, bin: string): Promise<void> {
  const [{ readGrid }, { doExperiment, partOfWork, workOf }] = await Promise.all([
    import("../experiments/grid.js"),
    import("../experiments/experiment.js"),
  ]);
  assertSlurm(flags);
  const grid = await readGrid(path);
  const clips = await clipsFor(flags, { needed: await neededBy(grid, flags) });
  const heard = grid.runs.some(({ targets }) => targets.includes("perceived"));
  const perceived = heard ? await perceivedIn(clips, flags.ratings) : undefined;
  const { shard, only, jobs, engine, threads, force } = flags;
  const folder = join(flags.out, grid.name);
  const whole = inGrid(path, () => workOf(grid, clips, { folder, perceived }));
  const work = partOfWork(whole, { shard, only });
  if (flags.plan) return printPlan(work, path, flags);
  if (flags.slurm) return printScript(work, [bin, "ablate", path], flags);
  const quiet = Boolean(flags.quiet || flags.json);
  const signal = interruptSignal();
  const outcomes = await doExperiment(work, { jobs, engine, threads, force, quiet, signal });
  if (outcomes.some(({ state }) => state === "failed")) process.exitCode = 1;
  await print(work, outcomes, flags.json);
}

/** With a manifest, the corpora that the protocols name; else all that are found. */
async function neededBy(grid: Grid, { manifest, corpus }: AblateFlags): Promise<string[]> {
  if (manifest === undefined || corpus) return [];
  const { protocolNamed } = await import("../protocols/registry.js");
  const names = grid.runs.flatMap(({ protocols }) => protocols);
  return [...new Set(names.flatMap((name) => protocolNamed(name).corpora))];
}

/** Adds the grid's file to the message of a usage error. */
function inGrid<T>(path: string, plan: () => T): T {
  try {
    return plan();
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`${path}: ${error.message}`) : error;
  }
}

async function printPlan(work: Work, path: string, flags: AblateFlags): Promise<void> {
  const { pending, ...plan } = await outlookOf(work);
  const command = (name: string) =>
    ["npx --no ser ablate", ...[path, "--only", name, ...sharedArgs(flags)].map(shellWord)].join(" ");
  if (flags.json) {
    const open = new Set(pending.map(({ name }) => name));
    return printJson({
      runs: work.runs.map(({ name, settings }) => ({
        ...about(name, settings),
        done: !open.has(name),
        command: command(name),
      })),
      pending: pending.length,
      first: plan.first,
      ...{ seconds: plan.seconds, guessed: plan.guessed },
    });
  }
  process.stderr.write(`${plan.line}\n`);
  process.stdout.write(pending.map(({ name }) => `${command(name)}\n`).join(""));
}

/** @param command the bundle, and what it is to do */
async function printScript(
  work: Work,
  command: readonly [string, ...string[]],
  flags: AblateFlags,
): Promise<void> {
  const { pending, seconds, line } = await outlookOf(work);
  const shared = sharedArgs(flags);
  // Not left to SER_DATA, which sbatch may not pass on.
  const data = shared.includes("--data") ? [] : ["--data", flags.data];
  const planned = { experiment: work.grid.name, runs: pending.length, seconds, line };
  printSlurm(planned, [...command, ...data, ...shared], flags);
}

/** What is left to do, and how long it may take. */
async function outlookOf(work: Work) {
  const [{ estimate }, { pendingOf }, { duration }, { firstRunsOf }] = await Promise.all([
    import("../experiments/estimate.js"),
    import("../experiments/experiment.js"),
    import("../base/progress.js"),
    import("../experiments/plan.js"),
  ]);
  const { runs, all, store } = work;
  const pending = await pendingOf(work);
  const first = await pendingOf({ store, runs: firstRunsOf(pending) });
  const { seconds, guessed } = await estimate(store, all, [...first, ...pending]);
  const basis =
    guessed.length > 0 ? ` (a guess for ${guessed.join(", ")})` : ", judging by the finished runs";
  const time =
    pending.length > 0 ? `; at most about ${duration(seconds)} on one core like these${basis}` : "";
  const before =
    first.length > 0 ? `, plus ${plural(first.length, "first training")} that they depend on` : "";
  const line = `${runs.length} runs, ${runs.length - pending.length} done${before}${time}`;
  return { pending, first: first.length, seconds, guessed, line };
}

/** The options that every process of an experiment needs, where they differ from the defaults. */
function sharedArgs({ out, ratings, engine, threads, ...clips }: AblateFlags): string[] {
  return [
    ...clipArgs(clips),
    ...(out === STORES ? [] : ["--out", out]),
    ...(ratings ? ["--ratings", ratings] : []),
    ...(engine ? ["--engine", engine] : []),
    ...(threads ? ["--threads", String(threads)] : []),
  ];
}

function about(name: string, { protocol, fold, features, training, target }: RunSettings) {
  const { model, size, normalisation, augmentation, seed } = training;
  const variant = [
    ...(target === "perceived" ? ["perceived"] : []),
    ...(size ? [sizeText(size)] : []),
    ...(normalisation === "global" ? [] : [`by ${normalisation}`]),
    ...Object.keys(augmentation),
  ].join(" ");
  return { name, protocol, fold, features: featuresName(features), model, variant, seed };
}

async function print({ store, all }: Work, outcomes: readonly Outcome[], json = false): Promise<void> {
  const [{ countReadings, readingsIn, readingsLine }, { collapsedLine }] = await Promise.all([
    import("../experiments/readings.js"),
    import("../runs/collapse.js"),
  ]);
  const collapsed = collapsedLine(outcomes.flatMap(({ record }) => record ?? []));
  if (collapsed) process.stderr.write(`ser: ${collapsed}\n`);
  const planned = all.map(({ name }) => name);
  const counted = { readings: await readingsIn(store.folder, planned), planned };
  const rows = outcomes.map(({ run: { name, settings }, state, record, error }) => ({
    ...about(name, settings),
    settings,
    state,
    validationUar: record?.validation.uar,
    testUar: record?.test?.uar,
    seconds: record && record.seconds.features + record.seconds.training,
    error,
  }));
  if (json) return printJson({ store: store.folder, runs: rows, readings: countReadings(counted) });
  await printRows(rows, store.folder, readingsLine(counted));
}

interface Row extends ReturnType<typeof about> {
  settings: RunSettings;
  state: Outcome["state"];
  validationUar?: number;
  testUar?: number;
  seconds?: number;
  error?: string;
}

async function printRows(outcomes: readonly Row[], folder: string, readings: string): Promise<void> {
  const [{ formatTable }, { groupBy }] = await Promise.all([
    import("../base/table.js"),
    import("../base/group.js"),
  ]);
  // One line for all runs that differ only in fold and seed.
  const groups = groupBy(outcomes, ({ settings }) =>
    JSON.stringify({ ...settings, fold: "", training: { ...settings.training, seed: 0 } }),
  );
  const mean = (values: readonly (number | undefined)[]) => {
    const known = values.flatMap((value) => value ?? []);
    return known.length > 0 ? known.reduce((a, b) => a + b, 0) / known.length : undefined;
  };
  const share = (value: number | undefined) => (value === undefined ? "-" : percent(value));
  const rows = [...groups.values()].map((own) => [
    ...[own[0]!.protocol, own[0]!.model, own[0]!.features, own[0]!.variant, own.length],
    own.filter(({ state }) => state === "done").length,
    share(mean(own.map(({ validationUar }) => validationUar))),
    share(mean(own.map(({ testUar }) => testUar))),
    mean(own.map(({ seconds }) => seconds))?.toFixed(1),
  ]);
  const header = ["protocol", "model", "features", "variant", "runs", "done", "validation", "test", "s"];
  const lines = [
    formatTable(header, rows),
    "UAR in percent and time in seconds, both means over the finished runs.",
  ];
  for (const { state, name, error } of outcomes) {
    if (state === "failed") lines.push(`failed: ${name}: ${error}`);
    if (state === "elsewhere") lines.push(`running in another process: ${name}`);
  }
  lines.push(readings, `store: ${folder}`);
  process.stdout.write(`${lines.join("\n")}\n`);
}
