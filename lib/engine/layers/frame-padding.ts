import * as tf from "@tensorflow/tfjs";
import { firstInput, firstShape } from "./first.js";

export interface FramePaddingArgs {
  /** Frames of zeros before the first one; default 0. */
  before?: number;
  /** Frames of zeros after the last one; default 0. */
  after?: number;
  name?: string;
}

/**
 * Adds frames of zeros around a clip, for the next convolution. TensorFlow's "same" pads according to the stride (0 before and 1
 * after an even number of frames, for kernel 3 and stride 2), where PyTorch's networks pad 1 on both sides.
 *
 * `[batch, frames, width]` to `[batch, before + frames + after, width]`.
 */
class FramePadding extends tf.layers.Layer {
  static className = "FramePadding";
  readonly #before: number;
  readonly #after: number;

  constructor({ before = 0, after = 0, ...rest }: FramePaddingArgs) {
    super(rest);
    for (const n of [before, after])
      if (!Number.isInteger(n) || n < 0) throw new RangeError(`a padding of ${n} frames: it takes 0, 1, ...`);
    this.#before = before;
    this.#after = after;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, frames, width] = firstShape(inputShape);
    return [batch!, frames == null ? null : frames + this.#before + this.#after, width!];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = firstInput(inputs);
    return tf.pad3d(x as tf.Tensor3D, [
      [0, 0],
      [this.#before, this.#after],
      [0, 0],
    ]);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), before: this.#before, after: this.#after };
  }
}

tf.serialization.registerClass(FramePadding);

/**
 * A {@link FramePadding} layer.
 *
 * @throws {RangeError} for a padding that is not a whole number of at least 0
 * @example const y = framePadding({ before: 1, after: 1 }).apply(x);
 */
export function framePadding(args: FramePaddingArgs): FramePadding {
  return new FramePadding(args);
}
