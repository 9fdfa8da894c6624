/** Options of {@link powerToDb}; the defaults are librosa's. */
export interface DecibelOptions {
  /** The power at 0 dB; default 1. A function computes it from the values (`ref=np.max` in librosa: their maximum). */
  reference?: number | ((values: ArrayLike<number>) => number);
  /** Smaller powers are raised to this one; default 1e-10. */
  amin?: number;
  /** Floor below the largest value, dB; default 80, `null` for none. */
  topDb?: number | null;
}

/**
 * Converts powers to decibels, `10 log10(max(amin, value) / max(amin, reference))`, then raises values more than `topDb`
 * below the largest to that floor. Equal to `librosa.power_to_db`. Amplitudes have to be squared first.
 *
 * @returns dB, one per value
 * @example
 * powerToDb([1, 10, 100]); // => [0, 10, 20]
 * powerToDb([1, 10, 100], { reference: 100, topDb: 15 }); // => [-15, -10, 0]
 */
export function powerToDb(values: ArrayLike<number>, options: DecibelOptions = {}): Float32Array {
  const { reference = 1, amin = 1e-10, topDb = 80 } = options;
  const zero = Math.max(amin, typeof reference === "function" ? reference(values) : reference);
  const out = Float32Array.from(values, (value) => 10 * Math.log10(Math.max(amin, value) / zero));
  if (topDb === null) return out;
  const floor = largest(out) - topDb;
  return out.map((value) => Math.max(value, floor));
}

/** The largest value; a reference for `powerToDb`. `Math.max(...values)` fails on long arrays. */
export function largest(values: ArrayLike<number>): number {
  let top = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) top = Math.max(top, values[i]!);
  return top;
}
