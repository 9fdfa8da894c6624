/** Settings of a mel filter bank. */
export interface MelSettings {
  /** Hz. */
  sampleRate: number;
  /** FFT length in samples. */
  nFft: number;
  /** Bands. */
  nMels: number;
  /** Lowest edge, Hz. */
  fmin: number;
  /** Highest edge, Hz. */
  fmax: number;
  /** HTK's mel scale (O'Shaughnessy's formula) instead of Slaney's. */
  htk: boolean;
  /** `slaney`: every filter has area 1 (height `2 / (upper - lower edge)`, 1/Hz); `none`: every filter has height 1. */
  norm: "slaney" | "none";
}

/** One mel filter: its nonzero weights. */
export interface MelBand {
  /** The first FFT bin with a weight. */
  start: number;
  /** Weights of the bins from `start` on; empty when the filter falls between two bins. */
  weights: Float32Array;
}

// Slaney's scale is linear below 1000 Hz (200/3 Hz a mel) and logarithmic above (27 mels for a factor of 6.4).
const HZ_PER_MEL = 200 / 3;
const BREAK_HZ = 1000;
const BREAK_MEL = BREAK_HZ / HZ_PER_MEL;
const LOG_STEP = Math.log(6.4) / 27;

/**
 * Hz to mel, as `librosa.hz_to_mel`. Two scales are in use: Slaney's (Auditory Toolbox, 1998; linear below 1000 Hz,
 * logarithmic above), and HTK's `2595 log10(1 + hz / 700)` (O'Shaughnessy 1987).
 *
 * @param hz frequency in Hz, not negative
 * @param htk HTK's scale instead of Slaney's; default false
 * @example
 * hzToMel(1000); // => 15
 * hzToMel(700, true); // => 2595 * Math.log10(2)
 */
export function hzToMel(hz: number, htk = false): number {
  if (htk) return 2595 * Math.log10(1 + hz / 700);
  return hz < BREAK_HZ ? hz / HZ_PER_MEL : BREAK_MEL + Math.log(hz / BREAK_HZ) / LOG_STEP;
}

/**
 * Mel to Hz, the inverse of {@link hzToMel}; as `librosa.mel_to_hz`.
 *
 * @param htk HTK's scale instead of Slaney's; default false
 * @example melToHz(15); // => 1000
 */
export function melToHz(mel: number, htk = false): number {
  if (htk) return 700 * (10 ** (mel / 2595) - 1);
  return mel < BREAK_MEL ? mel * HZ_PER_MEL : BREAK_HZ * Math.exp(LOG_STEP * (mel - BREAK_MEL));
}

/**
 * Frequencies evenly spaced in mel, as `librosa.mel_frequencies`.
 *
 * @param count how many
 * @param fmin the first, Hz
 * @param fmax the last, Hz
 * @param htk HTK's scale instead of Slaney's; default false
 * @returns Hz
 * @example melFrequencies(3, 0, 1000); // => [0, 500, 1000]
 */
export function melFrequencies(count: number, fmin: number, fmax: number, htk = false): Float64Array {
  const low = hzToMel(fmin, htk);
  const step = (hzToMel(fmax, htk) - low) / Math.max(1, count - 1);
  return Float64Array.from({ length: count }, (_, i) => melToHz(low + i * step, htk));
}

/**
 * Triangular mel filters over the bins of a spectrum, equal to `librosa.filters.mel`: filter i rises from edge i
 * to edge i + 1 and falls to edge i + 2; the edges are evenly spaced in mel.
 *
 * @returns `nMels` filters, each with its nonzero weights only
 * @example
 * const settings = { sampleRate: 2000, nFft: 8, nMels: 1, fmin: 0, fmax: 1000, htk: false, norm: "none" } as const;
 * melFilterbank(settings); // => [{ start: 1, weights: [0.5, 1, 0.5] }]
 */
export function melFilterbank(settings: MelSettings): MelBand[] {
  const { sampleRate, nFft, nMels, fmin, fmax, htk, norm } = settings;
  const edges = melFrequencies(nMels + 2, fmin, fmax, htk);
  const bins = Math.floor(nFft / 2) + 1;
  return Array.from({ length: nMels }, (_, i) => {
    const [low, middle, high] = edges.subarray(i, i + 3) as unknown as [number, number, number];
    const height = norm === "slaney" ? 2 / (high - low) : 1;
    const weights: number[] = [];
    let start = 0;
    for (let bin = 0; bin < bins; bin++) {
      const hz = (bin * sampleRate) / nFft;
      const weight = Math.min((hz - low) / (middle - low), (high - hz) / (high - middle));
      if (!(weight > 0)) continue;
      if (weights.length === 0) start = bin;
      weights.push(weight * height);
    }
    return { start, weights: Float32Array.from(weights) };
  });
}
