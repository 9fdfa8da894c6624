import type { LayersModel, SymbolicTensor } from "@tensorflow/tfjs";
import { framePadding } from "../engine/layers/frame-padding.js";
import { gelu } from "../engine/layers/gelu.js";
import { positions } from "../engine/layers/positions.js";
import { startTfjs } from "../engine/tfjs.js";
import { apply } from "./layers.js";
import { transformerBlock } from "./transformer.js";

/** The sizes of a speech encoder. */
export interface EncoderShape {
  blocks: number;
  width: number;
  heads: number;
  /** Of the feed-forward part. */
  hidden: number;
  /** Mel bands of the input; 0 where it takes samples. */
  bands: number;
  /** Most frames of one input's states; 0: any. */
  positions: number;
}

export interface EncoderOptions {
  /** Of the initial weights; default: they are zeros, which cost no time where others are read in their place. */
  seed?: number;
}

/**
 * The encoder of Whisper (Radford et al. 2023) with all its states as the output: two convolutions over time, the second
 * of which halves the frames, Whisper's positions, and blocks of attention with the norm before each branch. The
 * final norm is left out: it belongs to the decoder's view of the last state.
 *
 * From `[frames, bands]` log-mel, frames open, to `[ceil(frames / 2), (blocks + 1) width]`: the states side by side, first what goes
 * into the first block, then what comes out of each.
 *
 * @example
 * const model = await whisper({ blocks: 6, width: 512, heads: 8, hidden: 2048, bands: 80, positions: 1500 });
 */
export async function whisper(shape: EncoderShape, { seed }: EncoderOptions = {}): Promise<LayersModel> {
  const { blocks, width, heads, hidden, bands } = shape;
  const tf = await startTfjs();
  const convolution = (index: 1 | 2, x: SymbolicTensor) => {
    const padded = apply(framePadding({ before: 1, after: 1, name: `padding${index}` }), x);
    const layer = tf.layers.conv1d({
      filters: width,
      kernelSize: 3,
      strides: index,
      kernelInitializer:
        seed === undefined
          ? tf.initializers.zeros()
          : tf.initializers.heNormal({ seed: seed * 1000 - index }),
      name: `conv${index}`,
    });
    return apply(gelu({ name: `gelu${index}` }), apply(layer, padded));
  };
  const input = tf.input({ shape: [null, bands] });
  const heard = convolution(2, convolution(1, input));
  const table = positions({ positions: shape.positions, name: "positions" });
  const states = [apply(table, heard)];
  for (let index = 0; index < blocks; index++)
    states.push(transformerBlock(tf, states[index]!, { index, heads, width, hidden, norm: "before", seed }));
  const outputs = apply(tf.layers.concatenate({ name: "states" }), states);
  return tf.model({ inputs: input, outputs, name: "whisper" });
}
