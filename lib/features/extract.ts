import { resample } from "../audio/resample.js";
import { trimSilence } from "../audio/trim.js";
import type { Matrix } from "../base/matrix.js";
import { largest } from "./decibels.js";
import { appendColumns, delta } from "./delta.js";
import { Kernel } from "./kernel.js";
import { melFilterbank } from "./mel.js";
import { lifterGains } from "./mfcc.js";
import type { SpectralSettings } from "./settings.js";

/** From samples in -1..1 at any rate (Hz) to frames x columns. */
export type Extractor = (samples: Float32Array, sampleRate: number) => Matrix;

/**
 * Makes the function from audio to features: resample, trim, mel bands, decibels, cosine transform, deltas. The
 * only way from audio to features: training, evaluation and inference all come through here.
 *
 * Audio shorter than a frame, none at all included, is padded with zeros to one frame.
 *
 * @example
 * const extract = createExtractor(featureSettings({ kind: "mfcc" }));
 * const frames = extract(audio.samples, audio.sampleRate);
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
    // Liftering scales every coefficient, so it goes into the rows of the cosine transform.
    cosines: kind === "mfcc" ? { gains: lifterGains(nMfcc, lifter) } : undefined,
  });
}
