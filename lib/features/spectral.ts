import { type Matrix, row } from "../base/matrix.js";

interface FrameLengths {
  /** Samples; default 2048. */
  frameLength?: number;
  /** Samples; default 512. */
  hopLength?: number;
}

/**
 * The share of a frame's samples whose sign differs from the sample's before, as
 * `librosa.feature.zero_crossing_rate`: centred frames, the ends of the signal repeated beyond it, values within
 * 1e-10 of zero counted as zero, which is positive.
 *
 * @returns a value per frame, 0..1
 * @example zeroCrossingRate(samples, { frameLength: 400, hopLength: 160 })
 */
export function zeroCrossingRate(samples: Float32Array, lengths: FrameLengths = {}): Float32Array {
  const negative = Uint8Array.from(samples, (value) => (value < -1e-10 ? 1 : 0));
  return overFrames(samples.length, lengths, (from, to) => {
    let crossings = 0;
    const [first, last] = [Math.max(1, from + 1), Math.min(samples.length, to)];
    for (let i = first; i < last; i++) crossings += negative[i]! ^ negative[i - 1]!;
    return crossings / (to - from);
  });
}

/**
 * The root of a frame's mean square, as `librosa.feature.rms`: centred frames, zeros beyond both ends.
 *
 * @returns a value per frame, in the samples' unit
 * @example rmsEnergy(samples, { frameLength: 400, hopLength: 160 })
 */
export function rmsEnergy(samples: Float32Array, lengths: FrameLengths = {}): Float32Array {
  return overFrames(samples.length, lengths, (from, to) => {
    let sum = 0;
    const last = Math.min(samples.length, to);
    for (let i = Math.max(0, from); i < last; i++) sum += samples[i]! ** 2;
    return Math.sqrt(sum / (to - from));
  });
}

/**
 * The mean frequency of every frame, weighted by its magnitudes, in Hz; as `librosa.feature.spectral_centroid`.
 *
 * @param magnitudes frames x bins, as {@link powerSpectrogram} with `power: 1` gives them
 * @param sampleRate Hz
 * @example spectralCentroid(powerSpectrogram(samples, { power: 1 }), 16000)
 */
export function spectralCentroid(magnitudes: Matrix, sampleRate: number): Float32Array {
  const step = binWidth(magnitudes, sampleRate);
  return overRows(magnitudes, (spectrum) => moment(spectrum, (bin) => bin * step));
}

/**
 * The spread of every frame's spectrum about its centroid, `sqrt(sum p (f - centroid)^2)` with the magnitudes
 * normed to the sum 1, in Hz; as `librosa.feature.spectral_bandwidth`.
 */
export function spectralBandwidth(magnitudes: Matrix, sampleRate: number): Float32Array {
  const step = binWidth(magnitudes, sampleRate);
  return overRows(magnitudes, (spectrum) => {
    const centroid = moment(spectrum, (bin) => bin * step);
    return Math.sqrt(moment(spectrum, (bin) => (bin * step - centroid) ** 2));
  });
}

/**
 * The lowest frequency (Hz, a bin's) below and at which this share of every frame's magnitudes lies; as
 * `librosa.feature.spectral_rolloff`.
 *
 * @param share default 0.85
 */
export function spectralRolloff(magnitudes: Matrix, sampleRate: number, share = 0.85): Float32Array {
  const step = binWidth(magnitudes, sampleRate);
  return overRows(magnitudes, (spectrum) => {
    const wanted = share * spectrum.reduce((sum, value) => sum + value, 0);
    let sum = 0;
    for (let bin = 0; bin < spectrum.length; bin++) {
      sum += spectrum[bin]!;
      if (sum >= wanted) return bin * step;
    }
    return (spectrum.length - 1) * step;
  });
}

/**
 * The geometric over the arithmetic mean of every frame's powers (at least 1e-10 each): near 0 for tones, 1 for a
 * flat spectrum; as `librosa.feature.spectral_flatness`.
 *
 * @param powers frames x bins, as {@link powerSpectrogram} gives them
 */
export function spectralFlatness(powers: Matrix): Float32Array {
  return overRows(powers, (spectrum) => {
    let logs = 0;
    let sum = 0;
    for (const value of spectrum) {
      const power = Math.max(1e-10, value);
      logs += Math.log(power);
      sum += power;
    }
    return Math.exp(logs / spectrum.length) / (sum / spectrum.length);
  });
}

/** Bins of a real transform of even length. */
function binWidth(spectra: Matrix, sampleRate: number): number {
  return sampleRate / (2 * (spectra.cols - 1));
}

/** The mean of a function of the bin, weighted by the spectrum; 0 for an empty one. */
function moment(spectrum: Float32Array, value: (bin: number) => number): number {
  let weighted = 0;
  let sum = 0;
  for (let bin = 0; bin < spectrum.length; bin++) {
    weighted += spectrum[bin]! * value(bin);
    sum += spectrum[bin]!;
  }
  return sum > 0 ? weighted / sum : 0;
}

function overRows(matrix: Matrix, value: (spectrum: Float32Array) => number): Float32Array {
  return Float32Array.from({ length: matrix.rows }, (_, i) => value(row(matrix, i)));
}

function overFrames(
  length: number,
  { frameLength = 2048, hopLength = 512 }: FrameLengths,
  value: (from: number, to: number) => number,
): Float32Array {
  const half = Math.floor(frameLength / 2);
  const frames = 1 + Math.floor(Math.max(0, length + 2 * half - frameLength) / hopLength);
  return Float32Array.from({ length: frames }, (_, t) => {
    const from = t * hopLength - half;
    return value(from, from + frameLength);
  });
}
