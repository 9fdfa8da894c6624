import * as tf from "@tensorflow/tfjs";
import { firstInput, firstShape } from "./first.js";

export interface GroupNormArgs {
  /** Added to the variance; default 1e-5. */
  epsilon?: number;
  name?: string;
}

/**
 * Group normalisation (Wu and He 2018) with one channel per group: each column minus its mean over the frames of the clip, divided
 * by its population standard deviation over them, times `gamma`, plus `beta`. In wav2vec 2.0 it removes loudness and microphone
 * from the output of the first convolution.
 *
 * `[batch, frames, width]` to the same; weights `gamma` (ones) and `beta` (zeros), `[width]`. All frames count, so padding changes
 * the result.
 */
class GroupNorm extends tf.layers.Layer {
  static className = "GroupNorm";
  readonly #epsilon: number;
  #gamma?: tf.LayerVariable;
  #beta?: tf.LayerVariable;

  constructor({ epsilon = 1e-5, ...rest }: GroupNormArgs) {
    super(rest);
    if (!(epsilon > 0)) throw new RangeError(`epsilon is ${epsilon}: it takes a number above 0`);
    this.#epsilon = epsilon;
    this.inputSpec = [{ ndim: 3 }];
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const width = firstShape(inputShape)[2]!;
    this.#gamma = this.addWeight("gamma", [width], "float32", tf.initializers.ones());
    this.#beta = this.addWeight("beta", [width], "float32", tf.initializers.zeros());
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape | tf.Shape[] {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const input = firstInput(inputs) as tf.Tensor3D;
      const { mean, variance } = tf.moments(input, 1, true);
      const normal = tf.mul(tf.sub(input, mean), tf.rsqrt(tf.add(variance, this.#epsilon)));
      return tf.add(tf.mul(normal, this.#gamma!.read()), this.#beta!.read());
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), epsilon: this.#epsilon };
  }
}

tf.serialization.registerClass(GroupNorm);

/**
 * A {@link GroupNorm} layer.
 *
 * @throws {RangeError} for an epsilon that is not above 0
 * @example groupNorm({ name: "feature0.norm" }).apply(features)
 */
export function groupNorm(args: GroupNormArgs = {}): GroupNorm {
  return new GroupNorm(args);
}
