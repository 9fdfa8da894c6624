import * as v from "valibot";
import { number, oneOf, strict } from "../base/schema.js";

/**
 * The contract between the training loop and whatever executes it. Everything above this file (networks, loop,
 * experiments) speaks to a {@link Trainer}; everything below it (C core, TensorFlow.js) is one.
 */

/** What executes training, best first: tfjs-node-gpu on CUDA, the C core as addon or as WASM, or stock TensorFlow.js. */
export const ENGINES = ["tensorflow-gpu", "native", "wasm", "tfjs"] as const;
export type EngineName = (typeof ENGINES)[number];

export const OPTIMIZERS = ["adam", "adamw"] as const;

export const optimizerSchema = strict("The optimizer and its settings.", {
  name: oneOf("Optimizer; `adamw` has decoupled weight decay.", OPTIMIZERS),
  beta1: v.optional(number("Decay of the first moment.", { from: 0, to: 0.999999, usual: 0.9 })),
  beta2: v.optional(number("Decay of the second moment.", { from: 0, to: 0.999999, usual: 0.999 })),
  epsilon: v.optional(number("Added to the denominator.", { above: 0, to: 1, usual: 1e-7 })),
  weightDecay: v.optional(
    number(
      "Weight decay of `adamw`, decoupled: `w -= rate * decay * w`, on kernels, not on biases and normalisation.",
      { from: 0, to: 1000, usual: 0 },
    ),
  ),
  clipNorm: v.optional(
    number(
      "Gradient clipping: a gradient with a larger norm over all weights is scaled down to it. Absent: no clipping.",
      { above: 0 },
    ),
  ),
});
export type OptimizerSettings = v.InferOutput<typeof optimizerSchema>;

/** What one update sees. */
export interface Batch {
  /** `count * product(inputShape)` numbers. */
  x: Float32Array;
  /** `count * classes` probabilities. */
  y: Float32Array;
  /** Of each clip in the loss, `sum(weight * cross-entropy) / count`; default 1 each. */
  weights?: Float32Array;
  count: number;
}

/** Inputs of equal shape, one after another in one flat array. */
export interface Inputs {
  /** `count * product(shape)` numbers. */
  x: Float32Array;
  /** The shape of one input, for example `[frames, bands]`. */
  shape: readonly number[];
  count: number;
}

/** All that decides the steps to come. */
export interface TrainerState {
  /** Updates done. */
  step: number;
  /** In the order of `model.weights`, with the running statistics. */
  weights: Float32Array[];
  /** First moments, in the order of `model.trainableWeights`. */
  m: Float32Array[];
  /** Second moments, in the same order. */
  v: Float32Array[];
}

/** Trains one model. Calls must not overlap. */
export interface Trainer {
  readonly engine: EngineName;
  /** Threads and instruction set, in words. */
  readonly detail: string;
  /** For example "AVX-512": with the engine what decides the last bits; the number of threads does not. */
  readonly instructionSet: string;
  /** One update; resolves to the loss before it, of that batch, with dropout active. */
  step(batch: Batch, learningRate: number): Promise<number>;
  /** `count * classes` probabilities, in inference mode. */
  predict(inputs: Inputs): Promise<Float32Array>;
  /** A copy. */
  state(): TrainerState;
  /** Takes a copy; the steps that follow are, bit for bit, those that followed the state. */
  restore(state: TrainerState): void;
  /** Puts the weights into the tf.LayersModel. */
  sync(): void;
  dispose(): Promise<void>;
}

export interface TrainerOptions {
  /** Default: the best there is. */
  engine?: EngineName;
  optimizer: OptimizerSettings;
  /** Of dropout. */
  seed: number;
  /** The largest `count` of a batch. */
  maxBatch: number;
  /** Default: all cores. */
  threads?: number;
}
