import type { LayersModel } from "@tensorflow/tfjs";
import { frameWeights } from "../engine/layers/frame-weights.js";
import { startTfjs } from "../engine/tfjs.js";
import { apply, type ModelOptions } from "./layers.js";
import { sizeOf } from "./size.js";

/**
 * The weighted sum of an encoder's layers, as in SUPERB (Yang et al. 2021): the input has one row per layer, its states pooled
 * over time; each value is standardised by batch normalisation; the rows are summed with learned weights that sum to 1; dropout and
 * a dense softmax classify the sum. Use it when the best layer is not known; otherwise a linear model on that layer is smaller and
 * as good.
 *
 * @param options see {@link ModelOptions}; `frames` is the number of layers, `bands` that of the pooled values of each; its
 *   size may have `dropout`
 * @example const model = await weightedLayers({ frames: 7, bands: 1024, classes: 7, seed: 1 });
 */
export async function weightedLayers(options: ModelOptions): Promise<LayersModel> {
  const { frames: rows, bands, classes, seed } = options;
  const { dropout } = sizeOf("weighted-layers", options);
  const tf = await startTfjs();
  const { layers } = tf;
  const input = tf.input({ shape: [rows, bands] });
  const flat = apply(layers.flatten(), input);
  const standard = apply(layers.batchNormalization({ momentum: 0.9 }), flat);
  const states = apply(layers.reshape({ targetShape: [rows, bands] }), standard);
  // No row is padding, so all shares are equal for every input: a dense layer turns them into weights that do not depend on it.
  const equal = apply(frameWeights(), input);
  const learnt = layers.dense({
    units: rows,
    useBias: false,
    kernelInitializer: "zeros",
    activation: "softmax",
  });
  const weights = apply(learnt, equal);
  const sum = apply(layers.dot({ axes: [1, 1] }), [weights, states]);
  const kernelInitializer = tf.initializers.glorotUniform({ seed: seed * 100 });
  const judge = layers.dense({ units: classes, activation: "softmax", kernelInitializer });
  const outputs = apply(judge, apply(layers.dropout({ rate: dropout }), sum));
  return tf.model({ name: "weighted-layers", inputs: input, outputs });
}
