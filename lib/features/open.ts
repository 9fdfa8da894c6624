import type { Matrix } from "../base/matrix.js";
import { heardSamples } from "./encoder-input.js";
import { createExtractor } from "./extract.js";
import type { SoundSettings } from "./settings.js";

/** Computes features, frames x columns, from mono samples (nominally -1..1) at any sampling rate (Hz). */
export type ClipFeatures = (samples: Float32Array, sampleRate: number) => Promise<Matrix>;

/**
 * Creates the function that computes features of any kind from audio, one clip at a time. Spectral features alone do
 * not need `await`: see {@link createExtractor}. For many clips, {@link extractClips} uses all cores and the cache.
 *
 * @throws {UserError} when the encoder of the settings is not installed, with how to get it
 * @example
 * const features = await openFeatures(featureSettings({ kind: "mfcc" }));
 * const { samples, sampleRate } = await readAudio("recording.wav");
 * (await features(samples, sampleRate)).cols; // => 40
 */
export async function openFeatures(settings: SoundSettings): Promise<ClipFeatures> {
  if (settings.kind !== "encoder") {
    const extract = createExtractor(settings);
    return async (samples, sampleRate) => extract(samples, sampleRate);
  }
  // Needs TensorFlow.js, which other features do not.
  const { openEncoderFeatures } = await import("./encoder.js");
  const encoder = await openEncoderFeatures(settings);
  return (samples, sampleRate) => encoder.of(heardSamples(samples, sampleRate, settings));
}
