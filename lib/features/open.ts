import type { Matrix } from "../base/matrix.js";
import { heardSamples } from "./encoder-input.js";
import { createExtractor } from "./extract.js";
import type { SoundSettings } from "./settings.js";

/** From samples in -1..1 at any rate (Hz) to frames x columns. */
export type ClipFeatures = (samples: Float32Array, sampleRate: number) => Promise<Matrix>;

/**
 * Makes the function from sound to features of any kind, one clip after the other.
 *
 * @throws {UserError} when the encoder of the settings is not on this machine, with how to get it
 * @example const frames = await (await openFeatures(settings))(samples, 16000);
 */
export async function openFeatures(settings: SoundSettings): Promise<ClipFeatures> {
  if (settings.kind !== "encoder") {
    const extract = createExtractor(settings);
    return async (samples, sampleRate) => extract(samples, sampleRate);
  }
  // It takes TensorFlow.js, which other features do without.
  const { openEncoderFeatures } = await import("./encoder.js");
  const encoder = await openEncoderFeatures(settings);
  return (samples, sampleRate) => encoder.of(heardSamples(samples, sampleRate, settings));
}
