import { UsageError } from "../base/errors.js";

/** The window functions for speech; `boxcar` and `ones` are the same. */
export const WINDOWS = ["hann", "hamming", "blackman", "bartlett", "boxcar", "ones"] as const;

/** A window function, by scipy's names: `hann`, `hamming`, `blackman`, `bartlett`, `boxcar` or `ones` (the same). */
export type WindowName = (typeof WINDOWS)[number];

/** A window's coefficients a_k of sum_k (-1)^k a_k cos(2 pi k n / N) (Harris 1978, Proc. IEEE 66(1)). */
const COSINES: Partial<Record<WindowName, readonly number[]>> = {
  hann: [0.5, 0.5],
  hamming: [0.54, 0.46],
  blackman: [0.42, 0.5, 0.08],
};

/**
 * A window function, equal to `scipy.signal.get_window(name, length, fftbins=periodic)`.
 *
 * @param name one of {@link WINDOWS}
 * @param length samples, at least 1
 * @param periodic true (default) for spectral analysis: the window of `length + 1` without its last sample;
 *   false for a symmetric window, for filter design
 * @throws {UsageError} for an unknown name
 * @example windowOf("hann", 4) // [0, 0.5, 1, 0.5]
 */
export function windowOf(name: WindowName, length: number, periodic = true): Float64Array {
  if (!WINDOWS.includes(name)) throw new UsageError(`unknown window "${name}": use ${WINDOWS.join(", ")}`);
  const out = new Float64Array(length).fill(1);
  if (length === 1 || name === "boxcar" || name === "ones") return out;
  const period = periodic ? length : length - 1;
  if (name === "bartlett") return out.map((_, n) => 1 - Math.abs((2 * n) / period - 1));
  const terms = COSINES[name]!;
  return out.map((_, n) =>
    terms.reduce((sum, a, k) => sum + (k % 2 ? -a : a) * Math.cos((2 * Math.PI * k * n) / period), 0),
  );
}
