export interface DecibelOptions {
  /** The power that is 0 dB; default 1. A function takes it from the values (`Math.max` over a spectrogram). */
  reference?: number | ((values: ArrayLike<number>) => number);
  /** Powers below this count as this; default 1e-10. */
  amin?: number;
  /** The largest distance in dB under the loudest value; default 80, `null` for none. */
  topDb?: number | null;
}

/**
 * Powers in decibels, `10 log10(max(amin, value) / max(amin, reference))`, then clipped at `topDb` under the
 * largest; as `librosa.power_to_db`.
 *
 * @example powerToDb([1, 10, 100]) // [0, 10, 20]
 */
export function powerToDb(values: ArrayLike<number>, options: DecibelOptions = {}): Float32Array {
  const { reference = 1, amin = 1e-10, topDb = 80 } = options;
  const zero = Math.max(amin, typeof reference === "function" ? reference(values) : reference);
  const out = Float32Array.from(values, (value) => 10 * Math.log10(Math.max(amin, value) / zero));
  if (topDb === null) return out;
  const floor = largest(out) - topDb;
  return out.map((value) => Math.max(value, floor));
}

/** The largest value; a reference for {@link powerToDb}. `Math.max(...values)` fails on long arrays. */
export function largest(values: ArrayLike<number>): number {
  let top = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) top = Math.max(top, values[i]!);
  return top;
}
