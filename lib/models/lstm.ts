import type { LayersModel } from "@tensorflow/tfjs";
import { startTfjs } from "../engine/tfjs.js";
import { addHead, lstmLayer, type ModelOptions } from "./layers.js";
import { sizeOf } from "./size.js";

/**
 * A recurrent network: two layers of 128 LSTM cells, the mean of the second over time, a dense layer. The first layer follows the
 * frames, the second longer spans such as a phrase. The mean over time replaces the last state, which would forget the utterance
 * in the padding after it, and an emotion is spread over the whole utterance. 239,111 parameters for 64 bands and 7 classes.
 *
 * @param options see {@link ModelOptions}; its size may have `units`, `layers`, `dropout`
 * @example const model = await lstm({ frames: 100, bands: 64, classes: 7, seed: 1 });
 */
export async function lstm(options: ModelOptions): Promise<LayersModel> {
  const { frames, bands, seed } = options;
  const { units, layers, dropout } = sizeOf("lstm", options);
  const tf = await startTfjs();
  const model = tf.sequential({ name: "lstm" });
  for (let i = 0; i < layers; i++) {
    if (i > 0) model.add(tf.layers.dropout({ rate: dropout }));
    model.add(lstmLayer(tf, units, seed * 100 + 2 * i, i === 0 ? [frames, bands] : undefined));
  }
  model.add(tf.layers.globalAveragePooling1d({}));
  return addHead(model, options, { units: Math.ceil(units / 2), dropout });
}
