import type { LayersModel, Tensor, Variable } from "@tensorflow/tfjs";
import { startTfjs, type tf as Tfjs } from "./tfjs.js";
import type { Batch, Inputs, OptimizerSettings, Trainer, TrainerOptions, TrainerState } from "./trainer.js";

/** Batch size of predictions, clips. */
const PREDICT_BATCH = 64;

/**
 * Trains any tf.layers model with TensorFlow.js's automatic differentiation: the slowest engine, which supports every layer. Adam
 * and AdamW are implemented below, so that their state can be saved and restored exactly.
 *
 * @param model its last layer outputs probabilities; trained in place
 * @example const trainer = await createTfjsTrainer(model, { optimizer: { name: "adam" }, seed: 1, maxBatch: 32 });
 */
export async function createTfjsTrainer(model: LayersModel, options: TrainerOptions): Promise<Trainer> {
  return new TfjsTrainer(await startTfjs(), model, options);
}

class TfjsTrainer implements Trainer {
  readonly engine: "tensorflow-gpu" | "tfjs";
  readonly detail: string;
  readonly instructionSet: string;
  readonly #tf: typeof Tfjs;
  readonly #model: LayersModel;
  readonly #seed: number;
  readonly #update: Adam;
  #step = 0;

  constructor(tf: typeof Tfjs, model: LayersModel, { engine, optimizer, seed }: TrainerOptions) {
    this.engine = engine === "tensorflow-gpu" ? engine : "tfjs";
    this.instructionSet = tf.getBackend();
    this.detail = `TensorFlow.js ${tf.version_core}, ${this.instructionSet}`;
    this.#tf = tf;
    this.#model = model;
    this.#seed = seed;
    const variables = model.trainableWeights;
    this.#update = new Adam(
      optimizer,
      variables.map(({ shape }) => ({ size: sizeOf(shape), kernel: shape.length > 1 })),
    );
  }

  async step(batch: Batch, learningRate: number): Promise<number> {
    const tf = this.#tf;
    const model = this.#model;
    reseedDropout(model, this.#seed, this.#step);
    const variables = model.trainableWeights.map((weight) => weight.read() as Variable);
    const { count } = batch;
    const loss = tf.tidy(() => {
      const x = tf.tensor(batch.x, [count, ...inputShape(model)]);
      const y = tf.tensor2d(batch.y, [count, batch.y.length / count]);
      const weights = batch.weights && tf.tensor1d(batch.weights);
      const { value, grads } = tf.variableGrads(() => {
        const probabilities = model.apply(x, { training: true }) as Tensor;
        const entropy = tf.neg(tf.sum(tf.mul(y, tf.log(tf.add(probabilities, 1e-7))), -1));
        return tf.mean(weights ? tf.mul(entropy, weights) : entropy).asScalar();
      }, variables);
      const gradients = variables.map(({ name }) => grads[name]!.dataSync() as Float32Array);
      const values = variables.map((variable) => Float32Array.from(variable.dataSync()));
      this.#update.apply(values, gradients, learningRate, this.#step + 1);
      variables.forEach((variable, i) => {
        variable.assign(tf.tensor(values[i]!, variable.shape));
      });
      return value.dataSync()[0]!;
    });
    this.#step++;
    await new Promise(setImmediate); // lets a Ctrl-C through
    return loss;
  }

  async predict({ x, shape, count }: Inputs): Promise<Float32Array> {
    const tf = this.#tf;
    const width = sizeOf(shape);
    const classes = sizeOf(this.#model.outputs[0]!.shape.slice(1));
    const out = new Float32Array(count * classes);
    for (let start = 0; start < count; start += PREDICT_BATCH) {
      const end = Math.min(count, start + PREDICT_BATCH);
      const part = tf.tidy(() => {
        const inputs = tf.tensor(x.subarray(start * width, end * width), [end - start, ...shape]);
        return (this.#model.apply(inputs, { training: false }) as Tensor).dataSync() as Float32Array;
      });
      out.set(part, start * classes);
      await new Promise(setImmediate);
    }
    return out;
  }

  async state(): Promise<TrainerState> {
    const weights = this.#model.weights.map((weight) => Float32Array.from(weight.read().dataSync()));
    return { step: this.#step, weights, m: copies(this.#update.m), v: copies(this.#update.v) };
  }

  restore({ step, weights, m, v }: TrainerState): void {
    const tf = this.#tf;
    tf.tidy(() => {
      this.#model.weights.forEach((weight, i) => {
        weight.write(tf.tensor(weights[i]!, weight.shape as number[]));
      });
    });
    this.#step = step;
    this.#update.m = copies(m);
    this.#update.v = copies(v);
  }

  /** Nothing to do: the weights never leave the model. */
  async sync(): Promise<void> {}

  async dispose(): Promise<void> {}
}

/**
 * Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019):
 * m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w -= rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps).
 */
class Adam {
  m: Float32Array[];
  v: Float32Array[];
  readonly #settings: OptimizerSettings;
  readonly #kernels: boolean[];

  constructor(settings: OptimizerSettings, weights: readonly { size: number; kernel: boolean }[]) {
    this.#settings = settings;
    this.#kernels = weights.map(({ kernel }) => kernel);
    this.m = weights.map(({ size }) => new Float32Array(size));
    this.v = weights.map(({ size }) => new Float32Array(size));
  }

  /** Changes `values`; `t` is the number of this update, from 1. */
  apply(values: readonly Float32Array[], gradients: readonly Float32Array[], rate: number, t: number): void {
    const { name, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, weightDecay = 0, clipNorm } = this.#settings;
    const scale = clipNorm === undefined ? 1 : Math.min(1, clipNorm / globalNorm(gradients));
    const first = 1 - beta1 ** t;
    const second = 1 - beta2 ** t;
    values.forEach((w, layer) => {
      const gradient = gradients[layer]!;
      const m = this.m[layer]!;
      const v = this.v[layer]!;
      const keep = name === "adamw" && this.#kernels[layer] ? 1 - rate * weightDecay : 1;
      for (let i = 0; i < w.length; i++) {
        const g = scale * gradient[i]!;
        m[i] = beta1 * m[i]! + (1 - beta1) * g;
        v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
        w[i] = keep * w[i]! - (rate * (m[i]! / first)) / (Math.sqrt(v[i]! / second) + epsilon);
      }
    });
  }
}

function globalNorm(gradients: readonly Float32Array[]): number {
  let sum = 0;
  for (const gradient of gradients) for (let i = 0; i < gradient.length; i++) sum += gradient[i]! ** 2;
  return Math.sqrt(sum);
}

/**
 * A dropout layer of tf.layers draws the same mask at every step with a seed, and an irreproducible one without. Here the mask is
 * a function of seed, step and layer, so that resumed training draws the same masks.
 */
function reseedDropout(model: LayersModel, seed: number, step: number): void {
  model.layers.forEach((layer, i) => {
    if (!/Dropout(1D)?$|^StochasticDepth$/.test(layer.getClassName())) return;
    (layer as unknown as { seed: number }).seed = mix(mix(mix(seed) ^ step) ^ i);
  });
}

/** A bijection of 32-bit numbers that spreads neighbours (MurmurHash3's finalizer). */
function mix(x: number): number {
  let h = (x + 0x9e3779b9) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function inputShape(model: LayersModel): number[] {
  return model.inputs[0]!.shape.slice(1) as number[];
}

function sizeOf(shape: readonly (number | null)[]): number {
  return (shape as number[]).reduce((product, n) => product * n, 1);
}

function copies(arrays: readonly Float32Array[]): Float32Array[] {
  return arrays.map((array) => array.slice());
}
