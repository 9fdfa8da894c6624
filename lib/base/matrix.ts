/** A matrix in single precision. For features, a row is a frame and a column is a band or coefficient. */
export interface Matrix {
  /** `rows * cols` values, row by row: the value at (i, j) is `data[i * cols + j]`. */
  data: Float32Array;
  rows: number;
  cols: number;
}

/**
 * A matrix of zeros.
 *
 * @example zeros(2, 3).data; // => [0, 0, 0, 0, 0, 0]
 */
export function zeros(rows: number, cols: number): Matrix {
  return { data: new Float32Array(rows * cols), rows, cols };
}

/**
 * One row, as a view into the matrix: writing to it changes the matrix.
 *
 * @param index from 0
 * @example row(fromRows([[1, 2], [3, 4]]), 1); // => [3, 4]
 */
export function row(matrix: Matrix, index: number): Float32Array {
  return matrix.data.subarray(index * matrix.cols, (index + 1) * matrix.cols);
}

/**
 * The rows as plain arrays of numbers, for JSON.
 *
 * @example toRows({ data: Float32Array.of(1, 2, 3, 4), rows: 2, cols: 2 }); // => [[1, 2], [3, 4]]
 */
export function toRows(matrix: Matrix): number[][] {
  return Array.from({ length: matrix.rows }, (_, i) => Array.from(row(matrix, i)));
}

/**
 * A matrix from rows of equal length; without rows, 0 x 0.
 *
 * @throws {RangeError} when the rows differ in length
 * @example fromRows([[1, 2], [3, 4], [5, 6]]).data; // => [1, 2, 3, 4, 5, 6]
 */
export function fromRows(rows: readonly ArrayLike<number>[]): Matrix {
  const cols = rows[0]?.length ?? 0;
  const matrix = zeros(rows.length, cols);
  rows.forEach((values, i) => {
    if (values.length !== cols) throw new RangeError(`row ${i} has ${values.length} columns, not ${cols}`);
    matrix.data.set(values, i * cols);
  });
  return matrix;
}

/** Arrays joined end to end. */
export function concatenated(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
