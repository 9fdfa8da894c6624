import type { LayersModel } from "@tensorflow/tfjs";
import { startTfjs } from "../engine/tfjs.js";
import { addHead, type ModelOptions } from "./layers.js";
import { SIZES, sizeOf } from "./size.js";

/**
 * A convolutional network over time and frequency: four blocks of a 3 x 3 convolution, batch normalisation, ReLU, 2 x 2 max pooling
 * and dropout, then the mean over time, and a dense layer. Small kernels share weights between pitches and vocal tracts, which
 * shift a pattern up or down the bands. Each block doubles the receptive field, to 46 frames in the last, the length of a few
 * syllables. Frequency is not averaged but kept until the dense layer, since the distribution of energy over frequency separates
 * anger from sadness. The mean over time makes the output independent of the position of a cue in the clip. Normalisation allows
 * a high learning rate on clips of different corpora. Dropout is small in the blocks, which share their weights over all
 * positions, and larger around the dense layer, which does not. 307,879 parameters for 64 bands and 7 classes.
 *
 * @param options see {@link ModelOptions}; its size may have `filters` of the blocks, `units` of the dense layer, `dropout`
 * @throws {UsageError} when there are more blocks than times that the input can be halved
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
    // An axis of length 1 cannot be halved; few bands soon reach that.
    const poolSize: [number, number] = [height > 1 ? 2 : 1, width > 1 ? 2 : 1];
    model.add(layers.maxPooling2d({ poolSize, strides: poolSize }));
    model.add(layers.dropout({ rate: 0.1 * (dropout / SIZES.cnn.dropout) }));
    [height, width] = [Math.floor(height / poolSize[0]), Math.floor(width / poolSize[1])];
  });
  model.add(layers.reshape({ targetShape: [height, width * blocks.at(-1)!] }));
  model.add(layers.globalAveragePooling1d({}));
  return addHead(model, options, { units, dropout });
}
