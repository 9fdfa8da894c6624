import * as tf from "@tensorflow/tfjs";
import { firstInput, firstShape } from "./first.js";

export interface GroupedConvArgs {
  /** Columns of the output; a multiple of `groups`. */
  filters: number;
  /** Number of input frames per output frame. */
  kernelSize: number;
  /** Number of independent groups of columns. */
  groups: number;
  /** Seed of the initial kernel; without one it is zeros, for weights from a file. */
  seed?: number;
  name?: string;
}

/**
 * A grouped 1-d convolution over time, which tf.layers' Conv1D does not support: group g of the output's columns depends on group
 * g of the input's. The number of frames stays the same: floor(kernelSize / 2) zeros are added before the first frame and
 * kernelSize - 1 - floor(kernelSize / 2) after the last. An even kernel has one more before than after (TensorFlow's "same" has
 * the odd one after): PyTorch's `padding=kernelSize // 2` with the last frame dropped, as in wav2vec 2.0's positional
 * convolution.
 *
 * `[batch, frames, width]` to `[batch, frames, filters]`; weights `kernel`, `[kernelSize, width / groups, filters]`, and
 * `bias`, `[filters]`.
 */
class GroupedConv1D extends tf.layers.Layer {
  static className = "GroupedConv1D";
  readonly #args: Required<Omit<GroupedConvArgs, "name" | "seed">>;
  readonly #seed: number | undefined;
  #kernel?: tf.LayerVariable;
  #bias?: tf.LayerVariable;

  constructor({ filters, kernelSize, groups, seed, ...rest }: GroupedConvArgs) {
    super(rest);
    for (const [name, value] of Object.entries({ filters, kernelSize, groups })) {
      if (!Number.isInteger(value) || value < 1)
        throw new RangeError(`${name} is ${value}: it takes 1, 2, ...`);
    }
    if (filters % groups !== 0)
      throw new RangeError(`${filters} filters cannot be divided into ${groups} equal groups`);
    this.#args = { filters, kernelSize, groups };
    this.#seed = seed ?? undefined;
    this.inputSpec = [{ ndim: 3 }];
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const width = firstShape(inputShape)[2]!;
    const { filters, kernelSize, groups } = this.#args;
    if (width % groups !== 0)
      throw new RangeError(`${width} columns cannot be divided into ${groups} equal groups`);
    const { glorotUniform, zeros } = tf.initializers;
    const initial = this.#seed === undefined ? zeros() : glorotUniform({ seed: this.#seed });
    this.#kernel = this.addWeight("kernel", [kernelSize, width / groups, filters], "float32", initial);
    this.#bias = this.addWeight("bias", [filters], "float32", zeros());
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, frames] = firstShape(inputShape);
    return [batch!, frames!, this.#args.filters];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const input = firstInput(inputs) as tf.Tensor3D;
      const { kernelSize, groups } = this.#args;
      const before = Math.floor(kernelSize / 2);
      const padded = tf.pad(input, [
        [0, 0],
        [before, kernelSize - 1 - before],
        [0, 0],
      ]);
      // Not tf.split, whose gradient fails for a single group.
      const group = (all: tf.Tensor, g: number) => {
        const [first, second, columns] = all.shape as [number, number, number];
        return tf.slice3d(
          all as tf.Tensor3D,
          [0, 0, (g * columns) / groups],
          [first, second, columns / groups],
        );
      };
      const kernel = this.#kernel!.read();
      const parts = Array.from({ length: groups }, (_, g) =>
        tf.conv1d(group(padded, g), group(kernel, g), 1, "valid"),
      );
      return tf.add(tf.concat(parts, 2), this.#bias!.read());
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.#args, seed: this.#seed ?? null };
  }
}

tf.serialization.registerClass(GroupedConv1D);

/**
 * A {@link GroupedConv1D} layer.
 *
 * @throws {RangeError} for a size that is not a positive integer, or columns that cannot be divided into equal groups
 * @example groupedConv({ filters: 768, kernelSize: 128, groups: 16, name: "positional" }).apply(frames)
 */
export function groupedConv(args: GroupedConvArgs): GroupedConv1D {
  return new GroupedConv1D(args);
}
