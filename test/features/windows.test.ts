import { expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import { WINDOWS, type WindowName, windowOf } from "../../lib/features/windows.js";
import { farthest, fixture } from "./fixture.js";

test("equal to SciPy's", () => {
  const expected = fixture<Record<string, number[]>>("librosa/windows");
  expect(farthest(windowOf("hann", 16), expected.hann_periodic_16!)).toBeLessThan(1e-9);
  expect(farthest(windowOf("hamming", 16), expected.hamming_periodic_16!)).toBeLessThan(1e-9);
  expect(farthest(windowOf("hann", 16, false), expected.hann_symmetric_16!)).toBeLessThan(1e-9);
});

test("bartlett and blackman, by their definition", () => {
  expect(Array.from(windowOf("bartlett", 4))).toEqual([0, 0.5, 1, 0.5]);
  expect(Array.from(windowOf("bartlett", 5, false))).toEqual([0, 0.5, 1, 0.5, 0]);
  expect(farthest(windowOf("blackman", 4), [0, 0.34, 1, 0.34])).toBeLessThan(1e-12);
});

test.each(WINDOWS)(
  "%s: periodic is symmetric of one more without its last, and no sample exceeds 1",
  (name) => {
    const symmetric = windowOf(name, 33, false);
    expect(farthest(windowOf(name, 32), symmetric.subarray(0, 32))).toBeLessThan(1e-12);
    expect(farthest(symmetric, symmetric.slice().reverse())).toBeLessThan(1e-12);
    expect(Math.max(...symmetric)).toBeCloseTo(1, 12);
    expect(Array.from(windowOf(name, 1))).toEqual([1]);
  },
);

test("an unknown name is refused, with those there are", () => {
  expect(() => windowOf("kaiser" as WindowName, 4)).toThrow(UsageError);
  expect(() => windowOf("kaiser" as WindowName, 4)).toThrow(/kaiser.*hann/);
});
