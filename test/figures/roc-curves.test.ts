import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rocCurve, rocCurves } from "../../lib/figures/roc-curves.js";

describe("rocCurve", () => {
  test("scikit-learn's example (roc_curve and roc_auc_score)", () => {
    expect(rocCurve([0.1, 0.4, 0.35, 0.8], [false, false, true, true])).toEqual({
      falsePositive: [0, 0, 0.5, 0.5, 1],
      truePositive: [0, 0.5, 0.5, 1, 1],
      auc: 0.75,
    });
  });

  test("equal scores pass at once: no skill is a straight line", () => {
    expect(rocCurve([0.5, 0.5, 0.5], [true, false, true])).toEqual({
      falsePositive: [0, 1],
      truePositive: [0, 1],
      auc: 0.5,
    });
  });

  test("one class alone has no curve", () => {
    expect(rocCurve([0.2, 0.4], [true, true])).toBeUndefined();
  });

  test("the area is the share of pairs in order, ties counting half (Mann and Whitney)", () => {
    const answer = fc.tuple(fc.integer({ min: 0, max: 8 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(answer, { minLength: 2, maxLength: 40 }), (answers) => {
        const curve = rocCurve(
          answers.map(([score]) => score),
          answers.map(([, positive]) => positive),
        );
        const yes = answers.filter(([, positive]) => positive);
        const no = answers.filter(([, positive]) => !positive);
        if (yes.length === 0 || no.length === 0) {
          expect(curve).toBeUndefined();
          return;
        }
        const wins = yes.flatMap(([a]) => no.map(([b]): number => (a > b ? 1 : a === b ? 0.5 : 0)));
        expect(curve!.auc).toBeCloseTo(wins.reduce((x, y) => x + y) / wins.length, 10);
        expect([curve!.falsePositive.at(-1), curve!.truePositive.at(-1)]).toEqual([1, 1]);
      }),
    );
  });
});

describe("rocCurves", () => {
  test("a curve a class that occurs, with its area", () => {
    const { data, layout } = rocCurves({
      classes: ["anger", "fear", "surprise"],
      truth: [0, 1, 1],
      probabilities: [0.6, 0.3, 0.1, 0.7, 0.2, 0.1, 0.1, 0.8, 0.1],
    });
    expect(data.map(({ name }) => name)).toEqual(["anger 0.500", "fear 0.500"]);
    expect(JSON.stringify(layout.legend!.title)).toContain("mean 0.500");
  });

  test("refuses rows of another width", () => {
    expect(() => rocCurves({ classes: ["a", "b"], truth: [0], probabilities: [1] })).toThrow(RangeError);
  });
});
