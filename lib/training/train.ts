import type { LayersModel } from "@tensorflow/tfjs";
import { UsageError, UserError } from "../base/errors.js";
import { canonicalJson, setDigest, sha256 } from "../base/hash.js";
import { problemsBy, refuse } from "../base/schema.js";
import type { Clip } from "../corpora/clip.js";
import { createTrainer, predict } from "../engine/engine.js";
import type { EngineName, Inputs, Trainer, TrainerState } from "../engine/trainer.js";
import { argmax, confusionCounts, type Metrics, metrics } from "../evaluation/metrics.js";
import type { FeatureSet } from "../features/corpus.js";
import type { InputSettings } from "../features/input.js";
import type { EncoderSettings, FeatureSettings } from "../features/settings.js";
import { type ModelOptions, models } from "../models/models.js";
import { type BaselineName, isBaseline, isOwn, type ModelName } from "../models/names.js";
import { topologyDigest } from "../models/own.js";
import { type OpenPart, openedClips } from "../protocols/part.js";
import type { ChosenTogether, ClipSet, Split } from "../protocols/types.js";
import { fitBaseline, refitBaseline } from "./baseline.js";
import { type Beginning, begin, checkBeginning } from "./beginning.js";
import { curriculumOrder, curriculumPlaces } from "./curriculum.js";
import { beginWithBlocks } from "./encoder-blocks.js";
import type { EpochLog } from "./history.js";
import { BatchMaker, fitInput, joined, type Part, type Parts, partsOf, plainInputs } from "./inputs.js";
import { type LoopOptions, type LoopTask, runLoop } from "./loop.js";
import { epochOrder } from "./sampler.js";
import { checkTraining, inputRules, type TrainingSettings } from "./settings.js";
import { assertRated } from "./targets.js";
import { soundVariants } from "./variants.js";

export type { EpochLog } from "./history.js";
export { SMALL_TRAINING, TRAINING, type TrainingSettings } from "./settings.js";

/** Clips per prediction, so that the inputs of a whole part are never in memory together. */
const CHUNK = 256;

/** The predictions on one part of the split. */
export interface PartResult {
  /** Clip ids, in the order of the rows below. */
  ids: string[];
  /** Class indices. */
  truth: number[];
  predicted: number[];
  /** `ids.length * classes` numbers. */
  probabilities: Float32Array;
  metrics: Metrics;
}

/** A trained network or baseline, and how it was trained: the result of {@link trainFold}. */
export interface Trained {
  network: LayersModel;
  /** How a clip's features become the network's input. */
  input: InputSettings;
  /** One entry per epoch; for a baseline one per setting that was tried. */
  history: EpochLog[];
  /** The epoch, from 1, with the best validation UAR (or that of `together`). `network` has its weights, unless it was refitted. */
  bestEpoch: number;
  /** As given in the options. */
  together?: ChosenTogether;
  /** The clips that the UARs of the history were measured on: the validation part. */
  judgedOn: ClipSet;
  /** The clips that variants were made from and trained on, sorted ids. */
  augmented: string[];
  /** With the setting `refit`, the clips of the second training. */
  refitted?: ClipSet;
  /** The predictions on the validation part, before a refit. */
  validation: PartResult;
  /**
   * Predicts a part of the fold that the network was trained on. Parts are opened by `predictPart`, which records each
   * reading of the test part.
   */
  predict: (part: OpenPart) => Promise<PartResult>;
  /** What trained it: engine, threads, instruction set. */
  engine: string;
}

/** The result of the first training, whose epoch validation chose. */
export interface Chosen {
  history: EpochLog[];
  bestEpoch: number;
  /** The weights of the best epoch, concatenated in the order of `network.weights`. */
  weights: Float32Array;
  /** What trained it. */
  engine: string;
}

/** Options of {@link trainFold}. */
export interface TrainFoldOptions extends LoopOptions {
  /** Default: the fastest that is available. */
  engine?: EngineName;
  /** Default: as many as the machine has cores. */
  threads?: number;
  /**
   * Your own network instead of the one that the settings name: it takes `[frames, bands]` and ends in softmax
   * probabilities of the classes. It is trained in place; its initial weights are kept, the seed does not draw them.
   */
  network?: LayersModel;
  /** The weights that `settings.from` names. */
  beginning?: Beginning;
  /** The result of a finished training with the same settings without `refit`: only the second training is then run. */
  chosen?: Chosen;
  /** The epoch, or penalty, that all folds of the protocol chose together: it is kept, whatever this fold's validation UAR. */
  together?: ChosenTogether;
}

type Predict = (inputs: Inputs) => Promise<Float32Array>;

