import type { Matrix } from "../base/matrix.js";
import { largest } from "./decibels.js";

/** The statistics of {@link clipStatistics}, in order. */
export const STATISTICS = ["mean", "sd", "min", "max", "median", "iqr", "slope"] as const;

/**
 * A clip as one vector: seven statistics of every column over time, the means of all columns first, then the standard
 * deviations (divisor n), minima, maxima, medians, interquartile ranges and slopes (per frame, least squares). It is the
 * input of models without time, such as a linear baseline. Quantiles are interpolated linearly, as NumPy's default.
 *
 * @param matrix frames x columns, at least one frame
 * @returns `7 * cols` values, named by {@link statisticsNames}
 * @throws {RangeError} when there are no frames
 * @example clipStatistics(fromRows([[1], [2], [6]])); // => [3, Math.sqrt(14 / 3), 1, 6, 2, 2.5, 2.5]
 */
export function clipStatistics(matrix: Matrix): Float32Array {
  const { data, rows, cols } = matrix;
  if (rows === 0) throw new RangeError("statistics need at least one frame");
  const out = new Float32Array(STATISTICS.length * cols);
  const column = new Float32Array(rows);
  for (let col = 0; col < cols; col++) {
    for (let t = 0; t < rows; t++) column[t] = data[t * cols + col]!;
    columnStatistics(column).forEach((value, i) => {
      out[i * cols + col] = value;
    });
  }
  return out;
}

/**
 * The names of the values of {@link clipStatistics}: `mean_0`, `mean_1`, ..., `sd_0`, ...
 *
 * @param cols columns of the matrix
 * @example statisticsNames(1); // => ["mean_0", "sd_0", "min_0", "max_0", "median_0", "iqr_0", "slope_0"]
 */
export function statisticsNames(cols: number): string[] {
  return STATISTICS.flatMap((name) => Array.from({ length: cols }, (_, col) => `${name}_${col}`));
}

/** The statistics of one column, which is sorted in the end. */
function columnStatistics(values: Float32Array): number[] {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const middle = (n - 1) / 2;
  let squares = 0;
  let lean = 0;
  let times = 0;
  for (let t = 0; t < n; t++) {
    const deviation = values[t]! - mean;
    squares += deviation * deviation;
    lean += (t - middle) * deviation;
    times += (t - middle) ** 2;
  }
  const max = largest(values);
  values.sort();
  const iqr = quantile(values, 0.75) - quantile(values, 0.25);
  const slope = times > 0 ? lean / times : 0;
  return [mean, Math.sqrt(squares / n), values[0]!, max, quantile(values, 0.5), iqr, slope];
}

function quantile(sorted: Float32Array, share: number): number {
  const place = share * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (place - low) * (sorted[high]! - sorted[low]!);
}
