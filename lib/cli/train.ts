import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { UsageError } from "../base/errors.js";
import { canonicalJson } from "../base/hash.js";
import { show } from "../base/schema.js";
import type { Calm, Clip } from "../corpora/clip.js";
import { ENGINES, type EngineName } from "../engine/trainer.js";
import type { GridInput } from "../experiments/grid.js";
import type { ModelCard } from "../inference/card.js";
import { isBaseline, MODEL_NAMES, type ModelName } from "../models/names.js";
import { ownSize, SIZES, type Size } from "../models/size.js";
import { AUGMENTATIONS, type AugmentationName } from "../training/augmentation.js";
import {
  baseTraining,
  checkTraining,
  plainTraining,
  SMALL_TRAINING,
  TRAINING,
  TRAINING_ENTRIES,
  type TrainingSettings,
} from "../training/settings.js";
import { addClipOptions, type ClipFlags, clipsFor, perceivedIn, ratingsOption } from "./clips.js";
import { interruptSignal, numberIn, printJson } from "./common.js";
import { askedOfEncoder, encoderOptions } from "./encoder-options.js";
import { settingOption, settingsGiven } from "./options.js";

interface TrainFlags extends ClipFlags {
  protocol: string;
  fold: string;
  score: "validation" | "test";
  target: "intended" | "perceived";
  ratings?: string;
  calm?: Calm;
  encoder?: string;
  kind?: "mfcc" | "logmel" | "encoder";
  features?: { kind: "table"; file: string };
  from?: string;
  augment?: AugmentationName[];
  curriculum?: boolean;
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

const SIZE = ["size.filters", "size.units", "size.layers", "size.blocks", "size.dropout"];

/** The options that set the model and the hyperparameters. */
const SETTINGS = [
  ...["model", ...SIZE, "frames", "normalisation", "epochs", "patience", "batchSize", "learningRate"],
  ...["schedule.name", "schedule.warmup", "optimizer.name", "optimizer.weightDecay", "optimizer.clipNorm"],
  ...["labelSmoothing", "mixup", "softLabels", "balance", "refit", "seed"],
].map((path) => settingOption(TRAINING_ENTRIES, path, { defaults: defaultsOf(path) }));

/** A baseline that uses the metadata alone; a grid does not take it. */
const SENTENCE = "sentence";
SETTINGS.find(({ path }) => path === "model")!.choices([...MODEL_NAMES, SENTENCE]);

function defaultsOf(path: string): Record<string, object> {
  if (path === "model") return { "": TRAINING, "on an encoder or a table": { model: "linear" } };
  if (path === "refit" || path === "softLabels") return {};
  if (!SIZE.includes(path))
    return { "": TRAINING, "cnn-small": SMALL_TRAINING, "top-blocks": baseTraining("top-blocks") };
  return Object.fromEntries(Object.entries(SIZES).map(([name, size]) => [name, { size }]));
}

/** Defaults of an encoder's features where they differ from those of the baselines; {@link encoderOf} applies them. */
const OF_NETWORKS = {
  "networks other than weighted-layers": { layer: 3, pooling: "frames" },
  "weighted-layers": { layer: "all", pooling: "statistics" },
};

/** `ser train`: one model on one protocol, tested on held-out speakers. */
export function addTrain(program: Command): void {
  const choice = (flags: string, text: string, choices: readonly string[]) =>
    new Option(flags, text).choices(choices);
  const command = program
    .command("train")
    .description(
      "Train a model, test it on speakers it was not trained on, and save the model and its results.",
    );
  addClipOptions(command)
    .option("--protocol <name>", "protocol that splits the clips; `ser protocols` lists them", "held-out")
    .option("--fold <name>", "fold of the protocol", "all")
    .addOption(
      choice("--score <part>", "part to score on; with validation the test part is not read", [
        "validation",
        "test",
      ]).default("test"),
    )
    .addOption(
      choice(
        "--target <emotion>",
        "emotion to learn: the one the actor intended, or the one most listeners perceived (CREMA-D)",
        [...["intended", "perceived"]],
      ).default("intended"),
    )
    .addOption(ratingsOption())
    .addOption(
      choice(
        "--calm <policy>",
        "RAVDESS's calm in the protocol held-out: merge it into neutral, drop it, or keep it as a class (default: merge)",
        ["merge", "drop", "keep"],
      ),
    )
    .addOption(choice("--kind <features>", "features (default: logmel)", ["mfcc", "logmel", "encoder"]))
    .addOption(
      new Option(
        "--features <table>",
        "features from another program, one row per clip: csv:FILE, or npy:NAME.npy with the clips' ids in NAME.ids.csv or NAME.csv",
      )
        .argParser(tableIn)
        .conflicts(["kind", "encoder", "from"]),
    );
  for (const option of [...encoderOptions(OF_NETWORKS), ...SETTINGS]) command.addOption(option);
  command
    .addOption(
      choice("--augment <names...>", "augmentations of the training clips", Object.keys(AUGMENTATIONS)),
    )
    .option(
      "--curriculum",
      "for protocols that also train on other corpora (+others): shift from those to the tested corpus, epoch by epoch",
    )
    .option(
      "--from <model>",
      "fine-tune a trained model, given by its run's name or by folder: features, network and weights are those of the model; the last layer is new if the classes differ",
    )
    .addOption(
      choice("--engine <name>", "training engine (default: SER_ENGINE, else the best available)", ENGINES),
    )
    .option("--threads <n>", "threads (default: one per core)", numberIn(1, 1024, true))
    .option("--out <dir>", "folder to write the runs to", join("results", "runs"))
    .option(
      "--resume",
      "resume an interrupted training even if it ran on another engine; a damaged checkpoint is an error",
    )
    .option("--force", "start over, even if the run is finished or was interrupted")
    .option("--strict", "fail at the first clip that cannot be read, instead of leaving it out")
    .option("--no-pictures", "draw no figures")
    .option("--quiet", "print only the results")
    .option("--json", "print the run's record as JSON")
    .addHelpText(
      "after",
      `
The same command resumes a training that was interrupted or killed. A protocol with several folds
trains one run for each fold.

Examples:
  ser train --corpus ravdess --model linear           a baseline to beat, in seconds
  ser train --corpus ravdess --model cnn              RAVDESS, tested on four held-out actors
  ser train --protocol savee/loso --model sentence    what the sentence alone reveals, without sound
  ser train --protocol savee/loso --model cnn         a published protocol, all of its folds
  ser train --model bilstm --augment masks shift gain
  ser train --model cnn --filters 16 32 64            a smaller network
  ser train --corpus ravdess savee --seed 2           two corpora together, another seed
  ser train --protocol savee/loso+others --model clstm --augment warp --curriculum

  Your own clips:
  ser train --manifest clips.csv --kind mfcc
  ser train --manifest clips.csv --map boredom=drop --map calm=neutral
  ser train --manifest clips.csv --corpus ravdess --protocol given/own

  Fine-tuning, pretrained encoders, features from other programs (here openSMILE's functionals):
  ser train --manifest clips.csv --from results/model --learning-rate 3e-4 --warmup 0
  ser train --corpus ravdess --encoder whisper-base             a linear model on layer 3
  ser train --corpus ravdess --encoder whisper-base --model lstm --frames 150
  ser train --protocol savee/loso --features csv:egemaps.csv --model svm    (RBF kernel)`,
    )
    .action(train);
}

async function train(flags: TrainFlags & { model?: string }): Promise<void> {
  if (flags.model === SENTENCE) return sentenceAlone(flags);
  const [
    { doExperiment, workOf },
    { parseOptions },
    { tableFeatures },
    { collapsedLine },
    { describeFolds, describeRun },
    { readRun },
  ] = await Promise.all([
    import("../experiments/experiment.js"),
    import("../experiments/grid.js"),
    import("../features/table-settings.js"),
    import("../runs/collapse.js"),
    import("../runs/describe.js"),
    import("../runs/record.js"),
  ]);
  const quiet = Boolean(flags.quiet || flags.json);
  const tell = (line: string) => quiet || process.stdout.write(`${line}\n`);
  const { engine, threads, force, strict, pictures, target } = flags;
  if (force && flags.resume)
    throw new UsageError("--force starts over and --resume continues: give only one of them");
  const from = flags.from === undefined ? undefined : await modelOf(flags.from);
  if (from) assertNoOther(flags, from);
  const settings = await settingsOf(flags, from);
  const table = flags.features && tableFeatures(flags.features);
  const clips = await clipsOf(flags, protocolOf(flags));
  const features = from?.card.features ?? table ?? encoderOf(flags, settings.model) ?? flags.kind ?? "logmel";
  const grid = parseOptions(gridOf(flags, settings, features));
  const perceived = target === "perceived" ? await perceivedIn(clips, flags.ratings) : undefined;
  const work = workOf(grid, clips, { folder: flags.out, perceived });
  const outcomes = await doExperiment(work, {
    ...{ engine, threads, force, strict, pictures, quiet, tell, own: false, stopAtFailure: true },
    from: from?.folder,
    // An interrupted training resumes, or restarts on another engine or with a damaged checkpoint; --resume forbids the restart.
    resume: flags.resume ? true : "or-restart",
    signal: interruptSignal(),
  });
  const runs = await Promise.all(outcomes.map(async ({ folder }) => (await readRun(folder))!));
  const records = runs.map(({ record }) => record);
  const collapsed = collapsedLine(records);
  if (collapsed) process.stderr.write(`ser: ${collapsed}\n`);
  if (flags.json) {
    return printJson(records.length === 1 ? records[0] : records);
  }
  for (const [i, { folder, reused }] of outcomes.entries()) {
    if (reused) tell("this run is already done (--force repeats it)");
    process.stdout.write(`\n${describeRun(runs[i]!)}\n\nresults, figures and model: ${folder}\n`);
  }
  if (runs.length > 1) process.stdout.write(`\n${describeFolds(runs)}\n`);
}

async function sentenceAlone(flags: TrainFlags): Promise<void> {
  const { model: _, ...other } = settingsGiven(flags, SETTINGS);
  const { encoder, kind, features, from, augment } = flags;
  if (Object.keys(other).length > 0 || encoder || kind || features || from || augment)
    throw new UsageError(
      "--model sentence predicts the label from the sentence, without sound, features or training: leave their options out",
    );
  const [{ foldsOf, planOf }, { trainSentence }] = await Promise.all([
    import("../experiments/plan.js"),
    import("./train-sentence.js"),
  ]);
  const protocol = protocolOf(flags);
  const clips = await clipsOf(flags, protocol);
  const perceived = flags.target === "perceived" ? await perceivedIn(clips, flags.ratings) : undefined;
  const plan = planOf(protocol, flags.target, clips, perceived);
  trainSentence(plan, foldsOf(plan, flags.fold === "all" ? "all" : [flags.fold]), flags.json);
}

/** `csv:FILE` or `npy:FILE`. */
function tableIn(given: string): TrainFlags["features"] {
  const [, format, file] = /^(csv|npy):(.+)$/s.exec(given) ?? [];
  if (!file || (format === "npy") !== file.endsWith(".npy"))
    throw new InvalidArgumentError("It takes csv:FILE, or npy:FILE with a file that ends in .npy.");
  return { kind: "table", file };
}

/** A training is an experiment of one block: one run, or one for each fold. */
function gridOf(flags: TrainFlags, settings: TrainingSettings, features: string | object): GridInput {
  const { target, score, fold, augment = [] } = flags;
  const { model, size = {}, seed, normalisation, augmentation: _, ...training } = settings;
  const block = {
    ...{ protocols: [protocolOf(flags)], folds: fold === "all" ? "all" : [fold], models: [model] },
    ...{ features: [features], training, augment: [augment], normalisation: [normalisation] },
    ...{ sizes: [size], targets: [target], seeds: [seed] },
  };
  // As in a grid file: options that were not given are absent.
  return JSON.parse(JSON.stringify({ name: "train", score, runs: [block] })) as GridInput;
}

/** The encoder's features that were asked for; by default all layers for weighted-layers, frames for other networks. */
function encoderOf(flags: TrainFlags, model: ModelName): object | undefined {
  const asked = askedOfEncoder(flags, flags.kind);
  if (!asked || isBaseline(model)) return asked;
  return model === "weighted-layers" ? { layer: "all", ...asked } : { pooling: "frames", ...asked };
}

/** The protocol's name, with the policy for calm where the protocol leaves it to the user. */
function protocolOf({ protocol, calm }: TrainFlags): string {
  if (calm === undefined) return protocol;
  if (protocol === "held-out") return calm === "merge" ? protocol : `held-out?calm=${calm}`;
  throw new UsageError(
    `--calm works with the protocol held-out only: ${protocol} defines itself what happens to calm`,
  );
}

/**
 * The model's default settings, overridden by the given options.
 *
 * @throws {UsageError} naming every setting that is invalid
 */
async function settingsOf(flags: TrainFlags, from: Origin | undefined): Promise<TrainingSettings> {
  const { CURRICULUM } = await import("../training/curriculum.js");
  const given: Partial<TrainingSettings> = settingsGiven(flags, SETTINGS);
  // On an encoder's statistics a linear model is about as good as a network over its frames, in a hundredth of the time.
  if (flags.encoder !== undefined || flags.features) given.model ??= "linear";
  const base = { ...baseTraining(from?.card.model ?? given.model ?? TRAINING.model), ...from?.settings };
  const optimizer = { ...base.optimizer, ...given.optimizer };
  if (optimizer.name !== "adamw") {
    if (given.optimizer?.weightDecay !== undefined)
      throw new UsageError("--weight-decay works with adamw only: give --optimizer adamw as well");
    delete optimizer.weightDecay;
  }
  const settings = plainTraining({
    ...{ ...base, ...given, optimizer },
    schedule: { ...base.schedule, ...given.schedule },
    augmentation: Object.assign({}, ...(flags.augment ?? []).map((name) => AUGMENTATIONS[name])),
    ...(flags.curriculum && { curriculum: CURRICULUM }),
  });
  checkTraining(settings);
  return settings;
}

/** A trained model that a training starts from. */
interface Origin {
  folder: string;
  card: ModelCard;
  /** The settings that the model determines. */
  settings: Pick<TrainingSettings, "model" | "size" | "frames" | "normalisation" | "from">;
}

/** @throws {UsageError} if the model is not a network */
async function modelOf(named: string): Promise<Origin> {
  const [{ findModel }, { readCard, weightsDigest }] = await Promise.all([
    import("../inference/find.js"),
    import("../inference/model.js"),
  ]);
  const folder = await findModel(named);
  const card = await readCard(folder);
  const { model, size, frames, normaliser } = card;
  if (isBaseline(model))
    throw new UsageError(`--from continues the training of a network, and ${named} is ${model}`);
  const from = await weightsDigest(folder);
  return { folder, card, settings: { model, size, frames, normalisation: normaliser.kind, from } };
}

/** @throws {UsageError} if an option asks for other features or another network than the model's */
function assertNoOther(flags: TrainFlags, { card, settings }: Origin): void {
  const own: Record<string, unknown> = { ...settings, kind: card.features.kind };
  const given: Record<string, unknown> = settingsGiven(flags, SETTINGS);
  if (flags.kind !== undefined) given.kind = flags.kind;
  if (askedOfEncoder(flags, flags.kind))
    throw new UsageError("--from uses the features of its model: leave out the options of encoders");
  // Where a size is given in part, the rest is the model's own.
  const size = given.size && ownSize(card.model, { ...settings.size, ...(given.size as Size) });
  const wanted: Record<string, unknown> = { ...given, size };
  const wrong = ["model", "size", "frames", "normalisation", "kind"].filter(
    (key) => given[key] !== undefined && canonicalJson(wanted[key] ?? {}) !== canonicalJson(own[key] ?? {}),
  );
  if (wrong.length === 0) return;
  const asked = wrong.map((key) => `${key} ${show(given[key])} instead of ${show(own[key] ?? "its own")}`);
  throw new UsageError(
    `--from uses the features and the network of ${card.run}, which these options contradict: ${asked.join(", ")}; leave them out`,
  );
}

async function clipsOf(flags: TrainFlags, protocol: string): Promise<Clip[]> {
  const { protocolNamed } = await import("../protocols/registry.js");
  return clipsFor(flags, { needed: protocolNamed(protocol).corpora });
}
