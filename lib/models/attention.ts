import type { LayersModel } from "@tensorflow/tfjs";
import { frameWeights } from "../engine/layers/frame-weights.js";
import { startTfjs } from "../engine/tfjs.js";
import { apply, headLayers, type ModelOptions } from "./layers.js";
import { sizeOf } from "./size.js";

/**
 * Attention pooling: each frame is projected on its own (128 units, ReLU) and gets a learned score. The mean over real frames
 * weighted by the softmax of the scores, together with that of the squares, goes to a dense layer. It has no layer over time: it
 * is for frames that already contain their context, as an encoder's do, so that only the choice of the relevant ones is left. For
 * log-mel frames it is little more than a mean spectrum; use another network for those. Padding has no weight.
 *
 * @param options see {@link ModelOptions}; its size may have `units`, `dropout`
 * @example const model = await attention({ frames: 150, bands: 512, classes: 7, seed: 1 });
 */
export async function attention(options: ModelOptions): Promise<LayersModel> {
  const { frames, bands, seed } = options;
  const { units, dropout } = sizeOf("attention", options);
  const tf = await startTfjs();
  const { layers } = tf;
  const glorot = (index: number) => tf.initializers.glorotUniform({ seed: seed * 100 + index });
  const input = tf.input({ shape: [frames, bands] });
  const project = layers.dense({ units, activation: "relu", kernelInitializer: glorot(0) });
  const projected = apply(layers.dropout({ rate: dropout }), apply(project, input));
  const score = layers.dense({ units: 1, useBias: false, kernelInitializer: glorot(1) });
  const scores = apply(layers.flatten(), apply(score, projected));
  const real = apply(frameWeights({ output: "log" }), input);
  const weights = apply(layers.softmax({ axis: -1 }), apply(layers.add(), [scores, real]));
  // tf.layers' predict disposes of a value too early if one layer takes it twice.
  const again = apply(layers.activation({ activation: "linear" }), projected);
  const squares = apply(layers.multiply(), [projected, again]);
  const means = [projected, squares].map((value) => apply(layers.dot({ axes: [1, 1] }), [weights, value]));
  const pooled = apply(layers.concatenate(), means);
  const outputs = headLayers(tf, options, { units, dropout }).reduce(
    (value, layer) => apply(layer, value),
    pooled,
  );
  return tf.model({ name: "attention", inputs: input, outputs });
}
