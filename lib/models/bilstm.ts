import type { LayersModel } from "@tensorflow/tfjs";
import { startTfjs } from "../engine/tfjs.js";
import { addHead, lstmLayer, type ModelOptions } from "./layers.js";
import { sizeOf } from "./size.js";

/**
 * A bidirectional LSTM: two layers of 128 cells forwards and 128 backwards, concatenated, the mean over time, a dense layer. The
 * whole clip is known when it is classified, so each frame can use the context after it as well as before it: a pitch is high or
 * low relative to the end of the phrase, too. The directions are concatenated rather than summed, since they learn different
 * things. 608,775 parameters for 64 bands and 7 classes.
 *
 * @param options see {@link ModelOptions}; its size may have `units` of each direction, `layers`, `dropout`
 * @example const model = await bilstm({ frames: 100, bands: 64, classes: 7, seed: 1 });
 */
export async function bilstm(options: ModelOptions): Promise<LayersModel> {
  const { frames, bands, seed } = options;
  const { units, layers: depth, dropout } = sizeOf("bilstm", options);
  const tf = await startTfjs();
  const { layers } = tf;
  const model = tf.sequential({ name: "bilstm" });
  const both = (layerSeed: number, inputShape?: [number, number]) =>
    layers.bidirectional({ layer: lstmLayer(tf, units, layerSeed), mergeMode: "concat", inputShape });
  for (let i = 0; i < depth; i++) {
    if (i > 0) model.add(layers.dropout({ rate: dropout }));
    model.add(both(seed * 100 + 2 * i, i === 0 ? [frames, bands] : undefined));
  }
  model.add(layers.globalAveragePooling1d({}));
  return addHead(model, options, { units: Math.ceil(units / 2), dropout });
}
