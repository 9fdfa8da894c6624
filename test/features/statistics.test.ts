import { expect, test } from "vitest";
import { fromRows, zeros } from "../../lib/base/matrix.js";
import { clipStatistics, STATISTICS, statisticsNames } from "../../lib/features/statistics.js";

test("equal to NumPy's", () => {
  // numpy: x = [1, 4, 2, 8, 5]; mean 4, std 2.4494898, median 4, percentiles 25 and 75: 2 and 5, polyfit slope 1.2
  const matrix = fromRows([1, 4, 2, 8, 5].map((x) => [x, -x]));
  const out = clipStatistics(matrix);
  const of = (name: (typeof STATISTICS)[number], col: number) => out[STATISTICS.indexOf(name) * 2 + col];
  expect(of("mean", 0)).toBe(4);
  expect(of("sd", 0)).toBeCloseTo(2.4494898, 6);
  expect(of("min", 0)).toBe(1);
  expect(of("max", 0)).toBe(8);
  expect(of("median", 0)).toBe(4);
  expect(of("iqr", 0)).toBe(3);
  expect(of("slope", 0)).toBeCloseTo(1.2, 6);
  expect(of("mean", 1)).toBe(-4);
  expect(of("max", 1)).toBe(-1);
  expect(of("slope", 1)).toBeCloseTo(-1.2, 6);
});

test("one frame", () => {
  expect(Array.from(clipStatistics(fromRows([[3]])))).toEqual([3, 0, 3, 3, 3, 0, 0]);
});

test("names in the order of the values; no frames is an error", () => {
  expect(statisticsNames(2).slice(0, 4)).toEqual(["mean_0", "mean_1", "sd_0", "sd_1"]);
  expect(statisticsNames(2).length).toBe(clipStatistics(fromRows([[1, 2]])).length);
  expect(() => clipStatistics(zeros(0, 2))).toThrow(RangeError);
});
