import * as tf from "@tensorflow/tfjs";
import { firstShape } from "./first.js";

export interface SelfAttentionArgs {
  /** Number of parts of equal width into which the columns are divided, each with its own attention. */
  heads: number;
  name?: string;
}

/**
 * Multi-head self-attention (Vaswani et al. 2017) without the dense layers before and after it. Queries, keys and values are side
 * by side, so that one dense layer can compute all three. For each head, of width d = width / heads,
 * y[i] = sum over j of softmax over j(q[i] k[j] / sqrt(d) + weight[j]) v[j].
 *
 * An optional second input has one number per frame that is added to the scores of its key: the output of
 * `frameWeights({ output: "log" })`, so that padding gets no attention. Rows of padding have meaningless outputs.
 *
 * `[batch, frames, 3 * width]`, optionally with `[batch, frames]`, to `[batch, frames, width]`.
 */
class SelfAttention extends tf.layers.Layer {
  static className = "SelfAttention";
  readonly #heads: number;

  constructor({ heads, ...rest }: SelfAttentionArgs) {
    super(rest);
    if (!Number.isInteger(heads) || heads < 1) throw new RangeError(`heads is ${heads}: it takes 1, 2, ...`);
    this.#heads = heads;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, frames, columns] = firstShape(inputShape);
    if (columns! % (3 * this.#heads) !== 0)
      throw new RangeError(
        `${columns} columns are not queries, keys and values of ${this.#heads} heads ("${this.name}")`,
      );
    return [batch!, frames!, columns! / 3];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const [input, weights] = Array.isArray(inputs) ? inputs : [inputs];
      const [batch, frames, columns] = input!.shape as [number, number, number];
      const width = columns / 3;
      const ofHead = width / this.#heads;
      const [q, k, v] = tf
        .split(input as tf.Tensor3D, 3, -1)
        .map((part) => tf.transpose(tf.reshape(part, [batch, frames, this.#heads, ofHead]), [0, 2, 1, 3]));
      let scores = tf.mul(tf.matMul(q!, k!, false, true), 1 / Math.sqrt(ofHead));
      if (weights) scores = tf.add(scores, tf.reshape(weights, [batch, 1, 1, frames]));
      const mixed = tf.matMul(tf.softmax(scores, -1), v!);
      return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, frames, width]);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), heads: this.#heads };
  }
}

tf.serialization.registerClass(SelfAttention);

/**
 * A {@link SelfAttention} layer.
 *
 * @throws {RangeError} for a number of heads that is not a positive integer, or does not divide the width
 * @example
 * const qkv = tf.layers.dense({ units: 3 * 512 }).apply(x);
 * const y = selfAttention({ heads: 8 }).apply(qkv); // or of [qkv, weights]
 */
export function selfAttention(args: SelfAttentionArgs): SelfAttention {
  return new SelfAttention(args);
}
