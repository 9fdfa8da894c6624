import * as tf from "@tensorflow/tfjs";
import { firstInput, firstShape } from "./first.js";

export interface PositionsArgs {
  /** Rows of the table: the largest number of frames of an input. */
  positions: number;
  /** Whether the table is trained; default false. */
  trainable?: boolean;
  name?: string;
}

/**
 * Adds a table row for its position to each frame, since attention by itself ignores the order of frames:
 * y[r] = x[r] + table[r]. The table is `[positions, width]`; its initial values are {@link sinusoids}.
 *
 * `[batch, frames, width]` to the same, frames up to positions.
 */
class Positions extends tf.layers.Layer {
  static className = "Positions";
  readonly #positions: number;
  #table!: ReturnType<tf.layers.Layer["addWeight"]>;

  constructor({ positions, ...rest }: PositionsArgs) {
    super({ trainable: false, ...rest });
    if (!Number.isInteger(positions) || positions < 1)
      throw new RangeError(`positions is ${positions}: it takes 1, 2, ...`);
    this.#positions = positions;
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const [, , width] = firstShape(inputShape);
    const start = { apply: () => tf.tensor2d(sinusoids(this.#positions, width!), [this.#positions, width!]) };
    this.#table = this.addWeight("table", [this.#positions, width!], "float32", start as never);
    this.built = true;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const shape = firstShape(inputShape);
    if (shape[1] != null && shape[1] > this.#positions)
      throw new RangeError(
        `${shape[1]} frames are more than the ${this.#positions} positions of "${this.name}"`,
      );
    return shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = firstInput(inputs);
      const [, frames, width] = x.shape as [number, number, number];
      return tf.add(x, tf.slice(this.#table.read() as tf.Tensor2D, [0, 0], [frames, width]));
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), positions: this.#positions };
  }
}

tf.serialization.registerClass(Positions);

/**
 * Whisper's table of positions, after Vaswani et al. (2017): with half = floor(width / 2) and angle(p, i) =
 * p exp(-i ln(10000) / (half - 1)), the sines of all angles, then their cosines.
 *
 * @returns `positions * width` numbers, row by row
 * @example sinusoids(1500, 512);
 */
export function sinusoids(positions: number, width: number): Float32Array {
  const half = Math.floor(width / 2);
  const slope = Math.log(10000) / Math.max(1, half - 1);
  const table = new Float32Array(positions * width);
  for (let p = 0; p < positions; p++)
    for (let i = 0; i < half; i++) {
      const angle = p * Math.exp(-slope * i);
      table[p * width + i] = Math.sin(angle);
      table[p * width + half + i] = Math.cos(angle);
    }
  return table;
}

/**
 * A {@link Positions} layer.
 *
 * @throws {RangeError} for a number of positions that is not a positive integer
 * @example const y = positions({ positions: 1500 }).apply(x);
 */
export function positions(args: PositionsArgs): Positions {
  return new Positions(args);
}
