import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reliabilityBins, reliabilityDiagram } from "../../lib/figures/reliability.js";

describe("reliabilityBins", () => {
  test("a case worked by hand", () => {
    const bins = reliabilityBins([0.05, 0.5, 0.59, 1, 0.95], [false, true, false, true, true], 10);
    expect(bins).toEqual([
      { confidence: 0.05, accuracy: 0, count: 1 },
      { confidence: 0.5, accuracy: 1, count: 1 },
      { confidence: 0.59, accuracy: 0, count: 1 },
      { confidence: expect.closeTo(0.975, 12), accuracy: 1, count: 2 },
    ]);
  });

  test("every clip is in one bin", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean())), (answers) => {
        const bins = reliabilityBins(
          answers.map(([confidence]) => confidence),
          answers.map(([, right]) => right),
          15,
        );
        expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(answers.length);
        const right = bins.reduce((sum, { count, accuracy }) => sum + count * accuracy, 0);
        expect(right).toBeCloseTo(answers.filter(([, right]) => right).length, 6);
      }),
    );
  });

  test("refuses lists of different lengths", () => {
    expect(() => reliabilityBins([0.5], [], 10)).toThrow(RangeError);
  });
});

describe("reliabilityDiagram", () => {
  const series = { name: "raw", confidence: [0.9, 0.6, 0.61], right: [true, false, true] };

  test("a line and counts for each series, the calibration error in the legend", () => {
    const { data } = reliabilityDiagram({ series: [series, { ...series, name: "calibrated", ece: 0.0312 }] });
    expect(data.map(({ type, name }) => [type, name])).toEqual([
      ["scatter", "raw"],
      ["bar", "raw"],
      ["scatter", "calibrated (ECE 3.1 %)"],
      ["bar", "calibrated (ECE 3.1 %)"],
    ]);
    expect(data[1]!.y).toEqual([1, 1, 1]);
  });

  test("refuses no series, and five", () => {
    expect(() => reliabilityDiagram({ series: [] })).toThrow(RangeError);
    expect(() => reliabilityDiagram({ series: Array(5).fill(series) })).toThrow(RangeError);
  });
});