/**
 * Trains a network or a baseline on the training part and keeps the epoch with the best validation UAR. The test part is
 * not predicted: `predictPart` does that, with the result's `predict`. Normalisation is fitted on the training part
 * alone, and only its clips are augmented. With `refit` the network is then trained once more, on the training and
 * validation parts and the split's `refit` clips. The same settings on the same engine give the same weights.
 *
 * @param features of all clips of the split
 * @param split ids of the clips; those without features are left out
 * @param classes the classes, in the order of the outputs
 * @param settings see {@link TrainingSettings}
 * @throws {UserError} when a part is empty, a clip's features are not finite, or the loss becomes NaN or infinite
 * @throws {UsageError} for invalid settings
 * @example
 * const clips = await loadClips("data", { names: ["savee"] });
 * const plan = protocolNamed("savee/loso").plan(clips.filter((_, i) => i % 4 === 0)); // few clips, to be quick
 * const [fold] = plan.folds;
 * const features = await extractClips(plan.clips, RUN_FEATURES.mfcc);
 * const trained = await trainFold(features, fold, plan.classes, { ...TRAINING, model: "linear" });
 * const test = await predictPart({ plan, fold, part: "test" }, trained.predict);
 * console.log(trained.bestEpoch, trained.validation.metrics.uar, test.metrics.uar);
 */
export async function trainFold(
  features: FeatureSet,
  split: Split,
  classes: readonly string[],
  settings: TrainingSettings,
  options: TrainFoldOptions = {},
): Promise<Trained> {
  checkTraining(settings);
  if (options.network && isBaseline(settings.model))
    throw new UsageError(`a network of one's own takes the place of a network, not of ${settings.model}`);
  if (options.network && settings.from)
    throw new UsageError("a network of one's own has weights of its own: leave `from` out");
  checkBeginning(settings, options.beginning);
  refuse(problemsBy((say) => inputRules(features.settings, settings, say, Boolean(options.network))));
  const parts = partsOf(features, split, classes);
  const missing = classes.filter((_, c) => !parts.train.labels.includes(c));
  if (missing.length > 0) options.log?.(`no clip to train on is of class ${missing.join(", ")}`);
  const input = fitInput(parts, settings, features.settings);
  const trainOf = isBaseline(settings.model) ? trainBaseline : trainNetwork;
  return trainOf(parts, input, { features, classes, settings, options });
}

/**
 * Refuses settings that the features or the clips do not allow, before anything is computed: {@link trainFold} would.
 *
 * @param clips of the training and the test part
 * @throws {UsageError} naming what does not go together
 * @throws {UserError} for a curriculum when the training clips are of one kind
 */
export function checkTrainable(
  features: FeatureSettings,
  settings: TrainingSettings,
  { train, test }: Record<"train" | "test", readonly Clip[]>,
): void {
  checkTraining(settings);
  refuse(problemsBy((say) => inputRules(features, settings, say, isOwn(settings.model))));
  if (settings.softLabels) assertRated(train);
  const { curriculum, seed, epochs } = settings;
  if (curriculum) curriculumOrder(ofTestedCorpora(train, test), curriculum, { seed, epoch: 1, epochs });
}

/** The arguments of a training besides the clips of its parts. */
interface Given {
  features: FeatureSet;
  classes: readonly string[];
  settings: TrainingSettings;
  options: TrainFoldOptions;
}

async function trainNetwork(parts: Parts, input: InputSettings, given: Given): Promise<Trained> {
  const { features, classes, settings, options } = given;
  const { seed, batchSize, optimizer } = settings;
  const { engine, threads } = options;
  const { size } = settings;
  const shape = { frames: input.frames, bands: features.matrix(0).cols, classes: classes.length, seed, size };
  const network = options.network ?? (await named(settings.model)(shape));
  if (options.network) checkShape(network, shape);
  if (settings.model === "top-blocks" && !options.network)
    await beginWithBlocks(network, features.settings as EncoderSettings);
  if (options.beginning) await begin(network, options.beginning, classes);
  const trainer = await createTrainer(network, { engine, threads, optimizer, seed, maxBatch: batchSize });
  try {
    const ask: Predict = (inputs) => trainer.predict(inputs);
    const untrained = settings.refit ? await trainer.state() : undefined;
    const known = settings.refit ? options.chosen : undefined;
    const own = `${trainer.engine} (${trainer.detail})`;
    const chosen = {
      ...{ network, input },
      ...(known ? await restored(trainer, known) : await firstTraining(trainer, ask, parts, input, given)),
      judgedOn: clipSet(parts.validation),
      validation: await resultOf(ask, parts.validation, input, classes),
      ...(options.together && { together: options.together }),
      engine: known && known.engine !== own ? `${known.engine}, then ${own}` : own,
    };
    const trained = untrained ? { ...chosen, ...(await refit(trainer, untrained, parts, given)) } : chosen;
    await trainer.sync();
    // The same batch size as in training, so that predictions are equal to the bit.
    const later: Predict = (inputs) => predict(network, inputs, { engine: trainer.engine, batchSize });
    return { ...trained, predict: predictorOf(later, parts, trained.input, classes) };
  } finally {
    await trainer.dispose();
  }
}

