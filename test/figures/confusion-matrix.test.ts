import { describe, expect, test } from "vitest";
import { contrast } from "../../lib/figures/colour.js";
import { confusionMatrix } from "../../lib/figures/confusion-matrix.js";

const counts = [
  [41, 5, 4],
  [9, 30, 11],
  [0, 0, 0],
];
const classes = ["anger", "fear", "neutral"];

describe("confusionMatrix", () => {
  const { data, layout } = confusionMatrix({ counts, classes });

  test("colours each cell by its share of the row", () => {
    expect(data[0]!.z).toEqual([
      [0.82, 0.1, 0.08],
      [0.18, 0.6, 0.22],
      [null, null, null],
    ]);
  });

  test("writes count and percentage into each cell, true classes downwards", () => {
    const texts = layout.annotations!.map(({ x, y, text }) => [y, x, text!.replace(/<[^>]*>/g, " ")]);
    expect(texts[0]).toEqual([0, 0, " 41   82.0 % "]);
    expect(texts[5]).toEqual([1, 2, "11  22.0 % "]);
    expect(texts[8]).toEqual([2, 2, " 0 "]);
    expect(layout.yaxis!.range).toEqual([2.5, -0.5]);
    expect(layout.yaxis!.ticktext).toEqual(classes);
  });

  test.each(["light", "dark"] as const)("the text of every cell is readable, %s", (theme) => {
    const size = 21;
    const shares = Array.from({ length: size }, (_, i) =>
      Array.from({ length: size }, (_, j) => (j === 0 ? 100 - 5 * i : j === 1 ? 5 * i : 0)),
    );
    const figure = confusionMatrix({ counts: shares, classes: shares.map((_, i) => `${i}`), theme });
    const scale = figure.data[0]!.colorscale as [number, string][];
    figure.layout.annotations!.forEach(({ x, y, font }) => {
      const cell = scale[Math.round((shares[y as number]![x as number]! / 100) * 16)]![1];
      expect(contrast(cell, font!.color as string)).toBeGreaterThan(4);
    });
  });

  test("shows names as they are", () => {
    const { layout } = confusionMatrix({ counts: [[1]], classes: ["<b>"] });
    expect(layout.xaxis!.ticktext).toEqual(["&lt;b&gt;"]);
  });

  test.each([
    [[[1, 2]], ["a"]],
    [[[1]], ["a", "b"]],
    [[[-1]], ["a"]],
  ])("refuses %j for %j", (counts, classes) => {
    expect(() => confusionMatrix({ counts, classes })).toThrow(RangeError);
  });
});
