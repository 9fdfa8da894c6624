/** What a bank of mel filters depends on. */
export interface MelSettings {
  /** Hz. */
  sampleRate: number;
  /** FFT length in samples. */
  nFft: number;
  nMels: number;
  /** Lowest edge, Hz. */
  fmin: number;
  /** Highest edge, Hz. */
  fmax: number;
  /** O'Shaughnessy's formula, as HTK uses it, instead of Slaney's. */
  htk: boolean;
  /** `slaney`: every filter has the area 1 over Hz / 2; `none`: the height 1. */
  norm: "slaney" | "none";
}

/** One filter: its weights for the FFT bins from `start` on. No weights where the filter is narrower than a bin. */
export interface MelBand {
  start: number;
  weights: Float32Array;
}

// Slaney's scale is linear below 1000 Hz (200/3 Hz a mel) and logarithmic above (27 mels for a factor of 6.4).
const HZ_PER_MEL = 200 / 3;
const BREAK_HZ = 1000;
const BREAK_MEL = BREAK_HZ / HZ_PER_MEL;
const LOG_STEP = Math.log(6.4) / 27;

/**
 * Hz to mel: Slaney's scale (Auditory Toolbox, 1998), or `2595 log10(1 + hz / 700)` (O'Shaughnessy 1987; HTK).
 *
 * @param hz frequency in Hz, not negative
 * @param htk default false
 * @example hzToMel(1000) // 15
 */
export function hzToMel(hz: number, htk = false): number {
  if (htk) return 2595 * Math.log10(1 + hz / 700);
  return hz < BREAK_HZ ? hz / HZ_PER_MEL : BREAK_MEL + Math.log(hz / BREAK_HZ) / LOG_STEP;
}

/** Mel to Hz, the inverse of {@link hzToMel}. */
export function melToHz(mel: number, htk = false): number {
  if (htk) return 700 * (10 ** (mel / 2595) - 1);
  return mel < BREAK_MEL ? mel * HZ_PER_MEL : BREAK_HZ * Math.exp(LOG_STEP * (mel - BREAK_MEL));
}

/**
 * `count` frequencies in Hz, evenly spaced in mel from `fmin` to `fmax`, both included.
 *
 * @example melFrequencies(3, 0, 1000) // [0, 500, 1000]
 */
export function melFrequencies(count: number, fmin: number, fmax: number, htk = false): Float64Array {
  const low = hzToMel(fmin, htk);
  const step = (hzToMel(fmax, htk) - low) / Math.max(1, count - 1);
  return Float64Array.from({ length: count }, (_, i) => melToHz(low + i * step, htk));
}

/**
 * Triangular mel filters over the bins of a spectrum, equal to `librosa.filters.mel`: filter i rises from edge i
 * to edge i + 1 and falls to edge i + 2, all edges evenly spaced in mel.
 *
 * @returns `nMels` bands, of which only the bins with a weight are kept
 * @example melFilterbank({ sampleRate: 16000, nFft: 512, nMels: 40, fmin: 0, fmax: 8000, htk: false, norm: "slaney" })
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
