import type { LayersModel } from "@tensorflow/tfjs";
import { startTfjs } from "../engine/tfjs.js";
import { addHead, lstmLayer, type ModelOptions } from "./layers.js";
import { SIZES, sizeOf } from "./size.js";

/**
 * Convolutions, then an LSTM (CLSTM): two blocks of a convolution over time of 5 frames (64 and 128 filters), batch
 * normalisation, ReLU, max pooling over two frames and dropout; 128 LSTM cells over the result; the mean over time; a dense
 * layer. The convolutions detect short sounds and reduce the frames to a quarter, so that the LSTM has a quarter of the steps
 * to remember over and takes a quarter of the time. 202,503 parameters for 64 bands and 7 classes.
 *
 * @param options see {@link ModelOptions}; its size may have `filters` of the blocks, `units`, `layers`, `dropout`
 * @throws {UsageError} when there are more blocks than times that the frames can be halved
 * @example const model = await clstm({ frames: 100, bands: 64, classes: 7, seed: 1 });
 */
export async function clstm(options: ModelOptions): Promise<LayersModel> {
  const { frames, bands, seed } = options;
  const { filters: blocks, units, layers: depth, dropout } = sizeOf("clstm", options);
  const tf = await startTfjs();
  const { layers } = tf;
  const model = tf.sequential({ name: "clstm" });
  blocks.forEach((filters, i) => {
    const kernelInitializer = tf.initializers.heNormal({ seed: seed * 100 + i });
    const inputShape = i === 0 ? [frames, bands] : undefined;
    model.add(
      layers.conv1d({
        filters,
        kernelSize: 5,
        padding: "same",
        useBias: false,
        kernelInitializer,
        inputShape,
      }),
    );
    model.add(layers.batchNormalization({ momentum: 0.9 }));
    model.add(layers.reLU());
    model.add(layers.maxPooling1d({ poolSize: 2 }));
    model.add(layers.dropout({ rate: 0.2 * (dropout / SIZES.clstm.dropout) }));
  });
  for (let i = 0; i < depth; i++) {
    if (i > 0) model.add(layers.dropout({ rate: dropout }));
    // The blocks use the seeds before these.
    model.add(lstmLayer(tf, units, seed * 100 + Math.max(4, blocks.length) + 2 * i));
  }
  model.add(layers.globalAveragePooling1d({}));
  return addHead(model, options, { units: Math.ceil(units / 2), dropout });
}
