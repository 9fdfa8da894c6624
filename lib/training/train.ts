import type { LayersModel } from "@tensorflow/tfjs";
import { UserError } from "../base/errors.js";
import { Progress } from "../base/progress.js";
import { copyWeights, fit, type LabelledInputs, predict, restoreWeights } from "../engine/engine.js";
import { argmax, confusionCounts, type Metrics, metrics } from "../evaluation/metrics.js";
import type { FeatureSet } from "../features/corpus.js";
import { fitNormaliser, type Normalisation, type Normaliser } from "../features/normalise.js";
import { networkInput } from "../inference/input.js";
import { type ModelName, models } from "../models/models.js";
import type { Split } from "./split.js";

/** What is chosen before a training; part of a run's name. */
export interface TrainingSettings {
  model: ModelName;
  /** Frames of an input. */
  frames: number;
  normalisation: Normalisation;
  epochs: number;
  /** Epochs without a better validation UAR after which the training ends. */
  patience: number;
  batchSize: number;
  learningRate: number;
  /** Whether each class weighs the same in the loss, however many clips it has. */
  balance: boolean;
  seed: number;
}

/** Settings for a small network on 40 MFCC, a few minutes on two cores. */
export const TRAINING: TrainingSettings = {
  model: "cnn",
  frames: 100,
  normalisation: "global",
  epochs: 15,
  patience: 6,
  batchSize: 32,
  learningRate: 2e-3,
  balance: true,
  seed: 1,
};

/** One epoch's figures; losses are mean cross-entropies in nats. */
export interface EpochLog {
  epoch: number;
  trainLoss: number;
  validationLoss: number;
  validationUar: number;
  seconds: number;
}

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
  normaliser: Normaliser;
  history: EpochLog[];
  /** The epoch with the best validation UAR, whose weights `network` has. */
  bestEpoch: number;
  validation: PartResult;
  test: PartResult;
}

export interface TrainOptions {
  quiet?: boolean;
  signal?: AbortSignal;
  onEpoch?: (log: EpochLog) => void;
}

/**
 * Trains a network on the training part, keeps the epoch with the best validation UAR, and only then looks at
 * the test part, once. The normalisation is fitted on the training part alone.
 *
 * @param features of all clips of the split
 * @param split ids of the clips; those whose features could not be had are left out
 * @param classes the classes, in the order of the outputs
 * @throws {UserError} when a part is empty, or the loss stops being a number
 */
export async function train(
  features: FeatureSet,
  split: Split,
  classes: readonly string[],
  settings: TrainingSettings,
  options: TrainOptions = {},
): Promise<Trained> {
  const indexOf = new Map(features.clips.map((clip, i) => [clip.id, i]));
  const indices = (part: "train" | "validation" | "test") => {
    const found = split[part].flatMap((id) => indexOf.get(id) ?? []);
    if (found.length === 0) throw new UserError(`the ${part} part of "${split.name}" has no clips`);
    return found;
  };
  const trainIndices = indices("train");
  const normaliser = fitNormaliser(
    settings.normalisation,
    trainIndices.map((i) => ({ matrix: features.matrix(i), speaker: features.clips[i]!.speaker })),
  );
  const inputsOf = (chosen: readonly number[]) =>
    labelledInputs(features, chosen, classes, { normaliser, frames: settings.frames });
  const trainData = inputsOf(trainIndices);
  if (settings.balance) trainData.weights = balancedWeights(trainData);
  const validationData = inputsOf(indices("validation"));

  const network = await models[settings.model]({
    frames: settings.frames,
    bands: features.matrix(0).cols,
    classes: classes.length,
    seed: settings.seed,
  });
  const history: EpochLog[] = [];
  let best = { epoch: 0, uar: Number.NEGATIVE_INFINITY, weights: copyWeights(network) };
  let start = performance.now();
  let progress = epochProgress(1);
  await fit(network, trainData, {
    ...settings,
    signal: options.signal,
    onBatch: (done) => progress.step(done - progress.count),
    onEpoch: async (epoch, trainLoss) => {
      const probabilities = await predict(network, validationData);
      const validationUar = score(validationData, probabilities, classes).uar;
      const log = {
        epoch,
        trainLoss,
        validationLoss: crossEntropy(validationData, probabilities),
        validationUar,
        seconds: (performance.now() - start) / 1000,
      };
      history.push(log);
      progress.clear();
      options.onEpoch?.(log);
      if (validationUar > best.uar) best = { epoch, uar: validationUar, weights: copyWeights(network) };
      start = performance.now();
      progress = epochProgress(epoch + 1);
      return epoch - best.epoch < settings.patience;
    },
  });
  await restoreWeights(network, best.weights);

  const result = async (part: "validation" | "test", data: LabelledInputs): Promise<PartResult> => {
    const probabilities = await predict(network, data);
    const truth = argmax(data.y, classes.length);
    const predicted = argmax(probabilities, classes.length);
    const ids = indices(part).map((i) => features.clips[i]!.id);
    return { ids, truth, predicted, probabilities, metrics: score(data, probabilities, classes) };
  };
  return {
    network,
    normaliser,
    history,
    bestEpoch: best.epoch,
    validation: await result("validation", validationData),
    test: await result("test", inputsOf(indices("test"))),
  };

  function epochProgress(epoch: number): Progress {
    return new Progress(`epoch ${epoch}/${settings.epochs}`, trainData.count, { quiet: options.quiet });
  }
}

function labelledInputs(
  features: FeatureSet,
  chosen: readonly number[],
  classes: readonly string[],
  settings: { normaliser: Normaliser; frames: number },
): LabelledInputs {
  const { cols } = features.matrix(chosen[0]!);
  const width = settings.frames * cols;
  const x = new Float32Array(chosen.length * width);
  const y = new Float32Array(chosen.length * classes.length);
  chosen.forEach((index, i) => {
    const clip = features.clips[index]!;
    x.set(networkInput(features.matrix(index), settings, clip.speaker), i * width);
    y[i * classes.length + classes.indexOf(clip.emotion)] = 1;
  });
  return { x, shape: [settings.frames, cols], count: chosen.length, y, classes: classes.length };
}

/** Weights under which each class weighs the same: n / (classes * n of the class), as scikit-learn's "balanced". */
export function balancedWeights(data: LabelledInputs): Float32Array {
  const truth = argmax(data.y, data.classes);
  const counts = new Array<number>(data.classes).fill(0);
  for (const t of truth) counts[t]!++;
  const present = counts.filter((n) => n > 0).length;
  return Float32Array.from(truth, (t) => data.count / (present * counts[t]!));
}

function score(data: LabelledInputs, probabilities: Float32Array, classes: readonly string[]): Metrics {
  const truth = argmax(data.y, classes.length);
  const predicted = argmax(probabilities, classes.length);
  return metrics(confusionCounts(truth, predicted, classes.length), classes);
}

function crossEntropy(data: LabelledInputs, probabilities: Float32Array): number {
  let total = 0;
  data.y.forEach((target, i) => {
    if (target > 0) total -= target * Math.log(Math.max(probabilities[i]!, 1e-7));
  });
  return total / data.count;
}
