import { encode } from "node-wav";
import { writeAtomic } from "../base/atomic.js";
import { AudioError } from "./audio.js";

/**
 * Encodes mono samples as a 16-bit PCM WAV file. Values outside -1..1 are clipped; all others are rounded to the
 * nearest multiple of 1/32768, so that the samples of a 16-bit file are written back unchanged.
 *
 * @param sampleRate Hz, a whole number
 * @param path used in error messages
 * @returns the bytes of the file: a header of 44, then two per sample
 * @throws {AudioError} when a sample is NaN, or the rate is not a whole number from 1 to 2^32 - 1
 * @example encodeWav(new Float32Array(16000), 16000).length; // => 32044
 */
export function encodeWav(samples: Float32Array, sampleRate: number, path = "(new file)"): Uint8Array {
  if (!Number.isInteger(sampleRate) || sampleRate < 1 || sampleRate > 0xffff_ffff)
    throw new AudioError(path, 24, `a WAV file cannot state a sampling rate of ${sampleRate} Hz`);
  const bad = samples.findIndex(Number.isNaN);
  if (bad >= 0) throw new AudioError(path, 44 + 2 * bad, `sample ${bad} is not a number`);
  return encode([samples.map(forNodeWav)], { sampleRate, bitDepth: 16 });
}

/**
 * Writes mono samples as a 16-bit PCM WAV file, atomically: whole or not at all. Missing folders are created. Values
 * outside -1..1 are clipped.
 *
 * @param sampleRate Hz, a whole number
 * @throws {AudioError} when a sample is NaN, or the rate cannot be stored
 * @throws {UserError} when the file cannot be written
 * @example
 * const tone = Float32Array.from({ length: 16000 }, (_, n) => 0.5 * Math.sin((2 * Math.PI * 440 * n) / 16000));
 * await writeWav("out/tone.wav", tone, 16000);
 * (await readAudio("out/tone.wav")).samples.length; // => 16000
 */
export async function writeWav(path: string, samples: Float32Array, sampleRate: number): Promise<void> {
  await writeAtomic(path, encodeWav(samples, sampleRate, path));
}

/** node-wav scales by 32767 above zero and by 32768 below, and truncates; adding half a step makes it round. */
function forNodeWav(value: number): number {
  const step = Math.round(value * 32768);
  return step < 0 ? (step - 0.5) / 32768 : step === 0 ? 0 : (step + 0.5) / 32767;
}
