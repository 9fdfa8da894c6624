import { expect, test } from "vitest";
import { fromRows } from "../../lib/base/matrix.js";
import { networkInput } from "../../lib/features/input.js";

const NORMALISER = { kind: "global" as const, mean: [1, 0], scale: [2, 1] };

test("normalises, then pads with the mean of the training part, which is 0", () => {
  const x = networkInput(
    fromRows([
      [3, 5],
      [1, 0],
    ]),
    { normaliser: NORMALISER, frames: 3 },
  );
  expect([...x]).toEqual([1, 5, 0, 0, 0, 0]);
});

test("cuts a long clip around its middle", () => {
  const rows = [0, 1, 2, 3, 4, 5].map((t) => [1, t]);
  expect([...networkInput(fromRows(rows), { normaliser: NORMALISER, frames: 2 })]).toEqual([0, 2, 0, 3]);
});

test("a baseline's input is one row: the statistics, normalised", () => {
  const rows = [
    [1, 10],
    [3, 10],
  ];
  const mean = new Array(14).fill(1);
  const normaliser = { kind: "global" as const, mean, scale: new Array(14).fill(2) };
  const x = networkInput(fromRows(rows), { normaliser, frames: 1, input: "statistics" });
  expect(x.length).toBe(14);
  expect([x[0], x[1], x[2], x[3]]).toEqual([0.5, 4.5, 0, -0.5]); // means 2 and 10, deviations 1 and 0
});
