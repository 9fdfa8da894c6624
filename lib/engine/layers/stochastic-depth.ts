import * as tf from "@tensorflow/tfjs";
import { firstInput } from "./first.js";

export interface StochasticDepthArgs {
  /** Share of the clips that skip the branch, in [0, 1). */
  rate: number;
  name?: string;
}

/**
 * Stochastic depth (Huang et al. 2016): in training, the branch of a residual sum that ends in this layer is dropped for a share
 * of the clips, drawn at each step, and divided by 1 - rate for the others. In inference it does nothing.
 *
 * `[batch, ...]` to the same.
 */
class StochasticDepth extends tf.layers.Layer {
  static className = "StochasticDepth";
  readonly #rate: number;
  /** Seed of the next draw; the trainers set it before each step. */
  seed: number | undefined;

  constructor({ rate, ...rest }: StochasticDepthArgs) {
    super(rest);
    if (!(rate >= 0 && rate < 1)) throw new RangeError(`rate is ${rate}: it takes a share from 0 up to 1`);
    this.#rate = rate;
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], { training }: { training?: boolean } = {}): tf.Tensor {
    return tf.tidy(() => {
      const x = firstInput(inputs);
      if (!training || this.#rate === 0) return tf.clone(x);
      const shape = [x.shape[0]!, ...new Array<number>(x.rank - 1).fill(1)];
      const draws = tf.randomUniform(shape, 0, 1, "float32", this.seed);
      return tf.mul(x, tf.div(tf.cast(tf.greaterEqual(draws, this.#rate), "float32"), 1 - this.#rate));
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.#rate };
  }
}

tf.serialization.registerClass(StochasticDepth);

/**
 * A {@link StochasticDepth} layer.
 *
 * @throws {RangeError} for a rate outside of [0, 1)
 * @example const sum = tf.layers.add().apply([x, stochasticDepth({ rate: 0.1 }).apply(branch)]);
 */
export function stochasticDepth(args: StochasticDepthArgs): StochasticDepth {
  return new StochasticDepth(args);
}
