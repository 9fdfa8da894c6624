import Meyda from "meyda";
import { type Matrix, row, zeros } from "../base/matrix.js";
import type { SpectralSettings } from "./settings.js";
import { powerSpectrogram } from "./stft.js";

/**
 * The columns of {@link descriptors}: RMS and zero-crossing rate (crossings per sample) of the frame; centroid and spread
 * (Hz), skewness and kurtosis of its magnitude spectrum; roll-off, the frequency (Hz) below which 99 % of the magnitudes
 * lie (librosa: 85 %); flatness (0..1) and crest (peak over RMS); loudness over 24 Bark bands (a relative scale), its
 * sharpness (acum) and its spread.
 *
 * @example
 * DESCRIPTORS.length; // => 12
 * DESCRIPTORS.indexOf("spectralCentroid"); // => 2
 */
export const DESCRIPTORS = [
  "rms",
  "zcr",
  "spectralCentroid",
  "spectralSpread",
  "spectralSkewness",
  "spectralKurtosis",
  "spectralRolloff",
  "spectralFlatness",
  "spectralCrest",
  "loudness",
  "perceptualSharpness",
  "perceptualSpread",
] as const;

/** One of {@link DESCRIPTORS}. */
export type DescriptorName = (typeof DESCRIPTORS)[number];

/** The input of Meyda's extractors: the spectra of this library instead of those of Meyda's shared state. */
interface Input {
  signal: Float32Array;
  ampSpectrum: Float32Array;
  sampleRate: number;
  bufferSize: number;
  barkScale: Float32Array;
}

type Extractors = Record<DescriptorName, (input: Input) => number | { total: number } | null>;

/**
 * Meyda's scalar descriptors of every frame (Rawlinson, Segal and Fiala 2015), in the columns of {@link DESCRIPTORS}.
 * Values that are undefined for a silent frame are 0.
 *
 * Meyda's `extract` keeps the window, Bark scale and filter banks of an earlier sampling rate, windows the signal before
 * computing its energy, and gives centroid and spread in bins. Its extractors are therefore called one by one on the
 * frames and spectra of this library, and bins are converted to Hz.
 *
 * @param samples mono, at `settings.sampleRate`; they are not resampled
 * @param settings their frames and window; `featureSettings()` for speech
 * @returns frames x 12
 * @example
 * const { samples } = await readAudio("talk.wav");
 * const frames = descriptors(samples, featureSettings());
 * frames.cols; // => 12
 * const rms = row(frames, 0)[DESCRIPTORS.indexOf("rms")];
 */
export function descriptors(samples: Float32Array, settings: SpectralSettings): Matrix {
  const { sampleRate, nFft, winLength, hopLength, center } = settings;
  const magnitudes = powerSpectrogram(samples, { ...settings, power: 1 });
  const extractors = Meyda.featureExtractors as unknown as Extractors;
  const barkScale = barkOf(magnitudes.cols, sampleRate, nFft);
  const scale = scalesOf(winLength, sampleRate / nFft);
  const out = zeros(magnitudes.rows, DESCRIPTORS.length);
  const lead = center ? Math.floor(winLength / 2) : -Math.floor((nFft - winLength) / 2);
  for (let t = 0; t < magnitudes.rows; t++) {
    const signal = frameOf(samples, t * hopLength - lead, winLength);
    const ampSpectrum = row(magnitudes, t);
    const input = { signal, ampSpectrum, sampleRate, bufferSize: nFft, barkScale };
    DESCRIPTORS.forEach((name, col) => {
      const value = extractors[name](input);
      const number = typeof value === "number" ? value : (value?.total ?? 0);
      out.data[t * out.cols + col] = Number.isFinite(number) ? number * (scale[name] ?? 1) : 0;
    });
  }
  return out;
}

function scalesOf(winLength: number, hzPerBin: number): Partial<Record<DescriptorName, number>> {
  return { zcr: 1 / winLength, spectralCentroid: hzPerBin, spectralSpread: hzPerBin };
}

/** Bark of every bin (Zwicker and Terhardt 1980): `13 atan(f / 1315.8) + 3.5 atan((f / 7518)^2)`. */
function barkOf(bins: number, sampleRate: number, nFft: number): Float32Array {
  return Float32Array.from({ length: bins }, (_, bin) => {
    const hz = (bin * sampleRate) / nFft;
    return 13 * Math.atan(hz / 1315.8) + 3.5 * Math.atan((hz / 7518) ** 2);
  });
}

/** `length` samples from `from` on; zeros outside the signal. */
function frameOf(samples: Float32Array, from: number, length: number): Float32Array {
  const frame = new Float32Array(length);
  const first = Math.max(0, from);
  const last = Math.min(samples.length, from + length);
  if (first < last) frame.set(samples.subarray(first, last), first - from);
  return frame;
}
