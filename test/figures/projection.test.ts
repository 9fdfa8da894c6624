import { describe, expect, test } from "vitest";
import { fromRows } from "../../lib/base/matrix.js";
import { projection } from "../../lib/figures/projection.js";

const points = fromRows([
  [0, 0],
  [4, 1],
  [2, 3],
]);

describe("projection", () => {
  const labels = ["neutral", "anger", "neutral"];
  const { data, layout } = projection({ points, labels, explained: [0.5, 0.25] });

  test("points and a mean for each class, in the order of every table", () => {
    expect(data.map(({ name, x, y }) => [name, x, y])).toEqual([
      ["anger", [4], [1]],
      ["neutral", [0, 2], [0, 3]],
      ["anger", [4], [1]],
      ["neutral", [1], [1.5]],
    ]);
  });

  test("both axes have one scale and hold all points", () => {
    const { xaxis, yaxis, width, height, margin } = layout;
    const [x, y] = [xaxis!.range as number[], yaxis!.range as number[]];
    const perUnit = (width - margin!.l! - margin!.r!) / (x[1]! - x[0]!);
    expect((height - margin!.t! - margin!.b!) / (y[1]! - y[0]!)).toBeCloseTo(perUnit, -0.5);
    expect(x[0]).toBeLessThan(0);
    expect(y[1]).toBeGreaterThan(3);
  });

  test("names what the axes hold", () => {
    expect(layout.xaxis!.title).toMatchObject({ text: "1st principal component (50.0 % of variance)" });
  });

  test("draws a single point too, and refuses lists that do not fit", () => {
    const { xaxis } = projection({ points: fromRows([[1, 1]]), labels: ["anger"] }).layout;
    expect(xaxis!.range).toEqual([0.5, 1.5]);
    expect(() => projection({ points, labels: [] })).toThrow(RangeError);
    expect(() => projection({ points: fromRows([[1]]), labels: ["anger"] })).toThrow(RangeError);
  });
});
