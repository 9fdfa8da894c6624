import type { LayersModel } from "@tensorflow/tfjs";
import { canonicalJson, sha256 } from "../base/hash.js";
import { createTrainer, predict } from "../engine/engine.js";
import type { EngineName, Inputs } from "../engine/trainer.js";
import { argmax, confusionCounts, type Metrics, metrics } from "../evaluation/metrics.js";
import type { FeatureSet } from "../features/corpus.js";
import type { InputSettings } from "../inference/input.js";
import { models } from "../models/models.js";
import { isBaseline, type NetworkName } from "../models/names.js";
import { fitBaseline } from "./baseline.js";
import type { EpochLog } from "./history.js";
import { BatchMaker, fitInput, type Part, type Parts, partsOf, plainInputs } from "./inputs.js";
import { type LoopOptions, runLoop } from "./loop.js";
import { checkTraining, type TrainingSettings } from "./settings.js";
import type { Split } from "./split.js";
import { soundVariants } from "./variants.js";

export type { EpochLog } from "./history.js";
export { SMALL_TRAINING, TRAINING, type TrainingSettings } from "./settings.js";

/** Clips a prediction takes at a time, so that the inputs of a whole part are never in memory together. */
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

export interface Trained {
  network: LayersModel;
  /** How a clip's features become the network's input. */
  input: InputSettings;
  history: EpochLog[];
  /** The epoch with the best validation UAR, whose weights `network` has. */
  bestEpoch: number;
  validation: PartResult;
  test: PartResult;
  /** What trained it: engine, threads, instruction set. */
  engine: string;
}

export interface TrainOptions extends LoopOptions {
  /** Default: the best there is. */
  engine?: EngineName;
  threads?: number;
}

type Predict = (inputs: Inputs) => Promise<Float32Array>;

/**
 * Trains a network or a baseline on the training part, keeps the epoch with the best validation UAR, and only then looks
 * at the test part, once. Normalisation is fitted on the training part alone, and only its clips are augmented.
 * The same settings on the same engine give the same weights.
 *
 * @param features of all clips of the split
 * @param split ids of the clips; those whose features could not be had are left out
 * @param classes the classes, in the order of the outputs
 * @param settings see {@link TrainingSettings}
 * @throws {UserError} when a part is empty, a clip's features are not finite, or the loss stops being a number
 * @throws {UsageError} when a setting makes no sense
 * @example const { network, test } = await train(features, heldOutSpeakers(features.clips), classesOf(features.clips), TRAINING);
 */
export async function train(
  features: FeatureSet,
  split: Split,
  classes: readonly string[],
  settings: TrainingSettings,
  options: TrainOptions = {},
): Promise<Trained> {
  checkTraining(settings);
  const parts = partsOf(features, split, classes);
  const missing = classes.filter((_, c) => !parts.train.labels.includes(c));
  if (missing.length > 0) options.log?.(`no clip to train on is of class ${missing.join(", ")}`);
  const input = fitInput(parts.train, settings);
  const result = isBaseline(settings.model)
    ? await trainBaseline(parts, input, classes, settings, options)
    : await trainNetwork(parts, input, features, classes, settings, options);
  return { ...result, input };
}

async function trainNetwork(
  parts: Parts,
  input: InputSettings,
  features: FeatureSet,
  classes: readonly string[],
  settings: TrainingSettings,
  options: TrainOptions,
): Promise<Omit<Trained, "input">> {
  const { seed, batchSize, optimizer, augmentation } = settings;
  const { engine, threads } = options;
  const { labels, clips } = parts.train;
  const variants = await soundVariants(clips, features.settings, augmentation, { ...options, seed });
  const network = await models[settings.model as NetworkName]({
    frames: settings.frames,
    bands: features.matrix(0).cols,
    classes: classes.length,
    seed,
  });
  const trainer = await createTrainer(network, { engine, threads, optimizer, seed, maxBatch: batchSize });
  try {
    const ask: Predict = (inputs) => trainer.predict(inputs);
    const { history, bestEpoch } = await runLoop(
      {
        trainer,
        batches: new BatchMaker(parts.train, variants, input, features.settings, settings, classes.length),
        labels,
        settings,
        key: keyOf(parts, features, classes, settings),
        validate: () => validate(ask, parts.validation, input, classes),
      },
      options,
    );
    trainer.sync();
    return {
      network,
      history,
      bestEpoch,
      validation: await resultOf(ask, parts.validation, input, classes),
      test: await resultOf(ask, parts.test, input, classes),
      engine: `${trainer.engine} (${trainer.detail})`,
    };
  } finally {
    await trainer.dispose();
  }
}

async function trainBaseline(
  parts: Parts,
  input: InputSettings,
  classes: readonly string[],
  settings: TrainingSettings,
  { onEpoch, signal, quiet }: TrainOptions,
): Promise<Omit<Trained, "input">> {
  const asking =
    (network: LayersModel): Predict =>
    (inputs) =>
      predict(network, inputs);
  const { network, history, bestEpoch } = await fitBaseline({
    model: settings.model as "linear" | "majority",
    inputs: plainInputs(parts.train, input),
    labels: parts.train.labels,
    classes: classes.length,
    balanced: settings.balance !== "none",
    validate: (network) => validate(asking(network), parts.validation, input, classes),
    onEpoch,
    signal,
    quiet,
  });
  return {
    network,
    history,
    bestEpoch,
    validation: await resultOf(asking(network), parts.validation, input, classes),
    test: await resultOf(asking(network), parts.test, input, classes),
    engine: "none (closed form or L-BFGS)",
  };
}

/** Names all that decides the weights but the engine. */
function keyOf(
  parts: Parts,
  features: FeatureSet,
  classes: readonly string[],
  settings: TrainingSettings,
): string {
  const ids = [parts.train, parts.validation].map(({ clips }) => clips.map(({ id }) => id));
  return sha256(canonicalJson({ settings, features: features.settings, classes, ids }));
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

function score(labels: readonly number[], probabilities: Float32Array, classes: readonly string[]): Metrics {
  const predicted = argmax(probabilities, classes.length);
  return metrics(confusionCounts(labels, predicted, classes.length), classes);
}
