import { join } from "node:path";
import { type Command, Option } from "commander";
import { UsageError } from "../base/errors.js";
import { type Calm, type Clip, CORPORA } from "../corpora/clip.js";
import { ENGINES, type EngineName, OPTIMIZERS } from "../engine/trainer.js";
import type { Normalisation } from "../features/normalise.js";
import { MODEL_NAMES, type ModelName } from "../models/names.js";
import { AUGMENTATIONS, type AugmentationName } from "../training/augmentation.js";
import { BALANCES, type Balance } from "../training/sampler.js";
import { SCHEDULES, type ScheduleName } from "../training/schedule.js";
import { SMALL_TRAINING, TRAINING, type TrainingSettings } from "../training/settings.js";
import { clipsUnder, perceivedIn } from "./clips.js";
import { dataOption, interruptSignal, numberIn, printJson } from "./common.js";

interface TrainFlags {
  corpus?: string[];
  model: ModelName;
  data: string;
  manifest?: string;
  protocol: string;
  fold: string;
  score: "validation" | "test";
  target: "intended" | "perceived";
  ratings?: string;
  calm?: Calm;
  kind: "mfcc" | "logmel";
  frames: number;
  epochs?: number;
  patience?: number;
  batchSize?: number;
  learningRate?: number;
  schedule?: ScheduleName;
  warmup?: number;
  optimizer?: "adam" | "adamw";
  weightDecay?: number;
  clipNorm?: number;
  labelSmoothing?: number;
  mixup?: number;
  balance?: Balance;
  augment?: AugmentationName[];
  curriculum?: boolean;
  refit?: boolean;
  normalisation: Normalisation;
  seed: number;
  engine?: EngineName;
  threads?: number;
  out: string;
  resume?: boolean;
  pictures: boolean;
  force?: boolean;
  strict?: boolean;
  quiet?: boolean;
  json?: boolean;
}

/** A text of help with the default of a setting, and of the small network where that is another. */
function defaults(text: string, of: (settings: TrainingSettings) => number | string): string {
  const [usual, small] = [of(TRAINING), of(SMALL_TRAINING)];
  return `${text} (default: ${usual}${small === usual ? "" : `; cnn-small ${small}`})`;
}

