import fc from "fast-check";
import { expect, test } from "vitest";
import { abstentionAt, chooseThreshold, riskCoverage } from "../../lib/evaluation/abstention.js";

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

test("coverage and accuracy of a threshold are those of the curve, at each of its points", () => {
  const clip = fc.record({ p: fc.integer({ min: 0, max: 20 }), right: fc.boolean(), who: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(clip, { minLength: 1, maxLength: 40 }), (clips) => {
      const p = called(clips.map(({ p }) => 0.5 + p / 40));
      const truth = right(...clips.map(({ right }) => right));
      const speakers = clips.map(({ who }) => `s${who}`);
      for (const { threshold, coverage, risk } of riskCoverage(p, truth, 2)) {
        const at = abstentionAt(p, truth, speakers, 2, threshold);
        expect(at.coverage.estimate).toBeCloseTo(coverage, 12);
        expect(at.accuracy!.estimate).toBeCloseTo(1 - risk, 12);
      }
    }),
    { numRuns: 50 },
  );
});

test("of few speakers each one's own coverage; nothing answered has no accuracy", () => {
  const p = called([0.9, 0.6, 0.8, 0.7]);
  const truth = right(true, false, true, false);
  const speakers = ["b", "a", "a", "b"];
  const { coverage, accuracy } = abstentionAt(p, truth, speakers, 2, 0.75);
  expect(coverage).toMatchObject({ estimate: 0.5, n: 4, speakers: 2, perSpeaker: { a: 0.5, b: 0.5 } });
  expect(accuracy).toMatchObject({ estimate: 1, perSpeaker: { a: 1, b: 1 } });
  expect(abstentionAt(p, truth, speakers, 2, 0.95)).not.toHaveProperty("accuracy");
  expect(() => abstentionAt(p, truth, ["a"], 2, 0.5)).toThrow("4 clips and 1 speakers do not match");
});

test("from eight speakers on there is an interval, and it holds the estimate", () => {
  const clips = Array.from({ length: 80 }, (_, i) => i);
  const p = called(clips.map((i) => 0.5 + ((7 * i) % 50) / 100));
  const truth = right(...clips.map((i) => i % 3 !== 0 || i % 8 === 1));
  const speakers = clips.map((i) => `s${i % 8}`);
  const { coverage, accuracy } = abstentionAt(p, truth, speakers, 2, 0.7, { resamples: 499 });
  for (const figure of [coverage, accuracy!]) {
    if (!("low" in figure)) throw new Error("no interval");
    expect(figure.low).toBeLessThanOrEqual(figure.estimate);
    expect(figure.high).toBeGreaterThanOrEqual(figure.estimate);
    expect(figure.speakers).toBe(8);
  }
});