/** @throws {UsageError} where only a script has the network */
function named(model: ModelName) {
  if (!isBaseline(model) && !isOwn(model)) return models[model];
  throw new UsageError(
    `${model} is no network of the workbench: a script defines it, by \`train(grid, { networks: { ${model.replace("own:", "")}: ... } })\``,
  );
}

/** The first training, whose epoch validation chooses. */
async function firstTraining(
  trainer: Trainer,
  ask: Predict,
  parts: Parts,
  input: InputSettings,
  given: Given,
): Promise<Pick<Trained, "history" | "bestEpoch" | "augmented">> {
  const { classes, options } = given;
  const { task, augmented } = await taskOf(trainer, parts, input, given);
  const validating = () => validate(ask, parts.validation, input, classes);
  const keep = options.together?.epoch;
  const key = keep === undefined ? task.key : `${task.key} ${keep}`;
  return { ...(await runLoop({ ...task, key, keep, validate: validating }, options)), augmented };
}

/** Restores the result of a finished first training, without training anything. */
async function restored(trainer: Trainer, { history, bestEpoch, weights }: Chosen) {
  const state = await trainer.state();
  trainer.restore({ ...state, weights: cutAs(weights, state.weights) });
  return { history, bestEpoch, augmented: [] };
}

/** @throws {UserError} when the weights are of another network */
function cutAs(flat: Float32Array, pattern: readonly Float32Array[]): Float32Array[] {
  let at = 0;
  const parts = pattern.map(({ length }) => {
    at += length;
    return flat.subarray(at - length, at);
  });
  if (at !== flat.length)
    throw new UserError(`the first training left ${flat.length} weights, and the network has ${at}`);
  return parts;
}

/** Trains the initial weights again, on the training and validation parts and the clips that only a refit trains on. */
async function refit(
  trainer: Trainer,
  untrained: TrainerState,
  parts: Parts,
  given: Given,
): Promise<Pick<Trained, "input" | "augmented" | "refitted">> {
  const all = joined(parts);
  const input = fitInput(all, given.settings, given.features.settings);
  const { task, augmented } = await taskOf(trainer, all, input, given);
  trainer.restore(untrained);
  await runLoop(task, given.options);
  return { input, augmented, refitted: clipSet(all.train) };
}

/** The task of a loop on the training part, and the clips that are augmented for it. */
async function taskOf(
  trainer: Trainer,
  parts: Parts,
  input: InputSettings,
  { features, classes, settings, options }: Given,
): Promise<{ task: LoopTask; augmented: string[] }> {
  const { seed, augmentation } = settings;
  const variants = await soundVariants(parts.train.clips, features.settings, augmentation, {
    ...options,
    seed,
  });
  const task = {
    trainer,
    batches: new BatchMaker(parts.train, variants, input, features.settings, settings, classes),
    ...orderOf(parts, settings),
    settings,
    key: keyOf(parts, features, classes, settings, options.network),
  };
  return { task, augmented: [...new Set(variants.flat().map(({ parent }) => parent))].sort() };
}

async function trainBaseline(parts: Parts, input: InputSettings, given: Given): Promise<Trained> {
  const { classes, settings, options } = given;
  const { onEpoch, signal, quiet, together } = options;
  const asking =
    (network: LayersModel): Predict =>
    (inputs) =>
      predict(network, inputs);
  const { network, history, bestEpoch } = await fitBaseline({
    model: settings.model as BaselineName,
    inputs: plainInputs(parts.train, input),
    labels: parts.train.labels,
    classes: classes.length,
    balanced: settings.balance !== "none",
    keep: together?.epoch,
    validate: (network) => validate(asking(network), parts.validation, input, classes),
    onEpoch,
    signal,
    quiet,
  });
  const chosen = {
    ...{ network, input, history, bestEpoch },
    ...(together && { together }),
    judgedOn: clipSet(parts.validation),
    augmented: [],
    validation: await resultOf(asking(network), parts.validation, input, classes),
    engine: settings.model === "svm" ? "none (SMO)" : "none (closed form or L-BFGS)",
  };
  const trained = settings.refit
    ? { ...chosen, ...(await refitAgain(parts, history[bestEpoch - 1]!, given)) }
    : chosen;
  return { ...trained, predict: predictorOf(asking(trained.network), parts, trained.input, classes) };
}

