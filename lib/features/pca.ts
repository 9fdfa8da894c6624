import { type Matrix, zeros } from "../base/matrix.js";

/** The result of a principal component analysis. */
export interface Pca {
  /** Rows x components: the coordinates of each row. */
  scores: Matrix;
  /** Components x columns: unit vectors, each with its largest entry positive. */
  components: Matrix;
  /** Share of the total variance explained by each component, 0..1. */
  explained: number[];
}

/**
 * Principal component analysis (Hotelling 1933): the directions of largest variance of the centred rows, from the
 * eigenvectors of their covariance (Jacobi's method, O(columns^3): meant for up to about 500 columns). With
 * `standardise: false` equal to scikit-learn's `PCA`, up to the signs.
 *
 * @param rows rows = clips, cols = features
 * @param count components, at most the number of columns
 * @param options.standardise divides each column by its standard deviation first (default true), since features
 *   have different units; a constant column becomes 0
 * @throws {RangeError} when there are fewer than two rows, or the count is not from 1 to the number of columns
 * @example
 * const { scores, explained } = pca(fromRows([[0, 0], [1, 2], [2, 4]]), 1, { standardise: false });
 * explained; // => [1]
 * toRows(scores); // => [[-Math.sqrt(5)], [0], [Math.sqrt(5)]]
 */
export function pca(rows: Matrix, count: number, options: { standardise?: boolean } = {}): Pca {
  const { cols } = rows;
  if (rows.rows < 2) throw new RangeError("a principal component analysis needs at least two rows");
  if (!Number.isInteger(count) || count < 1 || count > cols)
    throw new RangeError(`there are 1 to ${cols} principal components, not ${count}`);
  const centred = centre(rows, options.standardise ?? true);
  const covariance = covarianceOf(centred, rows.rows, cols);
  const total = Array.from({ length: cols }, (_, i) => covariance[i * cols + i]!).reduce((a, b) => a + b, 0);
  const { values, vectors } = eigen(covariance, cols);
  const order = Array.from(values, (_, i) => i).sort((a, b) => values[b]! - values[a]!);
  const components = zeros(count, cols);
  for (let k = 0; k < count; k++) components.data.set(upright(vectors, order[k]!, cols), k * cols);
  const scores = zeros(rows.rows, count);
  for (let i = 0; i < rows.rows; i++) {
    for (let k = 0; k < count; k++) {
      let sum = 0;
      for (let j = 0; j < cols; j++) sum += centred[i * cols + j]! * components.data[k * cols + j]!;
      scores.data[i * count + k] = sum;
    }
  }
  const explained = order.slice(0, count).map((k) => (total > 0 ? Math.max(0, values[k]!) / total : 0));
  return { scores, components, explained };
}

function centre({ data, rows, cols }: Matrix, standardise: boolean): Float64Array {
  const out = Float64Array.from(data);
  for (let j = 0; j < cols; j++) {
    let mean = 0;
    for (let i = 0; i < rows; i++) mean += out[i * cols + j]! / rows;
    let squares = 0;
    for (let i = 0; i < rows; i++) {
      out[i * cols + j]! -= mean;
      squares += out[i * cols + j]! ** 2;
    }
    const sd = Math.sqrt(squares / rows);
    if (!standardise) continue;
    for (let i = 0; i < rows; i++) out[i * cols + j] = sd > 1e-12 ? out[i * cols + j]! / sd : 0;
  }
  return out;
}

/** Covariance of centred rows, divisor n - 1. */
function covarianceOf(rows: Float64Array, count: number, cols: number): Float64Array {
  const out = new Float64Array(cols * cols);
  for (let i = 0; i < count; i++) {
    const row = rows.subarray(i * cols, (i + 1) * cols);
    for (let a = 0; a < cols; a++) {
      const scaled = row[a]! / (count - 1);
      for (let b = a; b < cols; b++) out[a * cols + b]! += scaled * row[b]!;
    }
  }
  for (let a = 0; a < cols; a++) for (let b = 0; b < a; b++) out[a * cols + b] = out[b * cols + a]!;
  return out;
}

/** Eigenvalues and, as columns, eigenvectors of a symmetric matrix, which is overwritten (Jacobi 1846, cyclic). */
function eigen(a: Float64Array, n: number): { values: Float64Array; vectors: Float64Array } {
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  const size = a.reduce((sum, value) => sum + value * value, 0);
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += a[p * n + q]! ** 2;
    if (off <= 1e-24 * size) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q);
  }
  return { values: Float64Array.from({ length: n }, (_, i) => a[i * n + i]!), vectors: v };
}

/** The rotation that makes a[p][q] zero. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q]!;
  if (apq === 0) return;
  const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let k = 0; k < n; k++) turn(a, k * n + p, k * n + q, c, s);
  for (let k = 0; k < n; k++) turn(a, p * n + k, q * n + k, c, s);
  for (let k = 0; k < n; k++) turn(v, k * n + p, k * n + q, c, s);
}

function turn(values: Float64Array, p: number, q: number, c: number, s: number): void {
  const [x, y] = [values[p]!, values[q]!];
  values[p] = c * x - s * y;
  values[q] = s * x + c * y;
}

/** One eigenvector, its largest entry positive, so that the sign does not depend on the method. */
function upright(vectors: Float64Array, column: number, n: number): Float64Array {
  const vector = Float64Array.from({ length: n }, (_, i) => vectors[i * n + column]!);
  const largest = vector.reduce(
    (most, value) => (Math.abs(value) > Math.abs(most) + 1e-12 ? value : most),
    0,
  );
  return largest < 0 ? vector.map((value) => -value) : vector;
}
