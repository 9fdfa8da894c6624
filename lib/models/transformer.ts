import type { SymbolicTensor } from "@tensorflow/tfjs";
import { gelu } from "../engine/layers/gelu.js";
import { selfAttention } from "../engine/layers/self-attention.js";
import { stochasticDepth } from "../engine/layers/stochastic-depth.js";
import type { tf as Tfjs } from "../engine/tfjs.js";
import { apply } from "./layers.js";

export interface TransformerBlockOptions {
  /** The layers are called `block${index}.…`. */
  index: number;
  heads: number;
  width: number;
  /** Width of the feed-forward layer. */
  hidden: number;
  /** Whether the norm comes before each branch (Whisper) or after each sum (wav2vec 2.0, HuBERT). */
  norm: "before" | "after";
  /** `[frames]` numbers that are added to the scores of the keys: the logarithms of {@link frameWeights}. */
  mask?: SymbolicTensor;
  /** Share of clips that skip a branch in training; default 0. */
  drop?: number;
  /** Seed of the initial weights; without one they are zeros, which is fastest where stored weights replace them. */
  seed?: number;
}

/** Epsilon of layer normalisation in all supported encoders. */
export const NORM_EPSILON = 1e-5;

/**
 * A block of a transformer encoder (Vaswani et al. 2017): attention, then a feed-forward part with GELU, each with a residual
 * connection. Layers with weights: `norm1`, `qkv` (queries, keys and values side by side), `out`, `norm2`, `up`, `down`.
 *
 * @param x `[frames, width]`
 * @returns `[frames, width]`
 * @example const y = transformerBlock(tf, x, { index: 0, heads: 8, width: 512, hidden: 2048, norm: "before" });
 */
export function transformerBlock(
  tf: typeof Tfjs,
  x: SymbolicTensor,
  options: TransformerBlockOptions,
): SymbolicTensor {
  const { index, heads, width, hidden, mask, drop = 0 } = options;
  const name = (part: string) => `block${index}.${part}`;
  const dense = (part: string, units: number, from: SymbolicTensor) =>
    apply(tf.layers.dense({ units, name: name(part), kernelInitializer: kernels(tf, options, part) }), from);
  const norm = (part: string, from: SymbolicTensor) =>
    apply(tf.layers.layerNormalization({ epsilon: NORM_EPSILON, name: name(part) }), from);
  const beside = (part: string, from: SymbolicTensor, branch: (x: SymbolicTensor) => SymbolicTensor) => {
    const before = options.norm === "before";
    let end = branch(before ? norm(`norm${part}`, from) : from);
    if (drop > 0) end = apply(stochasticDepth({ rate: drop, name: name(`drop${part}`) }), end);
    const sum = apply(tf.layers.add({ name: name(`sum${part}`) }), [from, end]);
    return before ? sum : norm(`norm${part}`, sum);
  };
  const attended = beside("1", x, (from) => {
    const qkv = dense("qkv", 3 * width, from);
    const attention = selfAttention({ heads, name: name("attention") });
    return dense("out", width, apply(attention, mask ? [qkv, mask] : qkv));
  });
  return beside("2", attended, (from) => {
    const up = dense("up", hidden, from);
    return dense("down", width, apply(gelu({ name: name("gelu") }), up));
  });
}

const PARTS = ["qkv", "out", "up", "down"];

function kernels(tf: typeof Tfjs, { seed, index }: TransformerBlockOptions, part: string) {
  if (seed === undefined) return tf.initializers.zeros();
  return tf.initializers.glorotUniform({ seed: seed * 1000 + index * PARTS.length + PARTS.indexOf(part) });
}
