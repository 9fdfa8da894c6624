import { describe, expect, test } from "vitest";
import { ablation } from "../../lib/figures/ablation.js";

const rows = [
  { name: "all", estimate: 0.6, low: 0.55, high: 0.66, baseline: true },
  { name: "<mfcc>", group: "features", estimate: 0.5, low: 0.42, high: 0.57 },
  { name: "no mixup", group: "training", estimate: 0.58 },
  { name: "no noise", group: "training", estimate: 0.57 },
];

describe("ablation", () => {
  const { data, layout } = ablation({ rows, references: [{ name: "chance", value: 1 / 7 }] });

  test("a heading before each group, rows at their places", () => {
    expect(layout.yaxis!.ticktext).toEqual([
      "<b>all</b>",
      "<b>features</b>",
      "&lt;mfcc&gt;",
      "<b>training</b>",
      "no mixup",
      "no noise",
    ]);
    expect(data[0]!.y).toEqual([0, 2, 4, 5]);
    expect(data[0]!.x).toEqual([0.6, 0.5, 0.58, 0.57]);
  });

  test("whiskers reach the bounds; without an interval the mark is open and has none", () => {
    const { array, arrayminus } = data[0]!.error_x as unknown as { array: number[]; arrayminus: number[] };
    rows.forEach(({ estimate, low, high }, i) => {
      expect(estimate + array[i]!).toBeCloseTo(high ?? estimate, 12);
      expect(estimate - arrayminus[i]!).toBeCloseTo(low ?? estimate, 12);
    });
    expect(data[0]!.marker!.symbol).toEqual(["diamond", "circle", "circle-open", "circle-open"]);
  });

  test("numbers and references are written, and all values lie within the axis", () => {
    const texts = layout.annotations!.map(({ text }) => text);
    expect(texts).toEqual([
      "chance 14.3 %",
      "<b>60.0</b> [55.0, 66.0]",
      "<b>50.0</b> [42.0, 57.0]",
      "<b>58.0</b>",
      "<b>57.0</b>",
    ]);
    expect(layout.xaxis!.range).toEqual([0.1, 0.7000000000000001]);
  });

  test("dense, all but the baselines are grey, and each row has its own reference", () => {
    const own = rows.map((row, i) => ({ ...row, reference: 0.1 * (i + 1) }));
    const dense = ablation({ rows: own, dense: true });
    expect(dense.data.map(({ x }) => x)).toEqual([[0.5, 0.58, 0.57], [0.6]]);
    const [grey, blue] = dense.data.map(({ marker }) => marker!.color);
    expect(grey).not.toBe(blue);
    expect(dense.layout.shapes!.map(({ x0, y0, y1 }) => [x0, y0, y1])).toEqual([
      [0.1, -0.5, 0.5],
      [0.2, 1.5, 2.5],
      [0.30000000000000004, 3.5, 4.5],
      [0.4, 4.5, 5.5],
    ]);
    expect(dense.layout.height!).toBeLessThan(layout.height!);
    expect(dense.layout.annotations!.map(({ text }) => text)).toEqual([
      ...["<b>60.0</b> [55.0, 66.0]", "50.0 [42.0, 57.0]", "58.0", "57.0"],
    ]);
  });

  test("refuses to draw nothing", () => {
    expect(() => ablation({ rows: [] })).toThrow(RangeError);
  });
});
