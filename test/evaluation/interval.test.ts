import { describe, expect, test } from "vitest";
import {
  accuracyOf,
  confusionIntervals,
  type Interval,
  kappaOf,
  macroF1Of,
  recallOf,
  type Scored,
  uarInterval,
  uarOf,
  type WithInterval,
} from "../../lib/evaluation/interval.js";
import classification from "../fixtures/evaluation/classification.json";
import reference from "../fixtures/evaluation/reference.json";
import { answersOf, someAnswers } from "./answers.js";
import { coverage, LARGE, SMALL } from "./coverage.js";

describe("figures of confusion matrices are scikit-learn's", () => {
  for (const { confusion, kappa, macroF1, uar, accuracy } of reference.confusion) {
    test(`${confusion.length} classes`, () => {
      const counts = Float64Array.from(confusion.flat());
      expect(kappaOf(counts, confusion.length)).toBeCloseTo(kappa, 12);
      expect(macroF1Of(counts, confusion.length)).toBeCloseTo(macroF1, 12);
      expect(uarOf(counts, confusion.length)).toBeCloseTo(uar, 12);
      expect(accuracyOf(counts, confusion.length)).toBeCloseTo(accuracy, 12);
    });
  }

  for (const { note, confusion, kappa } of classification.kappa) {
    test(`kappa: ${note}`, () => {
      expect(kappaOf(Float64Array.from(confusion.flat()), confusion.length)).toBeCloseTo(kappa, 8);
    });
  }
});

test("kappa by hand, and 0 where it is undefined", () => {
  expect(kappaOf(Float64Array.of(5, 1, 2, 4), 2)).toBeCloseTo(0.5, 12);
  expect(kappaOf(Float64Array.of(3, 0, 0, 0), 2)).toBe(0);
});

/** The interval, or an error that says why there is none. */
function bounds(interval: Interval): WithInterval {
  if ("reason" in interval) throw new Error(interval.reason);
  return interval;
}

test("an interval holds its estimate and says what it was made from", () => {
  const found = bounds(uarInterval([someAnswers(20, 1)], { resamples: 999 }));
  expect(found).toMatchObject({ n: 240, speakers: 20, level: 0.95 });
  expect(found.method).toBe("BCa bootstrap over speakers, t-corrected tails, 999 resamples");
  expect(found.low).toBeLessThan(found.estimate);
  expect(found.high).toBeGreaterThan(found.estimate);
});

test("seeds are averaged, and a seed given twice changes nothing", () => {
  const [one, two] = [someAnswers(10, 1), someAnswers(10, 2)];
  const estimate = (seeds: Scored[]) => uarInterval(seeds, { resamples: 99 }).estimate;
  expect(estimate([one, two])).toBeCloseTo((estimate([one]) + estimate([two])) / 2, 12);
  const once = bounds(uarInterval([one], { resamples: 499 }));
  const twice = bounds(uarInterval([one, one], { resamples: 499 }));
  expect(twice.low).toBeCloseTo(once.low, 12);
  expect(twice.n).toBe(once.n);
});

test("the order of clips and the figures asked for beside change nothing", () => {
  const one = someAnswers(12, 5);
  const order = one.speakers.map((_, i) => i).reverse();
  const turned: Scored = {
    classes: one.classes,
    truth: order.map((i) => one.truth[i]!),
    predicted: order.map((i) => one.predicted[i]!),
    speakers: order.map((i) => one.speakers[i]!),
  };
  expect(uarInterval([turned], { resamples: 199 })).toEqual(uarInterval([one], { resamples: 199 }));
  const all = confusionIntervals(
    [one],
    { recall: recallOf(2), accuracy: accuracyOf, f1: macroF1Of, uar: uarOf },
    { resamples: 199 },
  );
  expect(all.uar).toEqual(uarInterval([one], { resamples: 199 }));
  expect(all.accuracy.estimate).toBeCloseTo(all.uar.estimate, 12);
});

test("UAR is over the classes in the truth, and of a resample over those it has", () => {
  // Only the first speaker says the third class, and always rightly.
  const clips = Array.from({ length: 9 }, (_, s) => [2, 2, s === 0 ? 4 : 0, 0]);
  const scored = answersOf(
    clips,
    clips.map(([a, b, c], s) => [a! - (s % 2), b! - 1, c!, 0]),
  );
  const found = bounds(uarInterval([scored], { resamples: 999 }));
  expect(found.estimate).toBeCloseTo((14 / 18 + 9 / 18 + 1) / 3, 12);
  expect(Number.isFinite(found.low) && found.high <= 1).toBe(true);
});

test("fewer than eight speakers: each one's value, no interval, and why", () => {
  const scored = answersOf(
    [
      [2, 2],
      [4, 4],
    ],
    [
      [1, 2],
      [4, 0],
    ],
  );
  expect(uarInterval([scored])).toEqual({
    estimate: (5 / 6 + 2 / 6) / 2,
    n: 12,
    speakers: 2,
    perSpeaker: { "corpus/00": 0.75, "corpus/01": 0.5 },
    reason: "no interval: 2 speakers, and fewer than 8 say too little about others",
  });
  expect(uarInterval([someAnswers(7, 1)])).toHaveProperty("reason");
  expect(uarInterval([someAnswers(8, 1)], { resamples: 99 })).toHaveProperty("low");
});

test("perfect answers carry no interval: resampling them says nothing", () => {
  const clips = Array.from({ length: 10 }, () => [1, 1]);
  const found = uarInterval([answersOf(clips, clips)], { resamples: 99 });
  expect(found).toMatchObject({ estimate: 1, reason: expect.stringContaining("same value") });
});

test("what cannot be pooled is refused", () => {
  const one = someAnswers(8, 1);
  expect(() => uarInterval([])).toThrow("no seed");
  expect(() => uarInterval([{ classes: ["a"], truth: [], predicted: [], speakers: [] }])).toThrow("no clips");
  expect(() => uarInterval([one, someAnswers(9, 1)])).toThrow("different clips");
  expect(() => uarInterval([{ ...one, predicted: [0] }])).toThrow("do not match");
  expect(() => uarInterval([{ ...one, predicted: one.speakers.map(() => 3) }])).toThrow("no such class");
  expect(() =>
    confusionIntervals([{ ...one, classes: [...one.classes, "never"] }], { recall: recallOf(3) }),
  ).toThrow("undefined");
});

describe("nominal 95 % intervals cover, on simulated speakers", () => {
  for (const population of [SMALL, LARGE]) {
    test(`${population.speakers} speakers`, () => {
      const { covered } = coverage(population, 200, 399);
      expect(covered).toBeGreaterThanOrEqual(0.92);
      expect(covered).toBeLessThanOrEqual(0.97);
    });
  }
});
