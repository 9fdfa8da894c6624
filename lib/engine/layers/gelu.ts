import * as tf from "@tensorflow/tfjs";
import { firstInput } from "./first.js";

/**
 * The Gaussian error linear unit (Hendrycks and Gimpel 2016) with the exact erf, not its approximation by tanh, as in Whisper and
 * wav2vec 2.0: x (1 + erf(x / sqrt(2))) / 2. Any shape.
 */
class Gelu extends tf.layers.Layer {
  static className = "Gelu";

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = firstInput(inputs);
      return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
    });
  }
}

tf.serialization.registerClass(Gelu);

/**
 * A {@link Gelu} layer.
 *
 * @example const y = gelu().apply(x);
 */
export function gelu(args: { name?: string } = {}): Gelu {
  return new Gelu(args);
}
