import type { LayersModel, SymbolicTensor } from "@tensorflow/tfjs";
import { gelu } from "../engine/layers/gelu.js";
import { groupNorm } from "../engine/layers/group-norm.js";
import { groupedConv } from "../engine/layers/grouped-conv.js";
import { startTfjs, type tf as Tfjs } from "../engine/tfjs.js";
import { apply } from "./layers.js";
import { NORM_EPSILON, transformerBlock } from "./transformer.js";
import type { EncoderOptions, EncoderShape } from "./whisper.js";

/** Kernel sizes and strides of the convolutions over samples: a frame covers 400 samples (25 ms), frames are 320 apart (20 ms). */
export const FEATURE_CONVOLUTIONS = [
  [10, 5],
  [3, 2],
  [3, 2],
  [3, 2],
  [3, 2],
  [2, 2],
  [2, 2],
] as const;

/** The sizes of a wav2vec 2.0 or HuBERT encoder; `bands` and `positions` are 0. */
export interface Wav2vec2Shape extends EncoderShape {
  /** Channels of the convolutions over samples; default 512. */
  channels?: number;
  /** Kernel size of the positional convolution, frames; default 128. */
  reach?: number;
  /** Groups of the positional convolution; default 16. */
  groups?: number;
}

/**
 * The encoder of wav2vec 2.0 base (Baevski et al. 2020) and of HuBERT base (Hsu et al. 2021), which are the same network, with
 * the hidden states of all layers as the output: seven convolutions over the samples, the first of them with group
 * normalization over time; a projection; a positional convolution; transformer blocks with the norm after each sum. The large
 * models normalize differently and are not this network.
 *
 * From `[samples, 1]` at 16 kHz, any number of at least 400, to `[floor((samples - 400) / 320) + 1, (blocks + 1) * width]`: the
 * states side by side, first the input of the first block, then the output of each block, as transformers' `hidden_states`.
 * The published models expect samples from {@link standardized}.
 *
 * @example
 * // The base models have 12 blocks of width 768, 12 heads, hidden 3072, and the default channels, reach and groups.
 * const sizes = { blocks: 2, width: 64, heads: 4, hidden: 256, bands: 0, positions: 0, channels: 32 };
 * const model = await wav2vec2(sizes, { seed: 1 });
 * model.outputs[0]!.shape; // => [null, null, 192]
 */
export async function wav2vec2(shape: Wav2vec2Shape, { seed }: EncoderOptions = {}): Promise<LayersModel> {
  const { blocks, width, heads, hidden } = shape;
  const tf = await startTfjs();
  const input = tf.input({ shape: [null, 1] });
  const states = [placed(tf, projected(tf, heard(tf, input, shape, seed), shape, seed), shape, seed)];
  for (let index = 0; index < blocks; index++)
    states.push(transformerBlock(tf, states[index]!, { index, heads, width, hidden, norm: "after", seed }));
  const outputs = apply(tf.layers.concatenate({ name: "states" }), states);
  return tf.model({ inputs: input, outputs, name: "wav2vec2" });
}

/** The convolutions over samples. */
function heard(
  tf: typeof Tfjs,
  input: SymbolicTensor,
  { channels = 512 }: Wav2vec2Shape,
  seed: number | undefined,
): SymbolicTensor {
  return FEATURE_CONVOLUTIONS.reduce((x, [kernelSize, strides], index) => {
    const { heNormal, zeros } = tf.initializers;
    const layer = tf.layers.conv1d({
      filters: channels,
      kernelSize,
      strides,
      useBias: false,
      kernelInitializer: seed === undefined ? zeros() : heNormal({ seed: seed * 1000 - 1 - index }),
      name: `feature${index}`,
    });
    let y = apply(layer, x);
    if (index === 0) y = apply(groupNorm({ epsilon: NORM_EPSILON, name: "feature0.norm" }), y);
    return apply(gelu({ name: `feature${index}.gelu` }), y);
  }, input);
}

function projected(
  tf: typeof Tfjs,
  x: SymbolicTensor,
  { width }: Wav2vec2Shape,
  seed: number | undefined,
): SymbolicTensor {
  const { glorotUniform, zeros } = tf.initializers;
  const layer = tf.layers.dense({
    units: width,
    kernelInitializer: seed === undefined ? zeros() : glorotUniform({ seed: seed * 1000 - 8 }),
    name: "projection",
  });
  return apply(layer, normalized(tf, x, "projection.norm"));
}

/** Frames plus the positional convolution's output: the input of the first block. */
function placed(
  tf: typeof Tfjs,
  x: SymbolicTensor,
  { width, reach = 128, groups = 16 }: Wav2vec2Shape,
  seed: number | undefined,
): SymbolicTensor {
  const layer = groupedConv({
    filters: width,
    kernelSize: reach,
    groups,
    seed: seed === undefined ? undefined : seed * 1000 - 9,
    name: "positional",
  });
  const place = apply(gelu({ name: "positional.gelu" }), apply(layer, x));
  return normalized(tf, apply(tf.layers.add({ name: "positional.sum" }), [x, place]), "norm");
}

function normalized(tf: typeof Tfjs, x: SymbolicTensor, name: string): SymbolicTensor {
  return apply(tf.layers.layerNormalization({ epsilon: NORM_EPSILON, name }), x);
}

/**
 * Scales the samples of a whole clip to zero mean and unit variance, as wav2vec 2.0 and HuBERT base were trained on:
 * (x - mean) / sqrt(variance + 1e-7). Equals Hugging Face's `do_normalize`.
 *
 * @example
 * standardized(Float32Array.of(1, 3, 1, 3)); // => [-1, 1, -1, 1]
 */
export function standardized(samples: Float32Array): Float32Array {
  const mean = samples.reduce((sum, x) => sum + x, 0) / samples.length;
  const variance = samples.reduce((sum, x) => sum + (x - mean) ** 2, 0) / samples.length;
  return samples.map((x) => (x - mean) / Math.sqrt(variance + 1e-7));
}
