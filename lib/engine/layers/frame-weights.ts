import * as tf from "@tensorflow/tfjs";
import { firstInput, firstShape } from "./first.js";

/** `share`: the weights sum to 1, for a mean over real frames. `log`: to be added to scores before a softmax. */
export type FrameWeightsOutput = "share" | "log";

export interface FrameWeightsArgs {
  /** Frames of the input to one frame of the features that are weighted, as pooling over time leaves them; default 1. */
  stride?: number;
  /** Default `share`. */
  output?: FrameWeightsOutput;
  name?: string;
}

/** What `log` gives for padding: after a softmax beside any score, 0. */
const NEVER = -1e9;

/**
 * How much each frame counts, so that padding does not: from a model's own input, in which a frame of nothing but
 * zeros is padding, to one weight a frame. With n[r] real ones among the `stride` input frames of frame r,
 * `share` gives n[r] / sum of n (0 everywhere where no frame is real), `log` gives ln(n[r] / stride), or -1e9 where n[r] = 0.
 *
 * Stock layers do the rest: a dot product over time of the shares and the features is their mean over real frames;
 * scores to which the logarithms are added and a softmax are attention that pays none to padding. tf.layers' own
 * Masking is for recurrent layers: pooling and convolutions do not know it.
 *
 * `[batch, frames, width]` to `[batch, floor(frames / stride)]`. The input's gradient is taken to be 0.
 */
export class FrameWeights extends tf.layers.Layer {
  static className = "FrameWeights";
  readonly #stride: number;
  readonly #output: FrameWeightsOutput;

  constructor({ stride = 1, output = "share", ...rest }: FrameWeightsArgs) {
    super(rest);
    if (!Number.isInteger(stride) || stride < 1)
      throw new RangeError(`stride is ${stride}: it takes 1, 2, ...`);
    if (output !== "share" && output !== "log")
      throw new RangeError(`output is ${output}: it takes share, log`);
    this.#stride = stride;
    this.#output = output;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, frames] = firstShape(inputShape);
    return [batch!, frames == null ? null : Math.floor(frames / this.#stride)];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const input = firstInput(inputs) as tf.Tensor3D;
      const [batch, frames] = input.shape;
      const rows = Math.floor(frames / this.#stride);
      const real = tf.cast(tf.any(tf.notEqual(input, 0), -1), "float32");
      const grouped = tf.reshape(tf.slice(real, [0, 0], [batch, rows * this.#stride]), [batch, rows, -1]);
      const counts = tf.sum(grouped, -1);
      if (this.#output === "share") return tf.div(counts, tf.maximum(tf.sum(counts, -1, true), 1));
      const some = tf.greater(counts, 0);
      const logarithms = tf.log(tf.div(tf.maximum(counts, 1), this.#stride));
      return tf.where(some, logarithms, tf.fill(counts.shape, NEVER));
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), stride: this.#stride, output: this.#output };
  }
}

tf.serialization.registerClass(FrameWeights);

/**
 * A {@link FrameWeights} layer.
 *
 * @param args.stride frames of the input to one of the features; default 1
 * @param args.output `share` (default) or `log`
 * @throws {RangeError} for a stride that is no positive whole number
 * @example
 * const weights = frameWeights({ stride: 4 }).apply(input);
 * const mean = tf.layers.dot({ axes: [1, 1] }).apply([weights, features]); // over real frames
 */
export function frameWeights(args: FrameWeightsArgs = {}): FrameWeights {
  return new FrameWeights(args);
}
