import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { argmax, confusionCounts, metrics } from "../../lib/evaluation/metrics.js";
import reference from "../fixtures/scikit-learn/classification_metrics.json";

describe("equal to scikit-learn", () => {
  for (const expected of reference.cases) {
    test(expected.note, () => {
      const indices = (names: string[]) => names.map((name) => expected.labels.indexOf(name));
      const counts = confusionCounts(indices(expected.truth), indices(expected.pred), expected.labels.length);
      expect(counts).toEqual(expected.confusion);
      const found = metrics(counts, expected.labels);
      expect(found.accuracy).toBeCloseTo(expected.accuracy, 8);
      expect(found.uar).toBeCloseTo(expected.balanced_accuracy, 8);
      for (const average of ["macro", "weighted"] as const) {
        for (const key of ["precision", "recall", "f1"] as const) {
          expect(found[average][key]).toBeCloseTo(expected[average][key], 8);
        }
      }
      found.perClass.forEach((scores, i) => {
        for (const key of ["precision", "recall", "f1", "support"] as const) {
          expect(scores[key]).toBeCloseTo(expected.per_class[key][i]!, 8);
        }
      });
    });
  }
});

test("UAR is the mean over the classes in the truth, which are named", () => {
  const { uar, macro, classesInTruth } = metrics(
    [
      [1, 0, 1],
      [0, 2, 0],
      [0, 0, 0],
    ],
    ["anger", "fear", "surprise"],
  );
  expect(classesInTruth).toEqual(["anger", "fear"]);
  expect(uar).toBeCloseTo(0.75);
  expect(macro.recall).toBeCloseTo(0.5);
});

test("all figures are shares for any confusion matrix", () => {
  const matrix = fc
    .integer({ min: 1, max: 8 })
    .chain((n) =>
      fc.array(fc.array(fc.nat(50), { minLength: n, maxLength: n }), { minLength: n, maxLength: n }),
    );
  fc.assert(
    fc.property(matrix, (counts) => {
      fc.pre(counts.flat().some((n) => n > 0));
      const { accuracy, uar, macro, weighted } = metrics(
        counts,
        counts.map((_, i) => `class ${i}`),
      );
      for (const share of [accuracy, uar, ...Object.values(macro), ...Object.values(weighted)]) {
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1 + 1e-12);
      }
      expect(weighted.recall).toBeCloseTo(accuracy, 12);
    }),
  );
});

test("what cannot be counted is refused", () => {
  expect(() => confusionCounts([0, 1], [0], 2)).toThrow("2 true classes, but 1 predicted ones");
  expect(() => confusionCounts([0], [2], 2)).toThrow("no such class");
  expect(() => confusionCounts([-1], [0], 2)).toThrow("no such class");
  expect(() =>
    metrics(
      [
        [0, 0],
        [0, 0],
      ],
      ["a", "b"],
    ),
  ).toThrow("nothing to evaluate");
});

test("argmax takes the first of equals", () => {
  expect(argmax(Float32Array.of(0.2, 0.5, 0.3, 0.4, 0.4, 0.2), 3)).toEqual([1, 0]);
});
