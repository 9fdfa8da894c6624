import { expect, test } from "vitest";
import { random } from "../../lib/base/random.js";
import { addNoise, changePitch, changeSpeed, stretch, varySound } from "../../lib/training/sound.js";

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

/** The frequency of a tone, from the crossings of zero over its middle, Hz. */
function frequency(samples: Float32Array, sampleRate: number): number {
  const middle = samples.subarray(samples.length / 8, (samples.length * 7) / 8);
  const crossings: number[] = [];
  for (let i = 1; i < middle.length; i++) {
    const [a, b] = [middle[i - 1]!, middle[i]!];
    if (a < 0 && b >= 0) crossings.push(i - b / (b - a));
  }
  return ((crossings.length - 1) * sampleRate) / (crossings.at(-1)! - crossings[0]!);
}

test.each([
  [100, 0.89, 16_000],
  [220, 1.12, 16_000],
  [800, 1.5, 24_414],
  [333, 0.7, 48_000],
])("a tone of %d Hz is moved by %d, and lasts as long, at %d Hz", (hz, factor, sampleRate) => {
  const samples = Float32Array.from(
    { length: sampleRate },
    (_, i) => 0.3 * Math.sin((2 * Math.PI * hz * i) / sampleRate),
  );
  const moved = changePitch(samples, sampleRate, factor);
  expect(moved.length).toBe(samples.length);
  expect(frequency(moved, sampleRate) / (factor * hz)).toBeCloseTo(1, 2);
  const middle = (all: Float32Array) => all.subarray(sampleRate / 8, (sampleRate * 7) / 8);
  expect(power(middle(moved)) / power(middle(samples))).toBeCloseTo(1, 1);
});

test("a stretched tone is a tone: as loud, of the same pitch, longer", () => {
  const samples = tone(150);
  const long = stretch(samples, 16_000, 1.3);
  expect(long.length).toBe(20_800);
  expect(frequency(long, 16_000)).toBeCloseTo(150, 0);
  // What no single tone explains: the distance to the best sine of that frequency.
  const [from, to] = [2000, 18_000];
  const sums = [Math.sin, Math.cos].map((wave) => {
    let sum = 0;
    for (let i = from; i < to; i++) sum += long[i]! * wave((2 * Math.PI * 150 * i) / 16_000);
    return (2 * sum) / (to - from);
  });
  expect(Math.hypot(...sums)).toBeGreaterThan(0.29);
  expect(power(long.subarray(from, to))).toBeCloseTo(0.3 ** 2 / 2, 3);
});

test("an unvoiced sound, silence and a few samples are stretched as well", () => {
  const noise = addNoise(tone(100), -20, random("noise"));
  expect(power(stretch(noise, 16_000, 1.2)) / power(noise)).toBeGreaterThan(0.6);
  expect(stretch(new Float32Array(9000), 16_000, 1.2)).toEqual(new Float32Array(10_800));
  expect(changePitch(Float32Array.of(1, 2, 3), 16_000, 1.1).length).toBe(3);
  expect(changePitch(new Float32Array(0), 16_000, 1.1).length).toBe(0);
  expect(stretch(noise, 16_000, 1)).toEqual(noise);
});

test("pitch is drawn from the stream too, and leaves the length", () => {
  const vary = (seed: number) => varySound(tone(300), 16_000, { pitch: 2 }, random(seed));
  expect(vary(1)).toEqual(vary(1));
  expect(vary(1)).not.toEqual(vary(2));
  expect(vary(1).length).toBe(16_000);
  for (const seed of [1, 2, 3]) {
    const semitones = 12 * Math.log2(frequency(vary(seed), 16_000) / 300);
    expect(Math.abs(semitones)).toBeLessThan(2.1);
  }
});

test("a variant is a function of its stream, and a setting that is absent changes nothing", () => {
  const samples = tone(300);
  const vary = (seed: number) => varySound(samples, 16_000, { speed: 0.1, noise: [10, 20] }, random(seed));
  expect(vary(1)).toEqual(vary(1));
  expect(vary(1)).not.toEqual(vary(2));
  expect(vary(1).length).toBeGreaterThanOrEqual(Math.floor(16_000 / 1.1));
  expect(vary(1).length).toBeLessThanOrEqual(Math.ceil(16_000 / 0.9));
  expect(varySound(samples, 16_000, {}, random(1))).toEqual(samples);
});
