import { describe, expect, test } from "vitest";
import { babbleNoise, meanPower, mixAtSnr, pinkNoise } from "../../lib/audio/noise.js";
import { random } from "../../lib/base/random.js";

/** The power of a signal between two frequencies (shares of the sampling rate), by the plain Fourier sum. */
function bandPower(signal: Float32Array, low: number, high: number): number {
  const n = signal.length;
  let power = 0;
  for (let k = Math.ceil(low * n); k < high * n; k++) {
    let [re, im] = [0, 0];
    for (let i = 0; i < n; i++) {
      const angle = (2 * Math.PI * ((k * i) % n)) / n;
      re += signal[i]! * Math.cos(angle);
      im += signal[i]! * Math.sin(angle);
    }
    power += re * re + im * im;
  }
  return power;
}

describe("pinkNoise", () => {
  test("every octave has the same power, as 1/f has", () => {
    const octaves = [0.02, 0.04, 0.08, 0.16].map((low) => {
      let power = 0;
      for (let i = 0; i < 8; i++) power += bandPower(pinkNoise(1024, random(`pink/${i}`)), low, 2 * low);
      return 10 * Math.log10(power);
    });
    const mean = octaves.reduce((a, b) => a + b, 0) / octaves.length;
    for (const octave of octaves) expect(Math.abs(octave - mean)).toBeLessThan(1);
  });

  test("the same seed gives the same noise", () => {
    expect(pinkNoise(50, random(3))).toEqual(pinkNoise(50, random(3)));
    expect(pinkNoise(50, random(3))).not.toEqual(pinkNoise(50, random(4)));
  });
});

describe("babbleNoise", () => {
  test("a soft voice and a loud one are heard alike, and short ones are repeated", () => {
    const soft = Float32Array.of(0.001, 0, 0, 0);
    const loud = Float32Array.of(0, 0.9, 0, 0);
    const babble = babbleNoise([soft, loud], 400, random(1));
    const values = [...new Set(babble)].sort((a, b) => a - b);
    // An RMS of 1 in four samples of which one is not silent is a value of 2.
    expect(values.at(-1)! % 2).toBeCloseTo(0, 5);
    expect(meanPower(babble)).toBeGreaterThan(1.9);
  });

  test("silence, and no voices, are silence", () => {
    expect(meanPower(babbleNoise([new Float32Array(9)], 30, random(1)))).toBe(0);
    expect(babbleNoise([], 3, random(1))).toEqual(new Float32Array(3));
  });
});

describe("mixAtSnr", () => {
  const signal = Float32Array.from({ length: 4000 }, (_, i) => 0.3 * Math.sin(i / 7));

  test("what is added has the power the ratio says", () => {
    for (const snr of [30, 10, 0, -5]) {
      const noise = pinkNoise(4000, random(snr));
      const added = mixAtSnr(signal, noise, snr).map((value, i) => value - signal[i]!);
      expect(10 * Math.log10(meanPower(signal) / meanPower(added))).toBeCloseTo(snr, 3);
    }
  });

  test("silence on either side changes nothing and is no NaN", () => {
    expect(mixAtSnr(signal, new Float32Array(4000), 5)).toEqual(signal);
    const silent = new Float32Array(20);
    expect(mixAtSnr(silent, pinkNoise(20, random(1)), 5)).toEqual(silent);
    expect(mixAtSnr(new Float32Array(0), new Float32Array(0), 5)).toEqual(new Float32Array(0));
  });

  test("lengths that differ are refused", () => {
    expect(() => mixAtSnr(signal, new Float32Array(3), 5)).toThrow(RangeError);
  });
});
