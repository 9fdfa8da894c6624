import type { LayersModel, NamedTensorMap, Tensor, Variable } from "@tensorflow/tfjs";
import { UserError } from "../base/errors.js";
import { random } from "../base/random.js";
import { startTfjs } from "./tfjs.js";

/** Inputs of equal shape, one after another in one flat array. */
export interface Inputs {
  /** `count * product(shape)` numbers. */
  x: Float32Array;
  /** The shape of one input, for example `[frames, bands]`. */
  shape: readonly number[];
  count: number;
}

/** Inputs with their targets. */
export interface LabelledInputs extends Inputs {
  /** `count * classes` numbers: for each input a probability for each class. */
  y: Float32Array;
  classes: number;
  /** The weight of each input in the loss; default 1 each. */
  weights?: Float32Array;
}

export interface FitOptions {
  epochs: number;
  /** Default 32. */
  batchSize?: number;
  /** Of Adam; default 0.001. */
  learningRate?: number;
  /** Orders the clips and drops units; default 1. */
  seed?: number;
  /** After each batch. */
  onBatch?: (done: number) => void;
  /** After each epoch, with the mean training loss; `false` ends the training. */
  onEpoch?: (epoch: number, loss: number) => Promise<boolean | undefined> | boolean | undefined;
  signal?: AbortSignal;
}

/**
 * Trains a model in place by Adam on softmax cross-entropy. The model's last layer gives probabilities. The same
 * seed gives the same weights.
 *
 * @throws {UserError} when an input is not finite, or the loss stops being a number
 * @example await fit(model, train, { epochs: 10, onEpoch: (epoch, loss) => console.log(epoch, loss) });
 */
export async function fit(model: LayersModel, data: LabelledInputs, options: FitOptions): Promise<void> {
  assertFinite(data);
  const tf = await startTfjs();
  const { epochs, batchSize = 32, learningRate = 1e-3, seed = 1, signal } = options;
  const order = random(`${seed}/order`);
  const masks = random(`${seed}/dropout`);
  const optimizer = tf.train.adam(learningRate);
  const variables = model.trainableWeights.map((weight) => weight.read() as Variable);
  try {
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const shuffled = order.shuffle(Array.from({ length: data.count }, (_, i) => i));
      let total = 0;
      for (let start = 0; start < data.count; start += batchSize) {
        signal?.throwIfAborted();
        const chosen = shuffled.slice(start, start + batchSize);
        reseedDropout(model, masks.uint32());
        total += step(chosen) * chosen.length;
        options.onBatch?.(start + chosen.length);
        await new Promise(setImmediate);
      }
      const loss = total / data.count;
      if (!Number.isFinite(loss)) {
        throw new UserError(
          `the training diverged in epoch ${epoch} (loss ${loss}): lower the learning rate`,
        );
      }
      if ((await options.onEpoch?.(epoch, loss)) === false) return;
    }
  } finally {
    optimizer.dispose();
  }

  function step(chosen: readonly number[]): number {
    return tf.tidy(() => {
      const x = tf.tensor(gather(data.x, data.x.length / data.count, chosen), [chosen.length, ...data.shape]);
      const y = tf.tensor2d(gather(data.y, data.classes, chosen), [chosen.length, data.classes]);
      const weights = data.weights && tf.tensor1d(gather(data.weights, 1, chosen));
      const loss = () => {
        const probabilities = model.apply(x, { training: true }) as Tensor;
        const entropy = tf.neg(tf.sum(tf.mul(y, tf.log(tf.add(probabilities, 1e-7))), -1));
        return tf.mean(weights ? tf.mul(entropy, weights) : entropy).asScalar();
      };
      const { value, grads } = tf.variableGrads(loss, variables);
      optimizer.applyGradients(grads as NamedTensorMap & Record<string, Variable>);
      return value.dataSync()[0]!;
    });
  }
}

/**
 * The model's outputs, `count * classes` probabilities.
 *
 * @example const probabilities = await predict(model, { x, shape: [100, 40], count: 8 });
 */
export async function predict(model: LayersModel, inputs: Inputs, batchSize = 64): Promise<Float32Array> {
  const tf = await startTfjs();
  const width = inputs.x.length / inputs.count;
  const parts: Float32Array[] = [];
  for (let start = 0; start < inputs.count; start += batchSize) {
    const end = Math.min(inputs.count, start + batchSize);
    const part = tf.tidy(() => {
      const x = tf.tensor(inputs.x.subarray(start * width, end * width), [end - start, ...inputs.shape]);
      return (model.apply(x, { training: false }) as Tensor).dataSync() as Float32Array;
    });
    parts.push(part);
    await new Promise(setImmediate);
  }
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A copy of all weights of a model, in its own order. */
export function copyWeights(model: LayersModel): Float32Array[] {
  return model.weights.map((weight) => Float32Array.from(weight.read().dataSync()));
}

/** Puts weights from {@link copyWeights} back into the model. */
export async function restoreWeights(model: LayersModel, weights: readonly Float32Array[]): Promise<void> {
  const tf = await startTfjs();
  tf.tidy(() => {
    model.weights.forEach((weight, i) => {
      weight.write(tf.tensor(weights[i]!, weight.shape as number[]));
    });
  });
}

/** The wasm backend's ReLU turns NaN into 0: one bad number would spoil the weights without a sign in the loss. */
function assertFinite({ x, count }: Inputs): void {
  const at = x.findIndex((value) => !Number.isFinite(value));
  if (at >= 0)
    throw new UserError(`input ${Math.floor(at / (x.length / count))} of the training part is not finite`);
}

function gather(values: Float32Array, width: number, chosen: readonly number[]): Float32Array {
  const out = new Float32Array(chosen.length * width);
  chosen.forEach((index, i) => {
    out.set(values.subarray(index * width, (index + 1) * width), i * width);
  });
  return out;
}

/** tf.layers draws the same mask at every step from a dropout layer with a seed, and an unrepeatable one without. */
function reseedDropout(model: LayersModel, seed: number): void {
  model.layers.forEach((layer, i) => {
    if (layer.getClassName() === "Dropout") (layer as unknown as { seed: number }).seed = (seed + i) >>> 0;
  });
}
