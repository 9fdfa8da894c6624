import { resample } from "../audio/resample.js";
import { trimSilence } from "../audio/trim.js";
import type { Matrix } from "../base/matrix.js";
import { Kernel } from "./kernel.js";
import { melFilterbank } from "./mel.js";
import { ENCODER_TIMING, type EncoderSettings } from "./settings.js";

const { sampleRate: RATE } = ENCODER_TIMING;

/** FFT length and hop of Whisper's spectrogram, samples. */
const FFT = 400;
const HOP = 160;

/** Minimum clip length, samples: shorter clips are padded with zeros at the end. */
const SHORTEST = 1600;

/**
 * The samples that an encoder gets from a clip: at 16 kHz, silence at both ends trimmed, at least a tenth of a second.
 *
 * @param samples mono, -1..1
 * @param sampleRate Hz
 */
export function heardSamples(
  samples: Float32Array,
  sampleRate: number,
  { trimDb }: Pick<EncoderSettings, "trimDb">,
): Float32Array {
  const signal = sampleRate === RATE ? samples : resample(samples, sampleRate, RATE);
  const kept = trimDb === null ? signal : trimSilence(signal, { topDb: trimDb }).samples;
  return kept.length < SHORTEST ? extended(kept, SHORTEST) : kept;
}

/** The samples, padded with zeros to `length`. */
export function extended(samples: Float32Array, length: number): Float32Array {
  const out = new Float32Array(length);
  out.set(samples);
  return out;
}

/** Computes the input of a Whisper encoder from samples at 16 kHz: a frame every 10 ms. */
export type WhisperInput = (samples: Float32Array) => Matrix;

/**
 * Whisper's log-mel spectrogram (Radford et al. 2022): periodic Hann window of 25 ms every 10 ms, the signal mirrored at
 * its ends, Slaney's mel bands of the powers, log10, clipped at 8 below the maximum, then (x + 4) / 4. The last frame
 * is dropped, as in Whisper's own code.
 *
 * @param bands 80 for all models except large-v3
 * @returns a function from samples to `[samples / 160, bands]`
 * @example const mel = whisperInput(80)(samples);
 */
export function whisperInput(bands: number): WhisperInput {
  const mel = { sampleRate: RATE, nFft: FFT, nMels: bands, fmin: 0, fmax: RATE / 2, htk: false };
  const kernel = new Kernel(
    { nFft: FFT, winLength: FFT, hopLength: HOP, window: "hann", center: false },
    // 8 decades below the maximum are 80 dB.
    { bands: melFilterbank({ ...mel, norm: "slaney" }), decibels: { topDb: 80 } },
  );
  return (samples) => {
    const rows = Math.floor(samples.length / HOP);
    // The dropped frame does not count for the maximum either.
    const framed = mirrored(samples, FFT / 2).subarray(0, (rows - 1) * HOP + FFT);
    const { data, cols } = kernel.bands(framed, 2);
    return { data: data.map((decibels) => (decibels / 10 + 4) / 4), rows, cols };
  };
}

/** The samples, extended by reflection: `by` samples at either end. */
function mirrored(samples: Float32Array, by: number): Float32Array {
  const { length } = samples;
  const out = new Float32Array(length + 2 * by);
  out.set(samples, by);
  for (let i = 1; i <= by; i++) {
    out[by - i] = samples[i]!;
    out[by + length - 1 + i] = samples[length - 1 - i]!;
  }
  return out;
}
