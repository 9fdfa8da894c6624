import { type Matrix, zeros } from "../base/matrix.js";

/**
 * A matrix of exactly so many frames: a longer one is cropped, a shorter one gets rows of zeros at its end.
 *
 * @param matrix frames x columns
 * @param frames rows of the result
 * @param at which part of a longer one is kept: its middle (default), its start, or that from this frame on
 *   (moved as far to the front as it takes to fill all frames)
 * @example fixLength(matrix, 300)
 */
export function fixLength(
  matrix: Matrix,
  frames: number,
  at: "center" | "start" | number = "center",
): Matrix {
  const { data, rows, cols } = matrix;
  const spare = Math.max(0, rows - frames);
  const wanted = at === "center" ? Math.floor(spare / 2) : at === "start" ? 0 : Math.floor(at);
  const first = Math.min(Math.max(wanted, 0), spare);
  const out = zeros(frames, cols);
  out.data.set(data.subarray(first * cols, (first + Math.min(rows, frames)) * cols));
  return out;
}
