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
 * The same sound played faster or slower, as a tape: durations are divided by `factor`, pitch and formants multiplied by
 * it (Ko et al. 2015, speed perturbation).
 *
 * @param samples mono
 * @param factor taken to a hundredth, so that few filters are designed
 * @example changeSpeed(samples, 1.1).length // samples.length / 1.1
 */
export function changeSpeed(samples: Float32Array, factor: number): Float32Array {
  return resample(samples, Math.round(100 * factor), 100);
}

/** A variant of a clip: speed drawn evenly from 1 - speed to 1 + speed, then noise at an SNR drawn from its range. */
export function varySound(
  samples: Float32Array,
  { speed, noise }: AugmentationSettings,
  rng: Random,
): Float32Array {
  const moved = speed === undefined ? samples : changeSpeed(samples, rng.uniform(1 - speed, 1 + speed));
  return noise === undefined ? moved : addNoise(moved, rng.uniform(noise[0], noise[1]), rng);
}
