import type { LayersModel, SymbolicTensor } from "@tensorflow/tfjs";
import { framePadding } from "../engine/layers/frame-padding.js";
import { gelu } from "../engine/layers/gelu.js";
import { positions } from "../engine/layers/positions.js";
import { startTfjs } from "../engine/tfjs.js";
import { apply } from "./layers.js";
import { transformerBlock } from "./transformer.js";

/** The sizes of a speech encoder. */
export interface EncoderShape {
  /** Number of transformer blocks. */
  blocks: number;
  /** Number of values per frame. */
  width: number;
  /** Number of attention heads. */
  heads: number;
  /** Width of the feed-forward layer. */
  hidden: number;
  /** Mel bands of the input; 0 for encoders that take samples. */
  bands: number;
  /** Largest number of frames of the states; 0: no limit. */
  positions: number;
}

/** Options of {@link whisper} and {@link wav2vec2}. */
export interface EncoderOptions {
  /** Seed of the initial weights; without one they are zeros, which is fastest where stored weights replace them. */
  seed?: number;
}

/**
 * The encoder of Whisper (Radford et al. 2023) with the hidden states of all layers as the output: two convolutions over time,
 * the second of which halves the number of frames, sinusoidal positions, and transformer blocks with the norm before each
 * branch. The final norm is left out, since it belongs to what the decoder receives.
 *
 * From `[frames, bands]` log-mel, any number of frames up to `2 * positions`, to `[ceil(frames / 2), (blocks + 1) * width]`: the
 * states side by side, first the input of the first block, then the output of each block.
 *
 * @example
 * // The sizes of whisper-tiny.en.
 * const model = await whisper({ blocks: 4, width: 384, heads: 6, hidden: 1536, bands: 80, positions: 1500 });
 * model.outputs[0]!.shape; // => [null, null, 1920]
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
