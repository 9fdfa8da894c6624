import { UsageError } from "../base/errors.js";
import { OPTIMIZERS, type OptimizerSettings } from "../engine/trainer.js";
import type { Normalisation } from "../features/normalise.js";
import { isBaseline, MODEL_NAMES, type ModelName } from "../models/names.js";
import type { AugmentationSettings } from "./augmentation.js";
import type { Curriculum } from "./curriculum.js";
import { BALANCES, type Balance } from "./sampler.js";
import { SCHEDULES, type ScheduleSettings } from "./schedule.js";

/** What is chosen before a training; part of a run's name. */
export interface TrainingSettings {
  model: ModelName;
  /** Frames of an input. */
  frames: number;
  normalisation: Normalisation;
  /** At most. */
  epochs: number;
  /** Epochs without a better validation UAR after which the training ends. */
  patience: number;
  batchSize: number;
  /** The highest of the schedule. */
  learningRate: number;
  schedule: ScheduleSettings;
  optimizer: OptimizerSettings;
  balance: Balance;
  /** Share of the target's probability that is spread over all classes; 0 for none (Szegedy et al. 2016). */
  labelSmoothing: number;
  /** Alpha of mixup; 0 for none. */
  mixup: number;
  augmentation: AugmentationSettings;
  /** Where other corpora train besides the tested one; absent, every training clip comes once an epoch. */
  curriculum?: Curriculum;
  /**
   * Trains the network once more from the start, on the training and the validation part together and for all epochs, and keeps
   * these weights: validation has had its say by then, and its speakers are worth hearing. Its figures stay those of the first
   * training. Twice the time; default no.
   */
  refit?: boolean;
  seed: number;
}

/** Settings for a network on clips of a few seconds. */
export const TRAINING: TrainingSettings = {
  model: "cnn",
  frames: 100,
  normalisation: "global",
  epochs: 30,
  patience: 10,
  batchSize: 32,
  learningRate: 3e-3,
  schedule: { name: "cosine", warmup: 1 },
  optimizer: { name: "adamw", weightDecay: 0.01, clipNorm: 5 },
  balance: "weights",
  labelSmoothing: 0,
  mixup: 0,
  augmentation: {},
  seed: 1,
};

/** Settings for the small network on 40 MFCC, a few minutes on two cores with any engine. */
export const SMALL_TRAINING: TrainingSettings = {
  ...TRAINING,
  model: "cnn-small",
  epochs: 15,
  patience: 6,
  learningRate: 2e-3,
  schedule: { name: "constant" },
  optimizer: { name: "adam" },
};

/** @throws {UsageError} naming the setting that makes no sense */
export function checkTraining(settings: TrainingSettings): void {
  oneOf("model", settings.model, MODEL_NAMES);
  oneOf("balance", settings.balance, BALANCES);
  oneOf("schedule", settings.schedule.name, SCHEDULES);
  oneOf("optimizer", settings.optimizer.name, OPTIMIZERS);
  whole("frames", settings.frames, 4, 1e5);
  whole("epochs", settings.epochs, 1, 1e6);
  whole("patience", settings.patience, 1, 1e6);
  whole("batchSize", settings.batchSize, 1, 1e5);
  within("schedule.warmup", settings.schedule.warmup ?? 0, 0, 1e6);
  within("schedule.floor", settings.schedule.floor ?? 0, 0, 1);
  whole("schedule.patience", settings.schedule.patience ?? 1, 1, 1e6);
  within("optimizer.beta1", settings.optimizer.beta1 ?? 0, 0, 1 - Number.EPSILON);
  within("optimizer.beta2", settings.optimizer.beta2 ?? 0, 0, 1 - Number.EPSILON);
  within("optimizer.epsilon", settings.optimizer.epsilon ?? 1, Number.MIN_VALUE, 1);
  within("learningRate", settings.learningRate, Number.MIN_VALUE, Number.MAX_VALUE);
  within("labelSmoothing", settings.labelSmoothing, 0, 0.999);
  within("mixup", settings.mixup, 0, 1e3);
  within("weightDecay", settings.optimizer.weightDecay ?? 0, 0, 1e3);
  within("clipNorm", settings.optimizer.clipNorm ?? 1, Number.MIN_VALUE, Number.MAX_VALUE);
  within("speed", settings.augmentation.speed ?? 0, 0, 0.5);
  within("vocalTract", settings.augmentation.vocalTract ?? 0, 0, 0.5);
  within("tempo", settings.augmentation.tempo ?? 0, 0, 0.5);
  within("pitch", settings.augmentation.pitch ?? 0, 0, 12);
  if (settings.curriculum) {
    within("curriculum.places", settings.curriculum.places, 0.01, 1000);
    within("curriculum.share", settings.curriculum.share, 0, 1);
    within("curriculum.until", settings.curriculum.until, 0.01, 1);
    if (isBaseline(settings.model))
      throw new UsageError(
        `the ${settings.model} model has no epochs, in which a curriculum could go on: leave it out`,
      );
    if (settings.balance === "sampling")
      throw new UsageError(
        "balance is sampling: with a curriculum, which draws the clips, it takes none, weights",
      );
  }
  if (settings.refit !== undefined) checkRefit(settings);
  if (isBaseline(settings.model) && !["global", "speaker"].includes(settings.normalisation)) {
    throw new UsageError(
      `normalisation is ${settings.normalisation}: the ${settings.model} model takes global (or speaker), since its statistics have to be standardised over clips`,
    );
  }
}

/** @throws {UsageError} where the second training would have to ask validation */
function checkRefit({ refit, model, schedule }: TrainingSettings): void {
  // From a file it may be anything.
  if (typeof refit !== "boolean") throw new UsageError(`refit is ${refit}: it takes true or false`);
  if (!refit) return;
  if (isBaseline(model))
    throw new UsageError(`refit trains a network anew, and ${model} is none: leave it out`);
  if (schedule.name === "plateau")
    throw new UsageError(
      "refit has no validation part that a plateau schedule could go by: take cosine, one-cycle or constant",
    );
}

function oneOf(name: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) throw new UsageError(`${name} is ${value}: it takes ${allowed.join(", ")}`);
}

function within(name: string, value: number, low: number, high: number): void {
  // From a file it may be anything.
  if (typeof value === "number" && value >= low && value <= high) return;
  const given = typeof value === "number" ? value : JSON.stringify(value);
  throw new UsageError(`${name} is ${given}: it takes ${low} to ${high}`);
}

function whole(name: string, value: number, low: number, high: number): void {
  within(name, value, low, high);
  if (!Number.isInteger(value))
    throw new UsageError(`${name} is ${value}: it takes a whole number of ${low} to ${high}`);
}
