import { expect, test } from "vitest";
import { random } from "../../lib/base/random.js";
import { addNoise, changeSpeed, varySound } from "../../lib/training/sound.js";

const tone = (hz: number, n = 16_000) =>
  Float32Array.from({ length: n }, (_, i) => 0.3 * Math.sin((2 * Math.PI * hz * i) / 16_000));
const power = (samples: Float32Array) => samples.reduce((sum, v) => sum + v * v, 0) / samples.length;

test.each([0, 10, 30])("noise is at the ratio asked for: %d dB", (snr) => {
  const clean = tone(440);
  const noisy = addNoise(clean, snr, random("noise"));
  const noise = noisy.map((value, i) => value - clean[i]!);
  expect(10 * Math.log10(power(clean) / power(noise))).toBeCloseTo(snr, 0);
});

test("silence stays silence, and nothing stays nothing", () => {
  expect(addNoise(new Float32Array(5), 10, random(1))).toEqual(new Float32Array(5));
  expect(addNoise(new Float32Array(0), 10, random(1)).length).toBe(0);
});

test("faster is shorter and higher by the same factor", () => {
  const fast = changeSpeed(tone(400), 1.25);
  expect(fast.length).toBe(12_800);
  const expected = tone(500, 12_800);
  const middle = (samples: Float32Array) => samples.subarray(1000, 11_000);
  const error = middle(fast).map((value, i) => value - middle(expected)[i]!);
  expect(10 * Math.log10(power(error) / power(expected))).toBeLessThan(-40);
});

test("a variant is a function of its stream, and a setting that is absent changes nothing", () => {
  const samples = tone(300);
  const vary = (seed: number) => varySound(samples, { speed: 0.1, noise: [10, 20] }, random(seed));
  expect(vary(1)).toEqual(vary(1));
  expect(vary(1)).not.toEqual(vary(2));
  expect(vary(1).length).toBeGreaterThanOrEqual(Math.floor(16_000 / 1.1));
  expect(vary(1).length).toBeLessThanOrEqual(Math.ceil(16_000 / 0.9));
  expect(varySound(samples, {}, random(1))).toEqual(samples);
});
