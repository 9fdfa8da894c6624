import type { Random } from "../base/random.js";

/** The kinds of noise in robustness tests; babble is several voices at once. */
export const NOISES = ["white", "pink", "babble"] as const;

/** Kind of noise in robustness tests: `white`, `pink`, or `babble`, several voices at once. */
export type NoiseKind = (typeof NOISES)[number];

/**
 * Pink noise: its power falls by 3 dB per octave. White Gaussian noise is passed through Paul Kellet's seven-pole filter,
 * which is within 0.05 dB of 1/f from 0.0002 to 0.5 of the sampling rate (https://www.firstpr.com.au/dsp/pink-noise/).
 *
 * @param length samples
 * @param rng draws the white noise
 * @returns samples at an arbitrary level; {@link mixAtSnr} scales them
 * @example
 * const { samples } = await readAudio("recording.wav");
 * const noise = pinkNoise(samples.length, random("recording.wav/pink"));
 * const noisy = mixAtSnr(samples, noise, 10);
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
 * Babble noise: several speech recordings at once, scaled to equal RMS. Each starts at a random sample and is repeated
 * until the length is filled.
 *
 * @param voices mono recordings at the same sampling rate; silent ones add nothing
 * @param length samples
 * @param rng draws where each recording starts
 * @returns samples at an arbitrary level; {@link mixAtSnr} scales them
 * @example
 * const clips = await loadClips("data", { names: ["savee"] });
 * const [speech, ...voices] = await Promise.all(clips.slice(0, 4).map(({ path }) => readAudio(path)));
 * const babble = babbleNoise(voices.map(({ samples }) => samples), speech.samples.length, random("babble"));
 * const noisy = mixAtSnr(speech.samples, babble, 5);
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
 * Adds noise to a signal at a given signal-to-noise ratio, `SNR = 10 log10(signal power / noise power)`. The powers are
 * means over the whole signal, pauses included; active-speech levels (ITU-T P.56) are not used. If the signal or the
 * noise is silent, the signal is returned unchanged.
 *
 * @param samples mono; not modified
 * @param noise as many samples, at any level
 * @param snr dB
 * @returns a new array; it may exceed -1..1
 * @throws {RangeError} when the lengths differ
 * @example mixAtSnr(Float32Array.of(1, -1), Float32Array.of(2, 2), 20); // => [1.1, -0.9]
 */
export function mixAtSnr(samples: Float32Array, noise: Float32Array, snr: number): Float32Array {
  if (noise.length !== samples.length)
    throw new RangeError(`${samples.length} samples of signal, but ${noise.length} of noise`);
  const power = meanPower(noise);
  if (power === 0) return samples.slice();
  const gain = Math.sqrt((meanPower(samples) / power) * 10 ** (-snr / 10));
  return samples.map((value, i) => value + gain * noise[i]!);
}

/** The mean square; 0 for an empty signal. */
export function meanPower(samples: Float32Array): number {
  let energy = 0;
  for (let i = 0; i < samples.length; i++) energy += samples[i]! * samples[i]!;
  return energy / Math.max(1, samples.length);
}
