import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseThreshold, riskCoverage } from "../../lib/evaluation/abstention.js";

/** Two classes; the first is called with these confidences. */
function called(confidences: readonly number[]): Float64Array {
  return Float64Array.from(confidences.flatMap((confidence) => [confidence, 1 - confidence]));
}

/** Truth: 0 where the clip is right. */
const right = (...answers: boolean[]) => answers.map((is) => (is ? 0 : 1));

test("risk against coverage, by hand; equal confidences go together", () => {
  const points = riskCoverage(called([0.9, 0.6, 0.8, 0.6]), right(true, false, false, true), 2);
  expect(points).toEqual([
    { threshold: 0.6, coverage: 1, risk: 0.5 },
    { threshold: 0.8, coverage: 0.5, risk: 0.5 },
    { threshold: 0.9, coverage: 0.25, risk: 0 },
  ]);
});

test("0 where answering everything is right often enough", () => {
  expect(chooseThreshold(called([0.9, 0.8, 0.7, 0.6]), right(true, true, true, false), 2)).toBe(0);
});

test("the smallest threshold that reaches 75 %", () => {
  const p = called([0.95, 0.9, 0.85, 0.8, 0.7, 0.6]);
  expect(chooseThreshold(p, right(true, true, true, false, false, true), 2)).toBe(0.8);
});

test("answering just half of the clips is still allowed", () => {
  expect(chooseThreshold(called([0.9, 0.8, 0.7, 0.6]), right(true, true, false, false), 2)).toBe(0.8);
});

test("out of reach without silence on more than half: the best of those that answer half", () => {
  const p = called([0.95, 0.9, 0.85, 0.8, 0.7, 0.6]);
  // Right shares from above: 1/1, 1/2, 1/3, 2/4, 2/5, 2/6; half of the clips are three.
  expect(chooseThreshold(p, right(true, false, false, true, false, false), 2)).toBe(0.8);
  expect(chooseThreshold(p, right(false, false, false, false, false, false), 2)).toBe(0);
});

test("for any clips at least half are answered, and a lower threshold that reaches 75 % does not exist", () => {
  const clips = fc.array(fc.tuple(fc.integer({ min: 51, max: 99 }), fc.boolean()), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(clips, (list) => {
      const confidences = list.map(([percent]) => percent / 100);
      const threshold = chooseThreshold(called(confidences), right(...list.map(([, is]) => is)), 2);
      const accuracyFrom = (least: number) => {
        const answered = list.filter((_, i) => confidences[i]! >= least);
        return answered.filter(([, is]) => is).length / answered.length;
      };
      const answered = confidences.filter((confidence) => confidence >= threshold);
      expect(answered.length * 2).toBeGreaterThanOrEqual(list.length);
      for (const lower of [0, ...confidences].filter((confidence) => confidence < threshold)) {
        expect(accuracyFrom(lower)).toBeLessThan(0.75);
      }
    }),
  );
});

test("no clips are refused", () => {
  expect(() => chooseThreshold(new Float32Array(0), [], 2)).toThrow("no clips");
});