/** Fits a baseline again with the settings that validation chose, on the training and validation parts. */
async function refitAgain(
  parts: Parts,
  tried: EpochLog,
  { features, classes, settings, options }: Given,
): Promise<Pick<Trained, "network" | "input" | "refitted">> {
  const all = joined(parts);
  const input = fitInput(all, settings, features.settings);
  const { labels } = all.train;
  const balanced = settings.balance !== "none";
  const inputs = plainInputs(all.train, input);
  const task = { model: settings.model as BaselineName, inputs, labels, classes: classes.length, balanced };
  const network = await refitBaseline({ ...task, signal: options.signal }, tried);
  return { network, input, refitted: clipSet(all.train) };
}

/** The number and order of the clips of an epoch. */
function orderOf({ train, test }: Parts, settings: TrainingSettings): Pick<LoopTask, "places" | "orderOf"> {
  const { balance, seed, epochs, curriculum } = settings;
  const { labels } = train;
  if (!curriculum)
    return { places: labels.length, orderOf: (epoch) => epochOrder(labels, { balance, seed, epoch }) };
  const own = ofTestedCorpora(train.clips, test.clips);
  return {
    places: curriculumPlaces(curriculum, own.filter(Boolean).length),
    orderOf: (epoch) => curriculumOrder(own, curriculum, { seed, epoch, epochs }),
  };
}

/** For each training clip, whether its corpus is tested. */
function ofTestedCorpora(train: readonly Clip[], test: readonly Clip[]): boolean[] {
  const tested = new Set(test.map(({ corpus }) => corpus));
  return train.map(({ corpus }) => tested.has(corpus));
}

/** Hash of everything that determines the weights, except the engine. */
function keyOf(
  parts: Parts,
  features: FeatureSet,
  classes: readonly string[],
  settings: TrainingSettings,
  network: LayersModel | undefined,
): string {
  const ids = [parts.train, parts.validation].map(({ clips }) => clips.map(({ id }) => id));
  const own = network && { network: topologyDigest(network) };
  const votes = settings.softLabels && { votes: parts.train.clips.map(({ votes = {} }) => votes) };
  return sha256(canonicalJson({ settings, features: features.settings, classes, ids, ...own, ...votes }));
}

/** @throws {UsageError} when the user's own network has other inputs or outputs than the clips and classes */
function checkShape(network: LayersModel, { frames, bands, classes }: ModelOptions): void {
  const there = [...network.inputs, ...network.outputs].map(({ shape }) => shape.slice(1));
  const wanted = [[frames, bands], [classes]];
  if (JSON.stringify(there) === JSON.stringify(wanted)) return;
  const words = (shapes: (number | null)[][]) => shapes.map((shape) => `[${shape.join(", ")}]`).join(" to ");
  throw new UsageError(
    `the network goes from ${words(there)}: these clips and classes take ${words(wanted)}`,
  );
}

async function probabilitiesOf(ask: Predict, part: Part, input: InputSettings, classes: number) {
  const out = new Float32Array(part.clips.length * classes);
  for (let start = 0; start < part.clips.length; start += CHUNK) {
    const end = Math.min(start + CHUNK, part.clips.length);
    out.set(await ask(plainInputs(part, input, start, end)), start * classes);
  }
  return out;
}

async function validate(ask: Predict, part: Part, input: InputSettings, classes: readonly string[]) {
  const probabilities = await probabilitiesOf(ask, part, input, classes.length);
  let entropy = 0;
  part.labels.forEach((label, i) => {
    entropy -= Math.log(Math.max(probabilities[i * classes.length + label]!, 1e-7));
  });
  return { loss: entropy / part.labels.length, uar: score(part.labels, probabilities, classes).uar };
}

async function resultOf(
  ask: Predict,
  part: Part,
  input: InputSettings,
  classes: readonly string[],
): Promise<PartResult> {
  const probabilities = await probabilitiesOf(ask, part, input, classes.length);
  return {
    ids: part.clips.map(({ id }) => id),
    truth: part.labels,
    predicted: argmax(probabilities, classes.length),
    probabilities,
    metrics: score(part.labels, probabilities, classes),
  };
}

/** Predicts the clips of a part that was opened and that the fold has. */
function predictorOf(
  ask: Predict,
  parts: Parts,
  input: InputSettings,
  classes: readonly string[],
): Trained["predict"] {
  return async (open) => {
    const { part } = open;
    const own = parts[part];
    const opened = new Set(openedClips(open).map(({ id }) => id));
    const strange = own.clips.find(({ id }) => !opened.has(id));
    if (strange)
      throw new UsageError(
        `${strange.id} is of the ${part} part of the fold that was trained on, not of this one`,
      );
    return resultOf(ask, own, input, classes);
  };
}

function clipSet({ clips }: Part): ClipSet {
  return { clips: clips.length, digest: setDigest(clips.map(({ id }) => id)) };
}

function score(labels: readonly number[], probabilities: Float32Array, classes: readonly string[]): Metrics {
  const predicted = argmax(probabilities, classes.length);
  return metrics(confusionCounts(labels, predicted, classes.length), classes);
}
