import type { Random } from "../base/random.js";

/** The noises that a model is tried against; babble is several voices at once. */
export const NOISES = ["white", "pink", "babble"] as const;

export type NoiseKind = (typeof NOISES)[number];

/**
 * Pink noise: power falls by 3 dB an octave. White noise through Paul Kellet's filter of seven poles, within 0.05 dB of
 * 1/f from 0.0002 to 0.5 of the sampling rate (https://www.firstpr.com.au/dsp/pink-noise/).
 *
 * @param length samples
 * @param rng draws the white noise
 * @returns samples of no particular level
 * @example mixAtSnr(speech, pinkNoise(speech.length, random("a clip")), 10)
 */
export function pinkNoise(length: number, rng: Random): Float32Array {
  let [b0, b1, b2, b3, b4, b5, b6] = [0, 0, 0, 0, 0, 0, 0];
  return Float32Array.from({ length }, () => {
    const white = rng.normal();
    b0 = 0.99886 * b0 + 0.0555179 * white;
    b1 = 0.99332 * b1 + 0.0750759 * white;
    b2 = 0.969 * b2 + 0.153852 * white;
    b3 = 0.8665 * b3 + 0.3104856 * white;
    b4 = 0.55 * b4 + 0.5329522 * white;
    b5 = -0.7616 * b5 - 0.016898 * white;
    const pink = b0 + b1 + b2 + b3 + b4 + b5 + b6 + 0.5362 * white;
    b6 = 0.115926 * white;
    return pink;
  });
}

/**
 * Babble: several recordings of speech at once, all equally loud (RMS), each begun at a place of its own and repeated to
 * the length.
 *
 * @param voices mono recordings of one sampling rate; silent ones add nothing
 * @param length samples
 * @param rng draws where each begins
 * @example babbleNoise(otherClips, speech.length, random("a clip"))
 */
export function babbleNoise(voices: readonly Float32Array[], length: number, rng: Random): Float32Array {
  const out = new Float32Array(length);
  for (const voice of voices) {
    const power = meanPower(voice);
    const start = rng.int(Math.max(1, voice.length));
    if (power === 0) continue;
    const gain = 1 / Math.sqrt(power);
    for (let i = 0; i < length; i++) out[i]! += gain * voice[(start + i) % voice.length]!;
  }
  return out;
}

/**
 * A signal with noise at a signal-to-noise ratio, `SNR = 10 log10(signal power / noise power)`, powers being means over
 * the whole signal. A silent signal, or silent noise, leaves the signal as it is.
 *
 * @param samples mono; not changed
 * @param noise as many samples, at any level
 * @param snr dB
 * @throws {RangeError} when the lengths differ
 * @example mixAtSnr(speech, noise, 5)
 */
export function mixAtSnr(samples: Float32Array, noise: Float32Array, snr: number): Float32Array {
  if (noise.length !== samples.length)
    throw new RangeError(`${samples.length} samples of signal, but ${noise.length} of noise`);
  const power = meanPower(noise);
  if (power === 0) return samples.slice();
  const gain = Math.sqrt((meanPower(samples) / power) * 10 ** (-snr / 10));
  return samples.map((value, i) => value + gain * noise[i]!);
}

/** The mean of the squares; 0 of nothing. */
export function meanPower(samples: Float32Array): number {
  let energy = 0;
  for (let i = 0; i < samples.length; i++) energy += samples[i]! * samples[i]!;
  return energy / Math.max(1, samples.length);
}
