import type { LayersModel } from "@tensorflow/tfjs";
import { startTfjs } from "../engine/tfjs.js";
import type { ModelOptions } from "./layers.js";
import { sizeOf } from "./size.js";

/**
 * A small convolutional network over time: three convolutions with receptive fields of 5, 11 and 21 frames, each with batch
 * normalisation and ReLU, max pooling over two frames between them, then the mean over time. Convolutions over time only mix all
 * bands at once, which needs far fewer parameters than two-dimensional kernels, for a few thousand clips. The mean over time makes
 * the output independent of the position of a cue in the clip. It trains in minutes on any engine: the network of the demo.
 * 21,255 parameters for 40 bands and 7 classes.
 *
 * @param options see {@link ModelOptions}; its size may have `filters` of the convolutions, `dropout`
 * @throws {UsageError} when there are more convolutions than the number of frames allows
 * @example const model = await cnnSmall({ frames: 100, bands: 40, classes: 7, seed: 1 });
 */
export async function cnnSmall(options: ModelOptions): Promise<LayersModel> {
  const { frames, bands, classes, seed } = options;
  const { filters: blocks, dropout } = sizeOf("cnn-small", options);
  const tf = await startTfjs();
  const { layers } = tf;
  const model = tf.sequential({ name: "cnn-small" });
  blocks.forEach((filters, i) => {
    if (i > 0) model.add(layers.maxPooling1d({ poolSize: 2 }));
    const kernelInitializer = tf.initializers.heNormal({ seed: seed * 100 + i });
    const inputShape = i === 0 ? [frames, bands] : undefined;
    const kernelSize = i === 0 ? 5 : 3;
    model.add(
      layers.conv1d({ filters, kernelSize, padding: "same", useBias: false, kernelInitializer, inputShape }),
    );
    model.add(layers.batchNormalization({ momentum: 0.9 }));
    model.add(layers.reLU());
  });
  model.add(layers.globalAveragePooling1d({}));
  model.add(layers.dropout({ rate: dropout }));
  const kernelInitializer = tf.initializers.glorotUniform({ seed: seed * 100 + 9 });
  model.add(layers.dense({ units: classes, activation: "softmax", kernelInitializer }));
  return model;
}
