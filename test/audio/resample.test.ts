import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { resample } from "../../lib/audio/resample.js";

const sine = (frequency: number, rate: number, length: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin((2 * Math.PI * frequency * i) / rate));

/** The middle of a signal, away from its ends, where it begins and stops at once. */
const middle = (samples: Float32Array) => samples.subarray(samples.length * 0.25, samples.length * 0.75);

/** Amplitude of the sine of this frequency that fits best, and of what is left, dB. */
function sineFit(samples: Float32Array, frequency: number, rate: number): { level: number; rest: number } {
  const [from, to] = [Math.floor(samples.length * 0.25), Math.floor(samples.length * 0.75)];
  const step = (2 * Math.PI * frequency) / rate;
  let [ss, sc, cc, ys, yc] = [0, 0, 0, 0, 0];
  for (let i = from; i < to; i++) {
    const [s, c, y] = [Math.sin(step * i), Math.cos(step * i), samples[i]!];
    ss += s * s;
    sc += s * c;
    cc += c * c;
    ys += y * s;
    yc += y * c;
  }
  const det = ss * cc - sc * sc;
  const a = (ys * cc - yc * sc) / det;
  const b = (yc * ss - ys * sc) / det;
  let rest = 0;
  for (let i = from; i < to; i++)
    rest += (samples[i]! - a * Math.sin(step * i) - b * Math.cos(step * i)) ** 2;
  return { level: dB(Math.hypot(a, b)), rest: dB(Math.sqrt((2 * rest) / (to - from))) };
}

const dB = (amplitude: number) => 20 * Math.log10(Math.max(1e-12, amplitude));
const amplitude = (samples: Float32Array) =>
  Math.sqrt((2 * samples.reduce((sum, v) => sum + v * v, 0)) / samples.length);

const LENGTH = 0.3;

/** A sinc that is cut off at 0.463 of the rate, under a Kaiser window of beta 8.2 that ends before 39 samples. */
function lowpass(t: number): number {
  if (Math.abs(t) >= 39) return 0;
  const x = 2 * Math.PI * 0.463 * t;
  return (x === 0 ? 1 : Math.sin(x) / x) * bessel0(8.2 * Math.sqrt(1 - (t / 39) ** 2));
}

/** I0(x) as the mean of exp(x cos a) over all angles. */
function bessel0(x: number): number {
  let sum = 0;
  for (let i = 0; i < 64; i++) sum += Math.exp(x * Math.cos((2 * Math.PI * i) / 64));
  return sum / 64;
}

describe.each([48_000, 44_100, 24_414, 96_000, 22_050, 32_000])("from %i to 16000 Hz", (from) => {
  const to = 16_000;
  const length = Math.round(LENGTH * from);

  test("passes up to 7 kHz within 0.1 dB, in phase, and adds nothing above -80 dB", () => {
    for (let f = 100; f <= 7000; f += 300) {
      const out = resample(sine(f, from, length), from, to);
      const { level, rest } = sineFit(out, f, to);
      expect(Math.abs(level), `${f} Hz`).toBeLessThan(0.1);
      expect(rest, `${f} Hz`).toBeLessThan(-80);
      // In phase: the sample m of the output is at m / to seconds.
      const ideal = sine(f, to, out.length).map((value) => value * 10 ** (level / 20));
      const error = middle(out.map((value, i) => value - ideal[i]!));
      expect(dB(amplitude(error)), `${f} Hz`).toBeLessThan(-60);
    }
  });

  test("lets nothing above 8 kHz fold back, to -80 dB", () => {
    const top = from / 2 - 100;
    for (let f = 8000; f <= top; f += (top - 8000) / 30) {
      const out = middle(resample(sine(f, from, length), from, to));
      expect(dB(amplitude(out)), `${f} Hz`).toBeLessThan(-80);
    }
  });
});

