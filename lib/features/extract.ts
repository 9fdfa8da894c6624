import { resample } from "../audio/resample.js";
import { trimSilence } from "../audio/trim.js";
import type { Matrix } from "../base/matrix.js";
import { largest } from "./decibels.js";
import { appendColumns, delta } from "./delta.js";
import { Kernel } from "./kernel.js";
import { melFilterbank } from "./mel.js";
import { lifterGains } from "./mfcc.js";
import type { SpectralSettings } from "./settings.js";

/** Computes features, frames x columns, from mono samples (nominally -1..1) at any sampling rate (Hz). */
export type Extractor = (samples: Float32Array, sampleRate: number) => Matrix;

/**
 * Creates the function that computes spectral features: resample, trim, mel bands, decibels, cosine transform, deltas.
 * Training, evaluation and inference all use it. For encoder features, see `openFeatures` in the entry `/features`.
 *
 * Audio shorter than a frame, even empty audio, is padded with zeros to one frame.
 *
 * @param settings as `featureSettings` or `librosaSettings` makes them
 * @example
 * const extract = createExtractor(featureSettings({ kind: "mfcc" }));
 * const { samples, sampleRate } = await readAudio("recording.wav");
 * extract(samples, sampleRate).cols; // => 40
 * extract(new Float32Array(16000), 16000).rows; // => 101
 */
export function createExtractor(settings: SpectralSettings): Extractor {
  const kernel = kernelFor(settings);
  return (samples, sampleRate) => {
    let signal =
      sampleRate === settings.sampleRate ? samples : resample(samples, sampleRate, settings.sampleRate);
    if (settings.trimDb !== null) signal = trimSilence(signal, { topDb: settings.trimDb }).samples;
    const frames = kernel.bands(signal, settings.power);
    if (settings.reference === "max") shift(frames.data, -largest(frames.data));
    if (settings.deltas === 0) return frames;
    if (settings.deltas === 1) return appendColumns(frames, delta(frames));
    return appendColumns(frames, delta(frames), delta(frames, 2));
  };
}

function shift(values: Float32Array, by: number): void {
  for (let i = 0; i < values.length; i++) values[i]! += by;
}

function kernelFor(settings: SpectralSettings): Kernel {
  const { kind, nMfcc, topDb, lifter } = settings;
  return new Kernel(settings, {
    bands: melFilterbank(settings),
    decibels: kind === "mel" ? undefined : { topDb },
    // Liftering scales each coefficient: the gains are part of the cosine transform.
    cosines: kind === "mfcc" ? { gains: lifterGains(nMfcc, lifter) } : undefined,
  });
}
