import { expect, test } from "vitest";
import { fromRows } from "../../lib/base/matrix.js";
import { fixLength } from "../../lib/features/crop.js";

const ten = fromRows(Array.from({ length: 10 }, (_, t) => [t, 100 + t]));
const times = (frames: number, at?: "center" | "start" | number) => {
  const { data, rows } = fixLength(ten, frames, at);
  return Array.from({ length: rows }, (_, t) => data[2 * t]);
};

test("the part that is kept", () => {
  expect(times(4)).toEqual([3, 4, 5, 6]);
  expect(times(3)).toEqual([3, 4, 5]);
  expect(times(4, "start")).toEqual([0, 1, 2, 3]);
  expect(times(4, 5)).toEqual([5, 6, 7, 8]);
  expect(times(4, 9)).toEqual([6, 7, 8, 9]);
  expect(times(4, -1)).toEqual([0, 1, 2, 3]);
});

test("zeros at the end, both columns", () => {
  expect(times(12, 3)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0]);
  expect(fixLength(ten, 11).data[21]).toBe(0);
  expect(fixLength(ten, 10)).toEqual(ten);
  expect(fixLength(ten, 10).data).not.toBe(ten.data);
});