test.each([
  [16_000, 44_100],
  [8000, 16_000],
  [11_025, 16_000],
  [16_000, 24_414],
])("from %i up to %i Hz: no ripple and no images", (from, to) => {
  for (let f = 50; f <= (from / 2) * (7 / 8); f += from / 40) {
    const { level, rest } = sineFit(resample(sine(f, from, LENGTH * from), from, to), f, to);
    expect(Math.abs(level), `${f} Hz`).toBeLessThan(0.1);
    expect(rest, `${f} Hz`).toBeLessThan(-80);
  }
});

describe("resample", () => {
  test("a sweep comes out as the sweep sampled at the new rate", () => {
    const sweep = (rate: number) =>
      Float32Array.from({ length: rate }, (_, i) =>
        Math.sin(2 * Math.PI * (100 + 3400 * (i / rate)) * (i / rate)),
      );
    for (const from of [48_000, 44_100, 24_414, 96_000]) {
      const out = resample(sweep(from), from, 16_000);
      const ideal = sweep(16_000);
      const error = middle(out.map((value, i) => value - ideal[i]!));
      expect(dB(amplitude(error)), `${from}`).toBeLessThan(-45);
    }
  });

  test("gives ceil(n to / from) finite samples and keeps a constant", () => {
    const rate = fc.integer({ min: 4000, max: 100_000 });
    fc.assert(
      fc.property(rate, rate, fc.integer({ min: 1, max: 3000 }), (from, to, n) => {
        const out = resample(new Float32Array(n).fill(0.5), from, to);
        expect(out.length).toBe(Math.ceil((n * to) / from));
        expect(out.every((value) => Math.abs(value) < 1)).toBe(true);
        if (n > (400 * Math.max(from, to)) / to)
          expect(Math.abs(out[Math.floor(out.length / 2)]! - 0.5)).toBeLessThan(1e-4);
      }),
      { seed: 7, numRuns: 60 },
    );
  });

  test("a block's end leaves no trace: a long signal equals its parts, away from their ends", () => {
    const x = Float32Array.from({ length: 60_000 }, (_, i) => Math.sin(i * i * 1e-5));
    for (const from of [48_000, 24_414, 44_100]) {
      const skip = from === 44_100 ? 441 * 30 : from === 48_000 ? 3 * 5000 : 12_207;
      const whole = resample(x, from, 16_000);
      const part = resample(x.subarray(skip), from, 16_000);
      const shift = (skip * 16_000) / from;
      for (let i = 100; i < part.length - 100; i++)
        expect(Math.abs(part[i]! - whole[i + shift]!)).toBeLessThan(1e-5);
    }
  });

  test.each([
    [24_000, 16_000],
    [22_050, 16_000],
    [8000, 12_000],
    [10_300, 10_000],
    [16_000, 15_999],
  ])("from %i to %i Hz each sample is the sum under the Kaiser-windowed sinc", (from, to) => {
    const x = Float32Array.from({ length: 15_000 }, (_, i) => Math.sin(i * i * 1e-3));
    const out = resample(x, from, to);
    const base = Math.min(1, to / from);
    for (let m = 0; m < out.length; m += 37) {
      const at = (m * from) / to;
      let [sum, weight] = [0, 0];
      for (let i = Math.ceil(at - 39 / base); i <= at + 39 / base; i++) {
        const tap = lowpass((i - at) * base);
        sum += tap * (x[i] ?? 0);
        weight += tap;
      }
      expect(Math.abs(out[m]! - sum / weight), `sample ${m}`).toBeLessThan(5e-6);
    }
  });

  test("is the same every time, and a copy where nothing changes", () => {
    const x = sine(440, 16_000, 1000);
    expect(resample(x, 48_000, 16_000)).toEqual(resample(x, 48_000, 16_000));
    const same = resample(x, 16_000, 16_000);
    expect(same).toEqual(x);
    expect(same.buffer).not.toBe(x.buffer);
    expect(resample(new Float32Array(0), 48_000, 16_000).length).toBe(0);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses a rate of %d Hz", (rate) => {
    expect(() => resample(new Float32Array(1), rate, 16_000)).toThrow(RangeError);
    expect(() => resample(new Float32Array(1), 16_000, rate)).toThrow(RangeError);
  });
});
