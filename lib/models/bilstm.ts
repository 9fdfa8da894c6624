import type { LayersModel } from "@tensorflow/tfjs";
import { startTfjs } from "../engine/tfjs.js";
import { addHead, lstmLayer, type ModelOptions } from "./layers.js";
import { sizeOf } from "./size.js";

/**
 * The LSTM network in both directions: two layers of 128 cells forwards and 128 backwards, side by side, the mean
 * over time, a dense layer. The whole clip is known when it is judged, so that every frame may be heard in the
 * light of what follows as well as of what came before: a pitch is high or low against the phrase's end too.
 * Side by side rather than summed, since the two directions learn different things. 608,775 parameters for 64 bands
 * and 7 classes.
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
