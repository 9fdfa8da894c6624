import { resample } from "../audio/resample.js";
import type { Random } from "../base/random.js";
import type { AugmentationSettings } from "./augmentation.js";

/**
 * The same sound with white Gaussian noise, `SNR = 10 log10(signal power / noise power)` over the whole clip. A silent
 * clip stays silent.
 *
 * @param samples mono
 * @param snr dB
 * @param rng draws the noise
 * @example addNoise(samples, 20, random("a clip"))
 */
export function addNoise(samples: Float32Array, snr: number, rng: Random): Float32Array {
  const power = samples.reduce((sum, value) => sum + value * value, 0) / Math.max(1, samples.length);
  const sd = Math.sqrt(power * 10 ** (-snr / 10));
  return samples.map((value) => value + sd * rng.normal());
}

/**
 * The same sound played faster or slower, as on tape: durations are divided by `factor`, pitch and formants multiplied by
 * it (speed perturbation, Ko et al. 2015).
 *
 * @param samples mono
 * @param factor rounded to 0.01, so that few resampling filters are needed
 * @example changeSpeed(samples, 1.1).length // samples.length / 1.1
 */
export function changeSpeed(samples: Float32Array, factor: number): Float32Array {
  return resample(samples, Math.round(100 * factor), 100);
}

/** Length of the windows of the time stretch, and how far each may be moved to fit the one before, s. */
const WINDOW = 0.04;
const REACH = 0.0125;

/**
 * The same sound, higher or lower, of the same duration: stretched in time, then played faster by the same factor.
 * Formants move with the pitch.
 *
 * @param samples mono
 * @param sampleRate Hz
 * @param factor of all frequencies, rounded to 0.01
 * @returns as many samples
 * @example changePitch(samples, 16000, 2 ** (1 / 12)) // a semitone up
 */
export function changePitch(samples: Float32Array, sampleRate: number, factor: number): Float32Array {
  const moved = changeSpeed(stretch(samples, sampleRate, Math.round(100 * factor) / 100), factor);
  const out = new Float32Array(samples.length);
  out.set(moved.subarray(0, samples.length));
  return out;
}

/**
 * The same sound, slower or faster at the same pitch, by WSOLA (Verhelst and Roelands 1993): windows that overlap by half
 * are placed `factor` times as far apart as they were taken. Each is taken from where, within the period of a low voice, it
 * is most similar to the continuation of the window before.
 *
 * @param samples mono
 * @param sampleRate Hz
 * @param factor of the duration
 * @returns round(samples.length * factor) samples
 * @example stretch(samples, 16000, 1.1)
 */
export function stretch(samples: Float32Array, sampleRate: number, factor: number): Float32Array {
  const length = Math.round(samples.length * factor);
  const hop = Math.round((WINDOW * sampleRate) / 2);
  if (factor === 1 || samples.length <= 2 * hop) return fit(samples, length);
  const out = new Float32Array(length);
  let from = 0;
  for (let at = 0; at < length; at += hop) {
    if (at > 0) from = bestStart(samples, from + hop, Math.round(at / factor), hop, sampleRate);
    for (let i = 0; i < 2 * hop && at + i < length; i++) {
      // Two Hann windows half a window apart sum to 1; the first has nothing before it.
      const weight = at === 0 && i < hop ? 1 : 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / hop);
      out[at + i]! += weight * (samples[from + i] ?? 0);
    }
  }
  return out;
}

function fit(samples: Float32Array, length: number): Float32Array {
  const out = new Float32Array(length);
  out.set(samples.subarray(0, length));
  return out;
}

/** The place within reach of `wanted` from which `hop` samples are most similar to those from `next` on. */
function bestStart(samples: Float32Array, next: number, wanted: number, hop: number, sampleRate: number) {
  const reach = Math.round(REACH * sampleRate);
  // A coarse search over every few samples, then a fine one.
  const coarse = Math.max(1, Math.floor(sampleRate / 8000));
  const rough = search(samples, next, hop, wanted - reach, wanted + reach, coarse);
  return coarse === 1 ? rough : search(samples, next, hop, rough - coarse + 1, rough + coarse - 1, 1);
}

/** The start with the highest normalised correlation; of equal ones the first. */
function search(
  samples: Float32Array,
  next: number,
  hop: number,
  first: number,
  last: number,
  step: number,
): number {
  const end = Math.max(0, samples.length - 2 * hop);
  const within = (start: number) => Math.min(Math.max(start, 0), end);
  let best = within(first);
  let most = Number.NEGATIVE_INFINITY;
  for (let start = within(first); start <= within(last); start += step) {
    let product = 0;
    let power = 1e-12;
    for (let i = 0; i < hop && next + i < samples.length; i += step) {
      product += samples[start + i]! * samples[next + i]!;
      power += samples[start + i]! ** 2;
    }
    const likeness = product / Math.sqrt(power);
    if (likeness > most) [most, best] = [likeness, start];
  }
  return best;
}

/**
 * A variant of a clip: speed drawn uniformly from 1 - speed to 1 + speed, then pitch from -pitch to pitch semitones, then
 * noise at an SNR drawn from its range.
 *
 * @param samples mono
 * @param sampleRate Hz
 * @param settings absent ones are off
 * @param rng draws all of them
 * @example varySound(samples, 16000, { speed: 0.1, noise: [10, 30] }, random("a clip"))
 */
export function varySound(
  samples: Float32Array,
  sampleRate: number,
  { speed, pitch, noise }: AugmentationSettings,
  rng: Random,
): Float32Array {
  let moved = samples;
  if (speed !== undefined) moved = changeSpeed(moved, rng.uniform(1 - speed, 1 + speed));
  if (pitch !== undefined) moved = changePitch(moved, sampleRate, 2 ** (rng.uniform(-pitch, pitch) / 12));
  return noise === undefined ? moved : addNoise(moved, rng.uniform(noise[0], noise[1]), rng);
}
