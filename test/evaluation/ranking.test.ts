import fc from "fast-check";
import { expect, test } from "vitest";
import { rocAuc } from "../../lib/evaluation/ranking.js";
import reference from "../fixtures/evaluation/reference.json";

test("one class against the rest, with ties: scikit-learn's roc_auc_score", () => {
  const { truth, probabilities, rocAuc: expected } = reference.probabilities;
  expected.forEach((area, c) => {
    const found = rocAuc(
      probabilities.map((row) => row[c]!),
      truth.map((t) => t === c),
    );
    expect(found).toBeCloseTo(area, 12);
  });
});

test("scikit-learn's own example, and classes that are not there", () => {
  expect(rocAuc([0.1, 0.4, 0.35, 0.8], [false, false, true, true])).toBe(0.75);
  expect(rocAuc([0.1, 0.4], [true, true])).toBeUndefined();
  expect(rocAuc([0.1, 0.4], [false, false])).toBeUndefined();
  expect(rocAuc([], [])).toBeUndefined();
});

test("the share of pairs in the right order, ties counted half", () => {
  const clips = fc.array(fc.tuple(fc.nat(5), fc.boolean()), { minLength: 2, maxLength: 20 });
  fc.assert(
    fc.property(clips, (list) => {
      const of = (wanted: boolean) => list.filter(([, is]) => is === wanted).map(([score]) => score);
      const pairs = of(true).flatMap((a) => of(false).map((b) => (a > b ? 1 : a === b ? 0.5 : 0)));
      fc.pre(pairs.length > 0);
      const found = rocAuc(
        list.map(([score]) => score),
        list.map(([, is]) => is),
      );
      expect(found).toBeCloseTo(pairs.reduce<number>((a, b) => a + b, 0) / pairs.length, 12);
    }),
  );
});
