import type { LayersModel, SymbolicTensor } from "@tensorflow/tfjs";
import { frameWeights } from "../engine/layers/frame-weights.js";
import { startTfjs } from "../engine/tfjs.js";
import { headLayers, type ModelOptions } from "./layers.js";
import { sizeOf } from "./size.js";

/**
 * Attention pooling: every frame is projected on its own (128 units, ReLU), a learnt score a frame says how much it
 * counts, and the mean over real frames by the softmax of the scores, with that of the squares beside it, goes to a dense
 * layer. It has no layer over time: for frames that hold their surroundings already, as an encoder's do, where the only
 * question left is which of them tell the emotion. Of log-mel frames it hears little more than a mean spectrum; take
 * another network for those. Padding has no weight.
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
  const projected = layers.dropout({ rate: dropout }).apply(project.apply(input)) as SymbolicTensor;
  const score = layers.dense({ units: 1, useBias: false, kernelInitializer: glorot(1) });
  const scores = layers.flatten().apply(score.apply(projected)) as SymbolicTensor;
  const real = frameWeights({ output: "log" }).apply(input) as SymbolicTensor;
  const weights = layers.softmax({ axis: -1 }).apply(layers.add().apply([scores, real])) as SymbolicTensor;
  // A value that one layer takes twice is thrown away too early by tf.layers' predict.
  const again = layers.activation({ activation: "linear" }).apply(projected) as SymbolicTensor;
  const squares = layers.multiply().apply([projected, again]) as SymbolicTensor;
  const pooled = layers
    .concatenate()
    .apply(
      [projected, squares].map(
        (value) => layers.dot({ axes: [1, 1] }).apply([weights, value]) as SymbolicTensor,
      ),
    ) as SymbolicTensor;
  const head = headLayers(tf, options, { units, dropout });
  const outputs = head.reduce((value, layer) => layer.apply(value) as SymbolicTensor, pooled);
  return tf.model({ name: "attention", inputs: input, outputs });
}
