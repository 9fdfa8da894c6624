import { expect, test } from "vitest";
import { dctBasis, lifterGains } from "../../lib/features/mfcc.js";
import { farthest, fixture } from "./fixture.js";

test("the orthonormal DCT-II is SciPy's", () => {
  const { x, type2_ortho } = fixture<Record<string, number[]>>("librosa/dct");
  const n = x!.length;
  const basis = dctBasis(n, n);
  const actual = x!.map((_, k) => x!.reduce((sum, value, j) => sum + value * basis[k * n + j]!, 0));
  expect(farthest(actual, type2_ortho!)).toBeLessThan(1e-7);
});

test("its rows are orthonormal", () => {
  const basis = dctBasis(13, 40);
  for (let a = 0; a < 13; a++) {
    for (let b = 0; b < 13; b++) {
      let dot = 0;
      for (let j = 0; j < 40; j++) dot += basis[a * 40 + j]! * basis[b * 40 + j]!;
      expect(dot).toBeCloseTo(a === b ? 1 : 0, 12);
    }
  }
});

test("the lifter peaks in its middle, and 0 is none", () => {
  const gains = lifterGains(22, 22);
  expect(gains[10]).toBeCloseTo(12, 12);
  expect(gains[21]).toBeCloseTo(1, 12);
  expect(Array.from(lifterGains(3, 0))).toEqual([1, 1, 1]);
});
