import { encode } from "node-wav";
import { writeAtomic } from "../base/atomic.js";
import { AudioError } from "./audio.js";

/**
 * Encodes mono samples as a 16-bit PCM WAV file. Values beyond -1..1 are clipped, the others rounded to the
 * nearest of 32768 steps, so that a 16-bit file that was read is written back unchanged.
 *
 * @param sampleRate Hz, a whole number
 * @param path named in errors
 * @throws {AudioError} for a sample that is not a number, or an impossible rate
 * @example encodeWav(new Float32Array(16000), 16000).length; // 32044
 */
export function encodeWav(samples: Float32Array, sampleRate: number, path = "(new file)"): Uint8Array {
  if (!Number.isInteger(sampleRate) || sampleRate < 1 || sampleRate > 0xffff_ffff)
    throw new AudioError(path, 24, `a WAV file cannot state a sampling rate of ${sampleRate} Hz`);
  const bad = samples.findIndex(Number.isNaN);
  if (bad >= 0) throw new AudioError(path, 44 + 2 * bad, `sample ${bad} to be written is not a number`);
  return encode([samples.map(forNodeWav)], { sampleRate, bitDepth: 16 });
}

/**
 * Writes mono samples as a 16-bit PCM WAV file, whole or not at all; missing folders are made.
 *
 * @throws {AudioError} as {@link encodeWav}
 * @throws {UserError} when the place cannot be written
 * @example await writeWav("out/tone.wav", samples, 16000);
 */
export async function writeWav(path: string, samples: Float32Array, sampleRate: number): Promise<void> {
  await writeAtomic(path, encodeWav(samples, sampleRate, path));
}

/** node-wav scales by 32767 above zero and 32768 below and cuts off fractions; half a step makes that a rounding. */
function forNodeWav(value: number): number {
  const step = Math.round(value * 32768);
  return step < 0 ? (step - 0.5) / 32768 : step === 0 ? 0 : (step + 0.5) / 32767;
}
