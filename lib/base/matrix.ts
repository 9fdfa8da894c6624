/** Frames of features: row-major, `rows` = time, `cols` = bands or coefficients. */
export interface Matrix {
  data: Float32Array;
  rows: number;
  cols: number;
}

/** A matrix of zeros. */
export function zeros(rows: number, cols: number): Matrix {
  return { data: new Float32Array(rows * cols), rows, cols };
}

/** One row, as a view into the matrix. */
export function row(matrix: Matrix, index: number): Float32Array {
  return matrix.data.subarray(index * matrix.cols, (index + 1) * matrix.cols);
}

/** The rows as arrays of numbers, as JSON wants them. */
export function toRows(matrix: Matrix): number[][] {
  return Array.from({ length: matrix.rows }, (_, i) => Array.from(row(matrix, i)));
}

/** A matrix from rows of equal length. */
export function fromRows(rows: readonly ArrayLike<number>[]): Matrix {
  const cols = rows[0]?.length ?? 0;
  const matrix = zeros(rows.length, cols);
  rows.forEach((values, i) => {
    if (values.length !== cols) throw new RangeError(`row ${i} has ${values.length} columns, not ${cols}`);
    matrix.data.set(values, i * cols);
  });
  return matrix;
}

/** Lists of numbers as one, each after the one before. */
export function concatenated(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
