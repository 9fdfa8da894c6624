import { type Matrix, zeros } from "../base/matrix.js";

/**
 * Crops or pads a matrix to a fixed number of frames: a longer one is cropped, a shorter one gets rows of zeros at its end.
 *
 * @param matrix frames x columns
 * @param frames rows of the result
 * @param at the part of a longer matrix that is kept: its middle (default), its start, or the part from this frame on
 *   (moved towards the start if the rest is too short)
 * @returns a new matrix, `frames` x columns
 * @example
 * toRows(fixLength(fromRows([[1], [2], [3], [4]]), 2)); // => [[2], [3]]
 * toRows(fixLength(fromRows([[1], [2]]), 3)); // => [[1], [2], [0]]
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
