import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sha256 } from "../../lib/base/hash.js";
import { Random } from "../../lib/base/random.js";
import { powerToDb } from "../../lib/features/decibels.js";
import { type FrameSettings, Kernel } from "../../lib/features/kernel.js";
import { KERNEL_SOURCE } from "../../lib/features/kernelBinary.js";
import { windowOf } from "../../lib/features/windows.js";
import { farthest } from "./fixture.js";

const frames = (partial: Partial<FrameSettings> = {}): FrameSettings => ({
  nFft: 512,
  winLength: 400,
  hopLength: 160,
  window: "hann",
  center: true,
  ...partial,
});

const noise = (length: number, seed = 1): Float32Array => {
  const rng = new Random(seed);
  return Float32Array.from({ length }, () => rng.uniform(-1, 1));
};

/** One frame's spectrum by the definition, in double precision. */
function definition(signal: Float32Array, t: number, settings: FrameSettings): number[] {
  const { nFft, winLength, hopLength, center } = settings;
  const window = windowOf(settings.window, winLength);
  const lead = Math.floor((nFft - winLength) / 2);
  const from = t * hopLength - (center ? Math.floor(nFft / 2) : 0);
  const out: number[] = [];
  for (let k = 0; k <= Math.floor(nFft / 2); k++) {
    let [re, im] = [0, 0];
    for (let i = 0; i < winLength; i++) {
      const x = (signal[from + lead + i] ?? 0) * window[i]!;
      const angle = (2 * Math.PI * k * ((lead + i) % nFft)) / nFft;
      re += x * Math.cos(angle);
      im -= x * Math.sin(angle);
    }
    out.push(re, im);
  }
  return out;
}

test("the committed binary was made from the committed source", () => {
  expect(sha256(readFileSync("lib/features/kernel.c"))).toBe(KERNEL_SOURCE);
});

describe("the spectrum is the discrete Fourier transform", () => {
  // Powers of two, products of small primes, odd numbers, primes.
  const lengths = [
    2, 3, 4, 5, 8, 10, 16, 30, 31, 64, 90, 97, 100, 128, 225, 256, 400, 441, 512, 551, 1024, 2048,
  ];
  test.each(lengths)("of length %i", (nFft) => {
    const settings = frames({ nFft, winLength: nFft, hopLength: Math.ceil(nFft / 3) });
    const signal = noise(3 * nFft + 1);
    const spectra = new Kernel(settings).complex(signal);
    for (const t of [0, 1, spectra.rows - 1]) {
      const actual = spectra.data.subarray(t * spectra.cols, (t + 1) * spectra.cols);
      expect(farthest(actual, definition(signal, t, settings))).toBeLessThan(2e-6 * Math.sqrt(nFft) + 1e-6);
    }
  });

  test("with any window, hop and place of the frames", () => {
    const settings = fc.record({
      nFft: fc.integer({ min: 2, max: 200 }),
      share: fc.double({ min: 0.01, max: 1, noNaN: true }),
      hopLength: fc.integer({ min: 1, max: 300 }),
      window: fc.constantFrom("hann", "hamming", "blackman", "bartlett", "boxcar"),
      center: fc.boolean(),
      length: fc.integer({ min: 0, max: 700 }),
    });
    fc.assert(
      fc.property(settings, ({ share, length, ...rest }) => {
        const own = { ...rest, winLength: Math.max(1, Math.round(share * rest.nFft)) } as FrameSettings;
        const signal = noise(length);
        const spectra = new Kernel(own).complex(signal);
        const t = Math.floor(spectra.rows / 2);
        const actual = spectra.data.subarray(t * spectra.cols, (t + 1) * spectra.cols);
        expect(farthest(actual, definition(signal, t, own))).toBeLessThan(5e-5);
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});

test("powers and magnitudes are those of the spectrum", () => {
  const signal = noise(5000);
  const kernel = new Kernel(frames());
  const pairs = kernel.complex(signal).data;
  const power = Float32Array.from(
    { length: pairs.length / 2 },
    (_, i) => pairs[2 * i]! ** 2 + pairs[2 * i + 1]! ** 2,
  );
  expect(farthest(kernel.power(signal, 2).data, power)).toBeLessThan(1e-4);
  expect(farthest(kernel.power(signal, 1).data, power.map(Math.sqrt))).toBeLessThan(1e-5);
});

test("decibels are ten times the logarithm to the base ten, in single precision", () => {
  // A band of one bin each, so that the bands are the powers.
  const bands = Array.from({ length: 257 }, (_, start) => ({ start, weights: Float32Array.of(1) }));
  for (const scale of [1e-12, 1e-6, 1e-3, 1, 1000, 1e9]) {
    const signal = noise(5000).map((x) => x * scale);
    for (const topDb of [null, 80, 20]) {
      const kernel = new Kernel(frames(), { bands, decibels: { topDb } });
      const expected = powerToDb(kernel.power(signal, 2).data, { topDb });
      expect(farthest(kernel.bands(signal, 2).data, expected)).toBeLessThan(5e-5);
    }
  }
});

test("a kernel without bands says so", () => {
  expect(() => new Kernel(frames()).bands(noise(100), 2)).toThrow(/without bands/);
});

test("a long signal fits", () => {
  const signal = noise(16000 * 300);
  expect(new Kernel(frames()).power(signal, 2).rows).toBe(30001);
});
