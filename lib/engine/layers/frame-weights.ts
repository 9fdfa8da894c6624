import * as tf from "@tensorflow/tfjs";
import { firstInput, firstShape } from "./first.js";

/** `share`: weights that sum to 1, for a mean over real frames. `log`: logarithms, to be added to scores before a softmax. */
export type FrameWeightsOutput = "share" | "log";

/** Options of {@link frameWeights}. */
export interface FrameWeightsArgs {
  /** Number of input frames per frame of the weighted features, where pooling has shortened time; default 1. */
  stride?: number;
  /** Default `share`. */
  output?: FrameWeightsOutput;
  name?: string;
}

/** The value of `log` for padding: after a softmax with any scores, 0. */
const NEVER = -1e9;

/**
 * A layer that weights frames so that padding does not count. It takes the model's input, in which a frame of zeros only is
 * padding, and returns one weight per frame. With n[r] real frames among the `stride` input frames of frame r, `share` gives
 * n[r] / sum of n (all 0 where no frame is real), `log` gives ln(n[r] / stride), or -1e9 where n[r] = 0.
 *
 * Stock layers do the rest. The dot product over time of shares and features is the mean over real frames. Scores plus the
 * logarithms, then a softmax, are attention that ignores padding. tf.layers' own Masking works for recurrent layers only:
 * pooling and convolutions ignore it.
 *
 * `[batch, frames, width]` to `[batch, floor(frames / stride)]`. The gradient with respect to the input is 0.
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
 * Creates a {@link FrameWeights} layer: one weight per frame, 0 for padding.
 *
 * @throws {RangeError} for a stride that is not a positive integer, or an unknown output
 * @example
 * const tf = await startTfjs();
 * const input = tf.tensor3d([[[3], [1], [2], [5], [0], [0], [0], [0]]]); // one clip: four frames, four of padding
 * frameWeights().call(input).dataSync(); // => [0.25, 0.25, 0.25, 0.25, 0, 0, 0, 0]
 * frameWeights({ stride: 4 }).call(input).dataSync(); // => [1, 0]
 */
export function frameWeights(args: FrameWeightsArgs = {}): FrameWeights {
  return new FrameWeights(args);
}
