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
import { addClipOptions, type ClipFlags, clipsFor, perceivedIn } from "./clips.js";
import { interruptSignal, numberIn, printJson } from "./common.js";
import { askedOfEncoder, ENCODER_OPTIONS } from "./encoder-options.js";
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

/** The options that set what is chosen before a training. */
const SETTINGS = [
  ...["model", ...SIZE, "frames", "normalisation", "epochs", "patience", "batchSize", "learningRate"],
  ...["schedule.name", "schedule.warmup", "optimizer.name", "optimizer.weightDecay", "optimizer.clipNorm"],
  ...["labelSmoothing", "mixup", "softLabels", "balance", "refit", "seed"],
].map((path) => settingOption(TRAINING_ENTRIES, path, { defaults: defaultsOf(path) }));

/** No model of a grid: it takes the metadata alone. */
const SENTENCE = "sentence";
SETTINGS.find(({ path }) => path === "model")!.choices([...MODEL_NAMES, SENTENCE]);

function defaultsOf(path: string): Record<string, object> {
  if (path === "model") return { "": TRAINING, "on an encoder or a table": { model: "linear" } };
  if (path === "refit" || path === "softLabels") return {};
  if (!SIZE.includes(path))
    return { "": TRAINING, "cnn-small": SMALL_TRAINING, "top-blocks": baseTraining("top-blocks") };
  return Object.fromEntries(Object.entries(SIZES).map(([name, size]) => [name, { size }]));
}

/** `ser train`: one network on held-out speakers. */
export function addTrain(program: Command): void {
  const choice = (flags: string, text: string, choices: readonly string[]) =>
    new Option(flags, text).choices(choices);
  const command = program
    .command("train")
    .description("Train a network, test it on speakers it never heard, save the model and the results.");
  addClipOptions(command)
    .option("--protocol <name>", "how clips are split; `ser protocols` lists them", "held-out")
    .option("--fold <name>", "one fold of the protocol", "all")
    .addOption(
      choice("--score <part>", "validation leaves the test part unread", ["validation", "test"]).default(
        "test",
      ),
    )
    .addOption(
      choice(
        "--target <emotion>",
        "the emotion that the actor meant, or that most listeners heard (CREMA-D)",
        [...["intended", "perceived"]],
      ).default("intended"),
    )
    .option("--ratings <file>", "CREMA-D's tabulatedVotes.csv, for the perceived emotion")
    .addOption(choice("--calm <policy>", "RAVDESS's calm, in held-out", ["merge", "drop", "keep"]))
    .addOption(choice("--kind <features>", "the features (default: logmel)", ["mfcc", "logmel", "encoder"]))
    .addOption(
      new Option(
        "--features <table>",
        "features that another program made, a row a clip: csv:FILE, or npy:FILE with FILE's ids beside it",
      )
        .argParser(tableIn)
        .conflicts(["kind", "encoder", "from"]),
    );
  for (const option of [...ENCODER_OPTIONS, ...SETTINGS]) command.addOption(option);
  command
    .addOption(choice("--augment <names...>", "of training clips only", Object.keys(AUGMENTATIONS)))
    .option(
      "--curriculum",
      "of a protocol that trains on other corpora too: from them to the tested one, epoch by epoch",
    )
    .option(
      "--from <model>",
      "go on from a trained model: a run's name, or a folder; features, network and weights are its own, the last layer is new where classes differ",
    )
    .addOption(choice("--engine <name>", "what executes the training; default: the best there is", ENGINES))
    .option("--threads <n>", "default: one a core", numberIn(1, 1024, true))
    .option("--out <dir>", "folder of runs", join("results", "runs"))
    .option(
      "--resume",
      "go on with a training that was stopped also on another engine; a damaged checkpoint is an error",
    )
    .option("--force", "begin anew, where a finished run or one that was stopped is there")
    .option("--strict", "stop at the first clip that cannot be read")
    .option("--no-pictures", "leave the pictures out")
    .option("--quiet", "print only the results")
    .option("--json", "print the run's record as JSON")
    .addHelpText(
      "after",
      `
The same command resumes a training that was stopped or killed.

Examples:
  ser train --corpus ravdess --model linear      the baseline to beat, in seconds
  ser train --protocol savee/loso --model sentence    what the sentence alone tells, without any sound
  ser train --corpus ravdess --model cnn         RAVDESS, tested on four held-out actors
  ser train --model bilstm --augment masks shift gain
  ser train --model cnn --filters 16 32 64       a smaller network
  ser train --corpus ravdess savee --seed 2      two corpora together, another seed
  ser train --protocol savee/loso --model cnn    a published protocol, all of its folds
  ser train --protocol savee/loso+others --model clstm --augment warp --curriculum
  ser train --manifest clips.csv --kind mfcc     your own clips
  ser train --manifest clips.csv --map boredom=drop --map calm=neutral
  ser train --manifest clips.csv --corpus ravdess --protocol given/own
  ser train --manifest clips.csv --from results/model --learning-rate 3e-4 --warmup 0
  ser train --corpus ravdess --encoder whisper-base             a linear model of a pretrained encoder's layer 3
  ser train --corpus ravdess --encoder whisper-base --model lstm --frames 150
  ser train --protocol savee/loso --features csv:egemaps.csv --model svm     openSMILE's functionals, an RBF kernel`,
    )
    .action(train);
}

