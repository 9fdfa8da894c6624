import type { LayersModel } from "@tensorflow/tfjs";
import { startTfjs } from "../engine/tfjs.js";
import { addHead, lstmLayer, type ModelOptions } from "./layers.js";
import { sizeOf } from "./size.js";

/**
 * A recurrent network: two layers of 128 LSTM cells, the mean of the second over time, a dense layer. The first
 * layer follows the frames, the second what becomes of them over a phrase. The mean over time stands in for the last state: after a clip's end comes padding, in which a last
 * state forgets, and what an utterance sounds like is spread over it all. 239,111 parameters for 64 bands
 * and 7 classes.
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