/** `ser train`: one network on held-out speakers. */
export function addTrain(program: Command): void {
  const choice = (flags: string, text: string, choices: readonly string[]) =>
    new Option(flags, text).choices(choices);
  program
    .command("train")
    .description("Train a network, test it on speakers it never heard, save the model and the results.")
    .addOption(choice("--corpus <names...>", "corpora; default: all that are found", CORPORA))
    .addOption(choice("--model <name>", "a baseline or a network", MODEL_NAMES).default("cnn"))
    .addOption(dataOption())
    .addOption(
      new Option(
        "--manifest <file>",
        "train on your own clips instead: CSV with id, path, speaker, emotion",
      ).conflicts("corpus"),
    )
    .option("--protocol <name>", "how clips are split; `ser protocols` lists them", "held-out")
    .option("--fold <name>", "one fold of the protocol; default: all", "all")
    .addOption(
      choice("--score <part>", "validation leaves the test part unread", ["validation", "test"]).default(
        "test",
      ),
    )
    .addOption(
      choice("--target <emotion>", "that the actor meant, or that most listeners heard (CREMA-D)", [
        ...["intended", "perceived"],
      ]).default("intended"),
    )
    .option("--ratings <file>", "CREMA-D's tabulatedVotes.csv, for the perceived emotion")
    .addOption(choice("--calm <policy>", "RAVDESS's calm, in held-out", ["merge", "drop", "keep"]))
    .addOption(choice("--kind <features>", "the features", ["mfcc", "logmel"]).default("logmel"))
    .option("--frames <n>", "frames of an input (30 ms each)", numberIn(16, 2000, true), 100)
    .option(
      "--epochs <n>",
      defaults("at most this many", (own) => own.epochs),
      numberIn(1, 10_000, true),
    )
    .option(
      "--patience <n>",
      defaults("epochs without a better validation UAR that end the training", (own) => own.patience),
      numberIn(1, 10_000, true),
    )
    .option(
      "--batch-size <n>",
      defaults("clips in a step", (own) => own.batchSize),
      numberIn(1, 4096, true),
    )
    .option(
      "--learning-rate <x>",
      defaults("the highest of the schedule", (own) => own.learningRate),
      numberIn(1e-7, 10),
    )
    .addOption(
      choice(
        "--schedule <name>",
        defaults("of the learning rate", (own) => own.schedule.name),
        SCHEDULES,
      ),
    )
    .option(
      "--warmup <epochs>",
      defaults("epochs in which the rate first rises", (own) => own.schedule.warmup ?? 0),
      numberIn(0, 1000),
    )
    .addOption(
      choice(
        "--optimizer <name>",
        defaults("adamw has decoupled weight decay", (own) => own.optimizer.name),
        OPTIMIZERS,
      ),
    )
    .option(
      "--weight-decay <x>",
      defaults("of adamw", (own) => own.optimizer.weightDecay ?? 0),
      numberIn(0, 10),
    )
    .option(
      "--clip-norm <x>",
      defaults("a longer gradient is scaled down to this", (own) => own.optimizer.clipNorm ?? "none"),
      numberIn(1e-6, 1e6),
    )
    .option(
      "--label-smoothing <share>",
      defaults("of the target, spread over all classes", (own) => own.labelSmoothing),
      numberIn(0, 0.9),
    )
    .option(
      "--mixup <alpha>",
      defaults("of the beta distribution", (own) => own.mixup),
      numberIn(0, 100),
    )
    .addOption(
      choice(
        "--balance <how>",
        defaults("of classes of different size", (own) => own.balance),
        BALANCES,
      ),
    )
    .addOption(choice("--augment <names...>", "of training clips only", Object.keys(AUGMENTATIONS)))
    .option(
      "--curriculum",
      "of a protocol that trains on other corpora too: from them to the tested one, epoch by epoch",
    )
    .option(
      "--refit",
      "once validation has chosen, train anew on it as well, all epochs, and test that; twice the time",
    )
    .addOption(
      choice(
        "--normalisation <kind>",
        "fitted on the training part; speaker is transductive: by each speaker's own clips, and marked so",
        ["global", "speaker", "clip", "none"],
      ).default("global"),
    )
    .option("--seed <n>", "of weights, order, dropout and augmentation", numberIn(0, 2 ** 31, true), 1)
    .addOption(choice("--engine <name>", "what executes the training; default: the best there is", ENGINES))
    .option("--threads <n>", "default: one a core", numberIn(1, 1024, true))
    .option("--out <dir>", "folder of runs", join("results", "runs"))
    .option("--resume", "go on with a training that was stopped also on another engine, or fail")
    .option("--force", "begin anew, where a finished run or one that was stopped is there")
    .option("--strict", "stop at the first clip that cannot be read")
    .option("--no-pictures", "leave the pictures out")
    .option("--quiet", "print only the results")
    .option("--json", "print the run's record as JSON")
    .addHelpText(
      "after",
      `
A training that was stopped or killed goes on when the same command is given again.

Examples:
  ser train --corpus ravdess --model linear      the baseline to beat, in seconds
  ser train --corpus ravdess --model cnn         RAVDESS, tested on four held-out actors
  ser train --model bilstm --augment masks shift gain
  ser train --corpus ravdess savee --seed 2      two corpora together, another seed
  ser train --protocol savee/loso --model cnn    a published protocol, all of its folds
  ser train --protocol savee/loso+others --model clstm --augment warp --curriculum
  ser train --manifest clips.csv --kind mfcc     your own clips`,
    )
    .action(train);
}

