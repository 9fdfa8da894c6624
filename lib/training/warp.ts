import { type Matrix, zeros } from "../base/matrix.js";
import { hzToMel, melFrequencies } from "../features/mel.js";
import type { SpectralSettings } from "../features/settings.js";

/** Factors by which a voice is changed; 1 for no change. */
export interface Warp {
  /** Factor of all frequencies: that of a vocal tract shorter by this factor. */
  vocalTract: number;
  /** Factor of the tempo: at 1.1 a clip takes 10/11 of the time. */
  tempo: number;
}

/**
 * The mel spectrogram, in power or decibels, of the same words in another voice, approximately: all frequencies times
 * `vocalTract` (vocal tract length perturbation, Jaitly and Hinton 2013) and the time divided by `tempo`, by linear
 * interpolation between bands and frames. Frequencies above the highest band have its value. Both by the same factor
 * approximate speed perturbation at a hundredth of the cost of resampling, so every epoch can have its own. Deltas move with
 * their bands. MFCC have no bands and take a tempo only.
 *
 * @param matrix `[frames, bands * (1 + deltas)]`, not normalised
 * @param warp the factors
 * @param settings of the features; their mel scale gives the band of a frequency
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

/** For each band, its place among the bands before the warp. */
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