async function train(flags: TrainFlags & { model?: string }): Promise<void> {
  if (flags.model === SENTENCE) return sentenceAlone(flags);
  const [
    { doExperiment, workOf },
    { parseOptions },
    { tableFeatures },
    { describeFolds, describeRun },
    { readRun },
  ] = await Promise.all([
    import("../experiments/experiment.js"),
    import("../experiments/grid.js"),
    import("../features/table-settings.js"),
    import("../runs/describe.js"),
    import("../runs/record.js"),
  ]);
  const quiet = Boolean(flags.quiet || flags.json);
  const tell = (line: string) => quiet || process.stdout.write(`${line}\n`);
  const { engine, threads, force, strict, pictures, target } = flags;
  if (force && flags.resume)
    throw new UsageError("--force begins anew and --resume goes on: give one of them");
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

async function sentenceAlone(flags: TrainFlags): Promise<void> {
  const { model: _, ...other } = settingsGiven(flags, SETTINGS);
  const { encoder, kind, features, from, augment } = flags;
  if (Object.keys(other).length > 0 || encoder || kind || features || from || augment)
    throw new UsageError(
      "--model sentence is a table from sentence to label, without sound, features and training: leave their options out",
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
  // As in a file: what is not given is not there.
  return JSON.parse(JSON.stringify({ name: "train", score, runs: [block] })) as GridInput;
}

/** What was asked of an encoder; its frames for a network that goes over frames. */
function encoderOf(flags: TrainFlags, model: ModelName): object | undefined {
  const asked = askedOfEncoder(flags, flags.kind);
  if (!asked || isBaseline(model)) return asked;
  return model === "weighted-layers" ? { layer: "all", ...asked } : { pooling: "frames", ...asked };
}

/** The protocol's name, with what becomes of calm where it is for the user to say. */
function protocolOf({ protocol, calm }: TrainFlags): string {
  if (calm === undefined) return protocol;
  if (protocol === "held-out") return calm === "merge" ? protocol : `held-out?calm=${calm}`;
  throw new UsageError(`--calm is of held-out: the protocol ${protocol} says itself what becomes of calm`);
}

/**
 * The model's settings with what was given in their place.
 *
 * @throws {UsageError} naming all that makes no sense
 */
async function settingsOf(flags: TrainFlags, from: Origin | undefined): Promise<TrainingSettings> {
  const { CURRICULUM } = await import("../training/curriculum.js");
  const given: Partial<TrainingSettings> = settingsGiven(flags, SETTINGS);
  // A linear model of an encoder's statistics is as good as a network over its frames, in a hundredth of the time.
  if (flags.encoder !== undefined || flags.features) given.model ??= "linear";
  const base = { ...baseTraining(from?.card.model ?? given.model ?? TRAINING.model), ...from?.settings };
  const optimizer = { ...base.optimizer, ...given.optimizer };
  if (optimizer.name !== "adamw") {
    if (given.optimizer?.weightDecay !== undefined)
      throw new UsageError("--weight-decay is of adamw: give --optimizer adamw as well");
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

/** A trained model that a training goes on from. */
interface Origin {
  folder: string;
  card: ModelCard;
  /** What it says of the training: the settings that are its own. */
  settings: Pick<TrainingSettings, "model" | "size" | "frames" | "normalisation" | "from">;
}

/** @throws {UsageError} where it is no network */
async function modelOf(named: string): Promise<Origin> {
  const [{ findModel }, { readCard, weightsDigest }] = await Promise.all([
    import("../inference/find.js"),
    import("../inference/model.js"),
  ]);
  const folder = await findModel(named);
  const card = await readCard(folder);
  const { model, size, frames, normaliser } = card;
  if (isBaseline(model))
    throw new UsageError(`--from goes on with the training of a network, and ${named} is ${model}`);
  const from = await weightsDigest(folder);
  return { folder, card, settings: { model, size, frames, normalisation: normaliser.kind, from } };
}

/** @throws {UsageError} where an option asks for other features or another network than the model's */
function assertNoOther(flags: TrainFlags, { card, settings }: Origin): void {
  const own: Record<string, unknown> = { ...settings, kind: card.features.kind };
  const given: Record<string, unknown> = settingsGiven(flags, SETTINGS);
  if (flags.kind !== undefined) given.kind = flags.kind;
  if (askedOfEncoder(flags, flags.kind))
    throw new UsageError("--from takes the features of its model: leave the options of an encoder out");
  // A size that is told in part is otherwise the model's own.
  const size = given.size && ownSize(card.model, { ...settings.size, ...(given.size as Size) });
  const wanted: Record<string, unknown> = { ...given, size };
  const wrong = ["model", "size", "frames", "normalisation", "kind"].filter(
    (key) => given[key] !== undefined && canonicalJson(wanted[key] ?? {}) !== canonicalJson(own[key] ?? {}),
  );
  if (wrong.length === 0) return;
  const asked = wrong.map((key) => `${key} ${show(given[key])} for ${show(own[key] ?? "its own")}`);
  throw new UsageError(
    `--from takes features and network from ${card.run}, which the options contradict: ${asked.join(", ")}; leave them out`,
  );
}

async function clipsOf(flags: TrainFlags, protocol: string): Promise<Clip[]> {
  const { protocolNamed } = await import("../protocols/registry.js");
  return clipsFor(flags, { needed: protocolNamed(protocol).corpora });
}
