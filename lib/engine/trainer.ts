import * as v from "valibot";
import { number, oneOf, strict } from "../base/schema.js";

/**
 * The interface between the training loop and the engines. Everything above this file (networks, loop, experiments) uses a
 * {@link Trainer}; everything below it (C core, TensorFlow.js) implements one.
 */

/**
 * What executes training, best first: tfjs-node-gpu on CUDA, our core on a GPU by WebGPU, the C core as addon or as WASM, or stock
 * TensorFlow.js.
 */
export const ENGINES = ["tensorflow-gpu", "webgpu", "native", "wasm", "tfjs"] as const;

/**
 * What executes a network, best first: `tensorflow-gpu` (tfjs-node-gpu on CUDA), `webgpu` (our core on
 * any GPU), `native` (the C core as a Node addon), `wasm`
 * (the C core as WebAssembly), `tfjs` (stock TensorFlow.js).
 */
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

/**
 * Settings of Adam (Kingma and Ba 2015) or AdamW (Loshchilov and Hutter 2019): `beta1` (default 0.9), `beta2` (0.999), `epsilon`
 * (1e-7), `weightDecay` (AdamW only, kernels only; 0), `clipNorm` (largest norm of the gradient; no clipping by default).
 */
export type OptimizerSettings = v.InferOutput<typeof optimizerSchema>;

/** The clips of one update. */
export interface Batch {
  /** Inputs: `count * product(inputShape)` numbers, clip by clip. */
  x: Float32Array;
  /** Targets: `count * classes` probabilities, clip by clip. */
  y: Float32Array;
  /** Weight of each clip in the loss `sum(weight * cross-entropy) / count`; default 1 each. */
  weights?: Float32Array;
  /** Number of clips. */
  count: number;
}

/** Inputs of equal shape, one after another in one flat array. */
export interface Inputs {
  /** `count * product(shape)` numbers. */
  x: Float32Array;
  /** The shape of one input, for example `[frames, bands]`. */
  shape: readonly number[];
  /** Number of inputs. */
  count: number;
}

/** The complete state of a trainer: it determines all further steps. */
export interface TrainerState {
  /** Number of updates done. */
  step: number;
  /** In the order of `model.weights`, with the running statistics of batch normalization. */
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
  /** For example "AVX-512". Engine and instruction set affect the last bits of the results; the number of threads does not. */
  readonly instructionSet: string;
  /** Does one update; resolves to the batch's loss before it, with dropout active. */
  step(batch: Batch, learningRate: number): Promise<number>;
  /** `count * classes` probabilities, in inference mode. */
  predict(inputs: Inputs): Promise<Float32Array>;
  /** A copy of the state. */
  state(): Promise<TrainerState>;
  /** Returns to a state, which is copied: the next steps repeat, bit for bit, those that followed it. */
  restore(state: TrainerState): void;
  /** Copies the weights into the tf.LayersModel. */
  sync(): Promise<void>;
  /** Ends the threads and frees the memory. */
  dispose(): Promise<void>;
}

/** Options of {@link createTrainer}. */
export interface TrainerOptions {
  /** Default: the best available. */
  engine?: EngineName;
  optimizer: OptimizerSettings;
  /** Seed of dropout. */
  seed: number;
  /** The largest `count` of a batch. */
  maxBatch: number;
  /** Default: all cores. */
  threads?: number;
}
