import { type Matrix, zeros } from "../base/matrix.js";

/**
 * Deltas: the local slope (order 1) or curvature (order 2) of every column over time, the derivative of a polynomial of
 * that order fitted to `width` frames (Savitzky and Golay 1964). Equal to `librosa.feature.delta` in its default mode
 * `interp`: the first and last `width / 2` frames use the outermost fit. HTK repeats the edge frames instead.
 *
 * When a matrix has fewer frames than `width`, which librosa rejects, the fit uses as many frames as there are (an odd
 * number); with fewer than three the result is zero.
 *
 * @param matrix frames x columns
 * @param order 1 (default) or 2
 * @param width frames, odd, at least 3; default 9
 * @returns frames x columns, per frame (order 1) or per frame squared (order 2)
 * @throws {RangeError} when the width is even or below 3
 * @example toRows(delta(fromRows([[0], [1], [4], [9]]), 1, 3)); // => [[2], [2], [4], [4]]
 */
export function delta(matrix: Matrix, order: 1 | 2 = 1, width = 9): Matrix {
  if (width < 3 || width % 2 === 0)
    throw new RangeError(`the width is ${width}: it takes an odd number, at least 3`);
  const { data, rows, cols } = matrix;
  const out = zeros(rows, cols);
  const half = Math.floor((Math.min(width, rows) - 1) / 2);
  if (half < 1) return out;
  const weights = derivativeWeights(half, order);
  for (let t = 0; t < rows; t++) {
    const first = Math.min(Math.max(t - half, 0), rows - 1 - 2 * half);
    for (let col = 0; col < cols; col++) {
      let sum = 0;
      for (let j = 0; j < weights.length; j++) sum += weights[j]! * data[(first + j) * cols + col]!;
      out.data[t * cols + col] = sum;
    }
  }
  return out;
}

/** Least squares over -half..half: the slope of a line, or twice the quadratic term of a parabola. */
function derivativeWeights(half: number, order: 1 | 2): Float64Array {
  const places = Float64Array.from({ length: 2 * half + 1 }, (_, i) => i - half);
  const squares = places.map((j) => j * j);
  const mean = squares.reduce((sum, s) => sum + s, 0) / squares.length;
  const shape = order === 1 ? places : squares.map((s) => s - mean);
  const energy = shape.reduce((sum, s) => sum + s * s, 0);
  return shape.map((s) => (order * s) / energy);
}

/** Joins matrices with the same number of frames side by side. */
export function appendColumns(...matrices: readonly Matrix[]): Matrix {
  const rows = matrices[0]?.rows ?? 0;
  const out = zeros(
    rows,
    matrices.reduce((sum, matrix) => sum + matrix.cols, 0),
  );
  let at = 0;
  for (const { data, rows: own, cols } of matrices) {
    if (own !== rows) throw new RangeError(`matrices of ${rows} and ${own} frames cannot be joined`);
    for (let t = 0; t < rows; t++) out.data.set(data.subarray(t * cols, (t + 1) * cols), t * out.cols + at);
    at += cols;
  }
  return out;
}