async function train(flags: TrainFlags): Promise<void> {
  const [{ doExperiment, workOf }, { parseGrid }, { describeFolds, describeRun }, { readRun }] =
    await Promise.all([
      import("../experiments/experiment.js"),
      import("../experiments/grid.js"),
      import("../runs/describe.js"),
      import("../runs/record.js"),
    ]);
  const quiet = Boolean(flags.quiet || flags.json);
  const tell = (line: string) => quiet || process.stdout.write(`${line}\n`);
  const { engine, threads, force, strict, pictures, target } = flags;
  const grid = parseGrid(gridOf(flags, await settingsOf(flags)));
  const clips = await clipsOf(flags, protocolOf(flags));
  const perceived = target === "perceived" ? await perceivedIn(clips, flags.ratings) : undefined;
  const work = workOf(grid, clips, { folder: flags.out, perceived });
  const outcomes = await doExperiment(work, {
    ...{ engine, threads, force, strict, pictures, quiet, tell, own: false, stopAtFailure: true },
    // What was stopped goes on; --resume insists on it, where the engine is another one or the checkpoint is damaged.
    resume: flags.resume ? true : "or-restart",
    signal: interruptSignal(),
  });
  const runs = await Promise.all(outcomes.map(async ({ folder }) => (await readRun(folder))!));
  if (flags.json) {
    const records = runs.map(({ record }) => record);
    return printJson(records.length === 1 ? records[0] : records);
  }
  for (const [i, { folder, reused }] of outcomes.entries()) {
    if (reused) tell("this run is already done (--force does it again)");
    process.stdout.write(`\n${describeRun(runs[i]!)}\n\nresults, pictures and model: ${folder}\n`);
  }
  if (runs.length > 1) process.stdout.write(`\n${describeFolds(runs)}\n`);
}

/** A training is an experiment of one block: one run, or one for each fold. */
function gridOf(flags: TrainFlags, settings: TrainingSettings): object {
  const { kind, target, score, fold, augment = [] } = flags;
  const { model, seed, normalisation, augmentation: _, ...training } = settings;
  const block = {
    ...{ protocols: [protocolOf(flags)], folds: fold === "all" ? "all" : [fold], models: [model] },
    ...{ features: [kind], training, augment: [augment], normalisation: [normalisation] },
    ...{ targets: [target], seeds: [seed] },
  };
  // As in a file: what is not given is not there.
  return JSON.parse(JSON.stringify({ name: "train", score, runs: [block] })) as object;
}

/** The protocol's name, with what becomes of calm where it is for the user to say. */
function protocolOf({ protocol, calm }: TrainFlags): string {
  if (calm === undefined) return protocol;
  if (protocol === "held-out") return calm === "merge" ? protocol : `held-out?calm=${calm}`;
  throw new UsageError(`--calm is of held-out: the protocol ${protocol} says itself what becomes of calm`);
}

/** The model's settings with what was given in their place. */
async function settingsOf(flags: TrainFlags): Promise<TrainingSettings> {
  const { CURRICULUM } = await import("../training/curriculum.js");
  const base = flags.model === "cnn-small" ? SMALL_TRAINING : TRAINING;
  const { model, frames, normalisation, seed } = flags;
  const { optimizer, schedule } = base;
  const name = flags.optimizer ?? optimizer.name;
  if (flags.weightDecay !== undefined && name !== "adamw")
    throw new UsageError("--weight-decay is of adamw: give --optimizer adamw as well");
  return {
    ...{ model, frames, normalisation, seed },
    epochs: flags.epochs ?? base.epochs,
    patience: flags.patience ?? base.patience,
    batchSize: flags.batchSize ?? base.batchSize,
    learningRate: flags.learningRate ?? base.learningRate,
    balance: flags.balance ?? base.balance,
    labelSmoothing: flags.labelSmoothing ?? base.labelSmoothing,
    mixup: flags.mixup ?? base.mixup,
    schedule: {
      ...schedule,
      name: flags.schedule ?? schedule.name,
      warmup: flags.warmup ?? schedule.warmup,
    },
    optimizer: {
      ...optimizer,
      name,
      weightDecay: name === "adamw" ? (flags.weightDecay ?? optimizer.weightDecay) : undefined,
      clipNorm: flags.clipNorm ?? optimizer.clipNorm,
    },
    augmentation: Object.assign({}, ...(flags.augment ?? []).map((name) => AUGMENTATIONS[name])),
    ...(flags.curriculum && { curriculum: CURRICULUM }),
    ...(flags.refit && { refit: true }),
  };
}

async function clipsOf({ data, corpus, manifest }: TrainFlags, protocol: string): Promise<Clip[]> {
  if (manifest) {
    const { readManifest } = await import("../corpora/manifest.js");
    return readManifest(manifest);
  }
  const { protocolNamed } = await import("../protocols/registry.js");
  const { corpora } = protocolNamed(protocol);
  return clipsUnder(data, corpus ?? (corpora.length > 0 ? corpora : undefined));
}
