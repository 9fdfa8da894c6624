import { expect, test } from "vitest";
import { concatenated, fromRows, row, toRows, zeros } from "../../lib/base/matrix.js";

test("rows go in and come out", () => {
  const rows = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  const matrix = fromRows(rows);
  expect([matrix.rows, matrix.cols]).toEqual([2, 3]);
  expect(toRows(matrix)).toEqual(rows);
  row(matrix, 1)[0] = 9;
  expect(matrix.data[3]).toBe(9);
});

test("rows of unequal length are refused", () => {
  expect(() => fromRows([[1], [2, 3]])).toThrow("row 1 has 2 columns, not 1");
});

test("nothing is a matrix too", () => {
  expect(toRows(fromRows([]))).toEqual([]);
  expect(toRows(zeros(2, 0))).toEqual([[], []]);
});

test("lists are joined in their order, and none is an empty one", () => {
  const parts = [[1, 2], [], [3]].map((values) => Float32Array.from(values));
  expect(concatenated(parts)).toEqual(Float32Array.of(1, 2, 3));
  expect(concatenated([])).toEqual(new Float32Array(0));
});
