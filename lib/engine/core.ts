/** The codes of the training core's programs, see core/core.h. */
export const CORE_MAGIC = 0x53455231;
/** For a program for inference only. */
export const CORE_FORWARD = 0x53455232;
export const NONE = -1;
export const PARAM = { trainable: 1, decay: 2 } as const;
export const OP = {
  dense: 1,
  conv2d: 2,
  depthwise: 3,
  batchNorm: 4,
  layerNorm: 5,
  activation: 6,
  maxPool: 7,
  avgPool: 8,
  globalPool: 9,
  dropout: 10,
  lstm: 11,
  gru: 12,
  concat: 13,
  add: 14,
  multiply: 15,
  dot: 16,
  reverse: 17,
  permute: 18,
  frames: 19,
  positions: 20,
  attention: 21,
  groupNorm: 22,
  grouped: 23,
} as const;
export const ACTIVATION = {
  linear: 0,
  relu: 1,
  elu: 2,
  tanh: 3,
  sigmoid: 4,
  hardSigmoid: 5,
  softmax: 6,
  leakyRelu: 7,
  relu6: 8,
  gelu: 9,
} as const;
export const FRAMES = { count: 0, share: 1, log: 2 } as const;
/** The core's largest number of groups of a convolution. */
export const MAX_GROUPS = 32;
/** What one random draw of dropout applies to. */
export const DROPOUT = { units: 0, channels: 1, clips: 2 } as const;
export const RNN = { sequences: 1, backwards: 2, inTime: 4 } as const;

/** The bits of a 32-bit float as an integer, for a program. */
export function floatBits(value: number): number {
  return new Int32Array(Float32Array.of(value).buffer)[0];
}

export interface CoreOptions {
  /** Largest number of clips of a batch. */
  maxBatch: number;
  /** Seed of the dropout masks. */
  seed: number;
  /** Default 0.9. */
  beta1?: number;
  /** Default 0.999. */
  beta2?: number;
  /** Default 1e-7. */
  epsilon?: number;
  /** Decoupled weight decay of the parameters that are marked for it; default 0. */
  weightDecay?: number;
  /** Largest global norm of the gradient; default: no clipping. */
  clipNorm?: number;
  /** Default: one per CPU core. The result does not depend on it. */
  threads?: number;
}

/** A batch for the core; the loss is `sum(weights * cross-entropy) / count`. */
export interface CoreBatch {
  /** `count` inputs, one after another. */
  x: Float32Array;
  /** `count * classes` probabilities. */
  y: Float32Array;
  /** One per clip; default 1. */
  weights?: Float32Array;
  count: number;
}

/** Adam's moments, laid out as the parameters, and the number of updates done. */
export interface CoreMoments {
  m: Float32Array;
  v: Float32Array;
  step: number;
}

/** On the processor's cores a result is there at once; a GPU sends it later. */
export type Later<T> = T | Promise<T>;

/** One network in the core, with its own memory and threads. All returned arrays are copies. Calls must not overlap. */
export interface CoreNetwork {
  readonly threads: number;
  /** Does one update of the optimizer; returns the loss before it. */
  step(batch: CoreBatch, learningRate: number): Later<number>;
  /** Loss and gradient in training mode with the next step's dropout masks; changes no state. */
  gradients(batch: CoreBatch): Later<{ loss: number; gradients: Float32Array }>;
  /** `count * classes` probabilities, in inference mode; any count. */
  predict(x: Float32Array, count: number): Later<Float32Array>;
  /** The flat parameter vector, with the running statistics. */
  parameters(): Later<Float32Array>;
  setParameters(values: Float32Array): void;
  moments(): Later<CoreMoments>;
  setMoments(moments: CoreMoments): void;
  /** Ends the threads and frees the memory. */
  destroy(): Promise<void>;
}

/** One network in the core for inference only, on one input at a time, whose rows the threads share. Calls must not overlap. */
export interface CoreForward {
  readonly threads: number;
  /** Changes the sizes to those of another input; `program` is of the same network. */
  reshape(program: Int32Array): Later<void>;
  /** Returns a copy of the output. */
  run(x: Float32Array): Later<Float32Array>;
  /** Ends the threads and frees the memory. */
  destroy(): Promise<void>;
}

/** A build of the core that runs on this machine. */
export interface Core {
  readonly engine: "webgpu" | "native" | "wasm";
  /** "AVX-512", "AVX2+FMA", "SSE2", "NEON", "WASM SIMD", "WASM SIMD, no threads"; of a GPU its driver and name. */
  readonly instructionSet: string;
  /**
   * @param program see core/core.h
   * @param parameters the initial values, `max(offset + size)` floats
   * @throws {Error} when the program is not valid (a bug of the compiler, not of the user) or memory runs out
   */
  create(program: Int32Array, parameters: Float32Array, options: CoreOptions): Promise<CoreNetwork>;
  /**
   * @param program one that begins with CORE_FORWARD
   * @param threads default: one per CPU core; the result does not depend on it
   * @throws {Error} as `create`
   */
  createForward(program: Int32Array, parameters: Float32Array, threads?: number): Promise<CoreForward>;
}

/** A core, or the reason why it is not available. */
export type FoundCore = { core: Core } | { reason: string };

/** The core's largest number of threads. */
export const MAX_THREADS = 64;

/** The arrays of a core: ARRAY_... of core/core.h. */
export const ARRAY = {
  parameters: 0,
  m: 1,
  v: 2,
  gradients: 3,
  input: 4,
  targets: 5,
  weights: 6,
  output: 7,
} as const;

/** The optimizer's settings in the order of core_optimizer; 0 means no clipping. */
export function optimizerOf(options: CoreOptions): [number, number, number, number, number] {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, weightDecay = 0, clipNorm = 0 } = options;
  return [beta1, beta2, epsilon, weightDecay, clipNorm];
}

/** @throws {RangeError} when the batch is empty or too large for the core */
export function checkBatch({ count }: CoreBatch, maxBatch: number): void {
  if (!(Number.isInteger(count) && count >= 1 && count <= maxBatch))
    throw new RangeError(`a batch of ${count} clips; the network was made for 1 to ${maxBatch}`);
}

/** Predicts in batches of at most `maxBatch`; `one` returns `maxBatch` rows, the first `n` of them valid. */
export function predictAll(
  x: Float32Array,
  count: number,
  maxBatch: number,
  one: (part: Float32Array, n: number) => Float32Array,
): Float32Array {
  const width = x.length / Math.max(1, count);
  let out = new Float32Array(0);
  for (let start = 0; start < count; start += maxBatch) {
    const n = Math.min(maxBatch, count - start);
    const probabilities = one(x.subarray(start * width, (start + n) * width), n);
    const classes = probabilities.length / maxBatch;
    if (start === 0) out = new Float32Array(count * classes);
    out.set(probabilities.subarray(0, n * classes), start * classes);
  }
  return out;
}
