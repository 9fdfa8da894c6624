import { expect, test } from "vitest";
import { riskCoverage } from "../../lib/evaluation/abstention.js";
import { riskCoverageCurve } from "../../lib/figures/risk-coverage.js";

test("the curve from the surest clips to all, the risk of answering at random, and what was chosen", () => {
  const points = riskCoverage(Float32Array.of(0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.55, 0.45), [0, 1, 1, 0], 2);
  const { data } = riskCoverageCurve({ points, marks: [{ name: "chosen", coverage: 0.5, risk: 0 }] });
  expect(data.map(({ name }) => name)).toEqual(["surest first", "at random", "chosen"]);
  expect([data[0]!.x, data[0]!.y]).toEqual([
    [0.25, 0.5, 0.75, 1],
    [0, 0, 1 / 3, 0.25],
  ]);
  expect(data[1]!.y).toEqual([0.25, 0.25]);
  expect([data[2]!.x, data[2]!.y]).toEqual([[0.5], [0]]);
});

test("of many points it draws some two hundred, the last of them, and none of a handful of clips", () => {
  const points = Array.from({ length: 3000 }, (_, i) => ({ coverage: (i + 1) / 3000, risk: i % 2 }));
  const [curve] = riskCoverageCurve({ points }).data;
  const x = curve!.x as number[];
  expect(x.length).toBeGreaterThan(150);
  expect(x.length).toBeLessThan(210);
  expect([x[0]! >= 0.02, x.at(-1)]).toEqual([true, 1]);
});

test("refuses no points", () => {
  expect(() => riskCoverageCurve({ points: [] })).toThrow(RangeError);
});
