import { describe, expect, test } from "vitest";
import { fromRows, zeros } from "../../lib/base/matrix.js";
import { appendColumns, delta } from "../../lib/features/delta.js";

// Equality with librosa's deltas is shown in extract.test.ts.
describe("polynomials have the derivatives they should", () => {
  const line = fromRows(Array.from({ length: 20 }, (_, t) => [3 * t - 7, 5]));
  const parabola = fromRows(Array.from({ length: 20 }, (_, t) => [2 * t * t - t]));
  test("a line's slope, in every frame", () => {
    const slopes = delta(line);
    for (let t = 0; t < 20; t++) {
      expect(slopes.data[2 * t]).toBeCloseTo(3, 5);
      expect(slopes.data[2 * t + 1]).toBeCloseTo(0, 5);
    }
  });
  test("a parabola's second derivative, in every frame", () => {
    for (const value of delta(parabola, 2).data) expect(value).toBeCloseTo(4, 4);
  });
});

test("fewer frames than the width", () => {
  const rows = (n: number) => fromRows(Array.from({ length: n }, (_, t) => [2 * t]));
  expect(Array.from(delta(rows(4)).data)).toEqual([2, 2, 2, 2]);
  expect(Array.from(delta(rows(2)).data)).toEqual([0, 0]);
  expect(delta(zeros(0, 3)).rows).toBe(0);
});

test("a width that is even or too small is refused", () => {
  for (const width of [1, 2, 8]) expect(() => delta(zeros(20, 1), 1, width)).toThrow(RangeError);
});

test("columns side by side", () => {
  const both = appendColumns(fromRows([[1], [2]]), fromRows([[3, 4], [5, 6]])); // biome-ignore format: a matrix
  expect(Array.from(both.data)).toEqual([1, 3, 4, 2, 5, 6]);
  expect(() => appendColumns(zeros(2, 1), zeros(3, 1))).toThrow(RangeError);
});
