import { describe, expect, test } from "vitest";
import { crossCorpusMatrix } from "../../lib/figures/cross-corpus-matrix.js";

describe("crossCorpusMatrix", () => {
  const { data, layout } = crossCorpusMatrix({
    train: ["tess", "savee"],
    test: ["savee", "cremad"],
    cells: [
      [
        { estimate: 0.5, classes: 5, low: 0.4, high: 0.6 },
        { estimate: 0.1, classes: 6 },
      ],
      [{ estimate: 1, classes: 7 }, null],
    ],
  });

  test("colours by the share of the way from chance to perfect", () => {
    // (0.5 - 0.2) / 0.8; below chance is chance.
    expect(data[0]!.z).toEqual([
      [expect.closeTo(0.375, 12), 0],
      [1, null],
    ]);
  });

  test("writes UAR, interval and classes", () => {
    const texts = layout.annotations!.map(({ text }) => text!.replace(/<[^>]*>/g, "|"));
    expect(texts[0]).toBe("|50.0 %|||40.0 – 60.0|||5 classes|");
    expect(texts[1]).toBe("|10.0 %|||6 classes|");
    expect(texts[3]).toBe("–");
  });

  test("frames what is within one corpus", () => {
    expect(layout.shapes).toHaveLength(1);
    expect(layout.shapes![0]).toMatchObject({ x0: -0.475, y0: 0.54 });
  });

  test("refuses a matrix of another size", () => {
    expect(() => crossCorpusMatrix({ train: ["a"], test: ["b"], cells: [[null, null]] })).toThrow(RangeError);
    expect(() => crossCorpusMatrix({ train: ["a"], test: ["b"], cells: [] })).toThrow(RangeError);
  });
});
