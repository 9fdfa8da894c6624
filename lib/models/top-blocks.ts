import type { LayersModel } from "@tensorflow/tfjs";
import { frameWeights } from "../engine/layers/frame-weights.js";
import { startTfjs } from "../engine/tfjs.js";
import { apply, type ModelOptions } from "./layers.js";
import { sizeOf } from "./size.js";
import { NORM_EPSILON, transformerBlock } from "./transformer.js";

/** Width of an attention head in every published Whisper; widths that are not a multiple of it have one head. */
const HEAD = 64;

/** The sizes of the blocks for a width. */
export function blockShape(width: number): { heads: number; width: number; hidden: number } {
  return { heads: width % HEAD === 0 ? width / HEAD : 1, width, hidden: 4 * width };
}

/**
 * How much faster the classifier learns than the blocks. Adam's steps are as long as the learning rate, whatever the gradient, so
 * scaling the classifier's input by this factor has the effect of a learning rate that is higher by it.
 */
const GAIN = 20;

/**
 * The top blocks of a Whisper encoder, fine-tuned on the frames of the layer below them: attention that ignores padding, the mean
 * over real frames, a norm, dropout and a dense softmax. `train()` starts from the encoder's weights. The classifier, whose weights
 * are new, learns {@link GAIN} times as fast as the blocks, for which learning rates of about 5e-5 are usual.
 *
 * @param options see {@link ModelOptions}; `bands` is the width of the encoder; its size may have `blocks`, `dropout`
 * @example const model = await topBlocks({ frames: 150, bands: 512, classes: 7, seed: 1 });
 */
export async function topBlocks(options: ModelOptions): Promise<LayersModel> {
  const { frames, bands: width, classes, seed } = options;
  const { blocks, dropout } = sizeOf("top-blocks", options);
  const tf = await startTfjs();
  const input = tf.input({ shape: [frames, width] });
  const mask = apply(frameWeights({ output: "log" }), input);
  let states = input;
  for (let index = 0; index < blocks; index++)
    states = transformerBlock(tf, states, { ...blockShape(width), index, norm: "before", mask, seed });
  const mean = apply(tf.layers.dot({ axes: [1, 1] }), [apply(frameWeights(), input), states]);
  const gammaInitializer = tf.initializers.constant({ value: GAIN });
  const standard = apply(tf.layers.layerNormalization({ epsilon: NORM_EPSILON, gammaInitializer }), mean);
  const kernelInitializer = tf.initializers.zeros();
  const judge = tf.layers.dense({ units: classes, activation: "softmax", kernelInitializer });
  const outputs = apply(judge, apply(tf.layers.dropout({ rate: dropout }), standard));
  return tf.model({ name: "top-blocks", inputs: input, outputs });
}
