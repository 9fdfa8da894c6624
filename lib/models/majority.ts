import type { LayersModel } from "@tensorflow/tfjs";
import { affine } from "./linear.js";

/**
 * The simplest baseline: for any input it outputs the shares of the classes in the training part, so it always predicts the most
 * frequent one. Its accuracy is that class's share in the test part, its UAR is chance.
 *
 * @param labels class indices of the training clips
 * @param columns of the input, which is ignored
 * @param classes number of classes
 * @example const model = await majority([0, 0, 1], 448, 7);
 */
export async function majority(
  labels: readonly number[],
  columns: number,
  classes: number,
): Promise<LayersModel> {
  const bias = Float32Array.from({ length: classes }, (_, c) => {
    const share = labels.filter((label) => label === c).length / labels.length;
    return Math.log(Math.max(share, 1e-12));
  });
  return affine("majority", new Float32Array(columns * classes), bias);
}
