import type { LayersModel } from "@tensorflow/tfjs";
import { startTfjs } from "../engine/tfjs.js";
import { addHead, type ModelOptions } from "./layers.js";
import { SIZES, sizeOf } from "./size.js";

/**
 * A convolutional network over time and frequency: blocks (four) of a 3 x 3 convolution, batch normalisation, ReLU,
 * maximum over 2 x 2 and dropout, then the mean over time. Small kernels share what they learn between pitches
 * and vocal tracts, which move a pattern up or down the bands; each block doubles what is seen, to 46 frames in
 * the last, the length of a few syllables. Frequency is not averaged but kept until the dense layer, since
 * *where* the energy lies tells anger from sadness; the mean over time makes the answer independent of where in the
 * clip a cue was. Normalisation lets it train at a high rate on clips of different corpora; dropout is small in
 * the blocks, which share their weights over all places, and larger around the dense layer, which does not.
 * 307,879 parameters for 64 bands and 7 classes.
 *
 * @param options see {@link ModelOptions}; its size may have `filters` of the blocks, `units` of the dense layer, `dropout`
 * @throws {UsageError} when there are more blocks than the input can be halved
 * @example const model = await cnn({ frames: 100, bands: 64, classes: 7, seed: 1 });
 */
export async function cnn(options: ModelOptions): Promise<LayersModel> {
  const { frames, bands, seed } = options;
  const { filters: blocks, units, dropout } = sizeOf("cnn", options);
  const tf = await startTfjs();
  const { layers } = tf;
  const model = tf.sequential({ name: "cnn" });
  model.add(layers.reshape({ inputShape: [frames, bands], targetShape: [frames, bands, 1] }));
  let [height, width] = [frames, bands];
  blocks.forEach((filters, i) => {
    const kernelInitializer = tf.initializers.heNormal({ seed: seed * 100 + i });
    model.add(layers.conv2d({ filters, kernelSize: 3, padding: "same", useBias: false, kernelInitializer }));
    model.add(layers.batchNormalization({ momentum: 0.9 }));
    model.add(layers.reLU());
    // An axis of one place, of which a few bands are soon left, has nothing more to halve.
    const poolSize: [number, number] = [height > 1 ? 2 : 1, width > 1 ? 2 : 1];
    model.add(layers.maxPooling2d({ poolSize, strides: poolSize }));
    model.add(layers.dropout({ rate: 0.1 * (dropout / SIZES.cnn.dropout) }));
    [height, width] = [Math.floor(height / poolSize[0]), Math.floor(width / poolSize[1])];
  });
  model.add(layers.reshape({ targetShape: [height, width * blocks.at(-1)!] }));
  model.add(layers.globalAveragePooling1d({}));
  return addHead(model, options, { units, dropout });
}
