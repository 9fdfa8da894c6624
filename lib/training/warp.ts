import { type Matrix, zeros } from "../base/matrix.js";
import { hzToMel, melFrequencies } from "../features/mel.js";
import type { SpectralSettings } from "../features/settings.js";

/** By how much a voice is changed: 1 for not at all. */
export interface Warp {
  /** Factor of all frequencies, as of a vocal tract that is shorter by it. */
  vocalTract: number;
  /** Factor of the tempo: 1.1 is over in 10/11 of the time. */
  tempo: number;
}

/**
 * The mel spectrogram, in powers or decibels, of the same words in about another voice: all frequencies times `vocalTract`
 * (vocal tract length perturbation, Jaitly and Hinton 2013) and the time divided by `tempo`, by linear interpolation between
 * bands and frames. What lies beyond the highest band is taken to be as the highest. Both by the same factor come near what
 * a tape at that speed would give, at a hundredth of the cost of resampling the sound, so that every epoch hears another.
 * Deltas move along with their bands. MFCC, which have no bands, take a tempo alone.
 *
 * @param matrix `[frames, bands * (1 + deltas)]`, not normalised
 * @param warp see {@link Warp}
 * @param settings of the features; their mel scale says which band a frequency is in
 * @returns `[frames / tempo, columns]`, at least one frame
 * @example warpSpectrogram(matrix, { vocalTract: 1.1, tempo: 1 }, settings) // a smaller speaker
 */
export function warpSpectrogram(
  matrix: Matrix,
  { vocalTract, tempo }: Warp,
  settings: SpectralSettings,
): Matrix {
  const moved = vocalTract === 1 ? matrix : alongBands(matrix, bandPlaces(vocalTract, settings));
  return alongTime(moved, Math.max(1, Math.round(matrix.rows / tempo)));
}

/** Of each band, the place among the bands where its sound was before. */
function bandPlaces(factor: number, { nMels, fmin, fmax, htk }: SpectralSettings): Float64Array {
  const centres = melFrequencies(nMels + 2, fmin, fmax, htk).subarray(1, nMels + 1);
  const low = hzToMel(fmin, htk);
  const step = (hzToMel(fmax, htk) - low) / (nMels + 1);
  return centres.map((hz) => within((hzToMel(hz / factor, htk) - low) / step - 1, nMels - 1));
}

function alongBands({ rows, cols, data }: Matrix, places: Float64Array): Matrix {
  const out = zeros(rows, cols);
  const bands = places.length;
  for (let band = 0; band < bands; band++) {
    const place = places[band]!;
    const first = Math.floor(place);
    const second = Math.min(bands - 1, first + 1);
    const share = place - first;
    for (let at = 0; at < rows * cols; at += bands) {
      out.data[at + band] = (1 - share) * data[at + first]! + share * data[at + second]!;
    }
  }
  return out;
}

function alongTime(matrix: Matrix, rows: number): Matrix {
  if (rows === matrix.rows) return matrix;
  const { cols, data } = matrix;
  const out = zeros(rows, cols);
  const last = matrix.rows - 1;
  for (let row = 0; row < rows; row++) {
    const place = rows === 1 ? 0 : (row * last) / (rows - 1);
    const first = Math.floor(place) * cols;
    const second = Math.min(last * cols, first + cols);
    const share = place - Math.floor(place);
    for (let col = 0; col < cols; col++) {
      out.data[row * cols + col] = (1 - share) * data[first + col]! + share * data[second + col]!;
    }
  }
  return out;
}

function within(value: number, high: number): number {
  return Math.min(high, Math.max(0, value));
}
