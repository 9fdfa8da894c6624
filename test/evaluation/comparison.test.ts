import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareModels, differenceInterval, holm, mcnemar } from "../../lib/evaluation/comparison.js";
import { uarInterval } from "../../lib/evaluation/interval.js";
import classification from "../fixtures/evaluation/classification.json";
import reference from "../fixtures/evaluation/reference.json";
import { answersOf, someAnswers } from "./answers.js";

describe("all swaps by speaker, as scipy's permutation test", () => {
  for (const { clips, rightA, rightB, difference, p } of reference.permutation) {
    test(`${clips.length} speakers`, () => {
      const found = compareModels([answersOf(clips, rightA)], [answersOf(clips, rightB)], { resamples: 99 });
      expect(found.difference.estimate).toBeCloseTo(difference, 12);
      expect(found.p).toBeCloseTo(p, 12);
      expect(found.smallestP).toBe(2 / 2 ** clips.length);
      expect(found.note).toBeUndefined();
    });
  }
});

test("random swaps come near to all of them, and repeat with the seed", () => {
  const [a, b] = [someAnswers(14, 1, 1), someAnswers(14, 2)];
  const exact = compareModels([a], [b], { resamples: 9 }).p;
  // A fifteenth speaker on whom the models agree doubles all swaps alike, so p stays.
  const also = (scored: typeof a) => ({
    ...scored,
    truth: [...Array.from(scored.truth), 0],
    predicted: [...Array.from(scored.predicted), 0],
    speakers: [...scored.speakers, "corpus/99"],
  });
  const drawn = compareModels([also(a)], [also(b)], { resamples: 9, permutations: 20_000 });
  expect(Math.abs(drawn.p - exact)).toBeLessThan(0.01);
  expect(drawn.smallestP).toBe(1 / 20_001);
  expect(compareModels([also(a)], [also(b)], { resamples: 9, permutations: 20_000 }).p).toBe(drawn.p);
});

test("random swaps never give p = 0: none of nine as large is one of ten", () => {
  const clips = Array.from({ length: 30 }, () => [2, 2]);
  const none = clips.map(() => [0, 0]);
  const found = compareModels([answersOf(clips, clips)], [answersOf(clips, none)], { permutations: 9 });
  expect(found).toMatchObject({ p: 0.1, smallestP: 0.1, difference: { estimate: 1 } });
  expect(found.note).toBeUndefined();
});

test("equal models: no difference, p = 1; turning the models turns the sign", () => {
  const [a, b] = [someAnswers(9, 1), someAnswers(9, 2)];
  expect(compareModels([a], [a], { resamples: 99 })).toMatchObject({
    difference: { estimate: 0, reason: expect.any(String) },
    p: 1,
  });
  const [ab, ba] = [compareModels([a], [b], { resamples: 99 }), compareModels([b], [a], { resamples: 99 })];
  expect(ab.difference.estimate).toBeCloseTo(-ba.difference.estimate, 12);
  expect(ab.p).toBe(ba.p);
  expect([ab.mcnemar.onlyFirst, ab.mcnemar.onlySecond]).toEqual([
    ba.mcnemar.onlySecond,
    ba.mcnemar.onlyFirst,
  ]);
});

test("seeds are averaged on either side", () => {
  const [a, b, c] = [1, 2, 3].map((seed) => someAnswers(9, seed)) as [
    ReturnType<typeof someAnswers>,
    ReturnType<typeof someAnswers>,
    ReturnType<typeof someAnswers>,
  ];
  const uar = (scored: typeof a) => uarInterval([scored], { resamples: 0 }).estimate;
  const found = compareModels([a, b], [c], { resamples: 99 });
  expect(found.difference.estimate).toBeCloseTo((uar(a) + uar(b)) / 2 - uar(c), 12);
  expect(compareModels([a, a], [c], { resamples: 9 }).p).toBe(compareModels([a], [c], { resamples: 9 }).p);
});

test("four speakers are too few to test, five as well, six are not", () => {
  const compare = (speakers: number) =>
    compareModels([someAnswers(speakers, 1, 1)], [someAnswers(speakers, 2)], { resamples: 9 });
  expect(compare(4)).toMatchObject({ smallestP: 0.125, note: "too few speakers to test" });
  expect(compare(5).note).toBe("too few speakers to test");
  expect(compare(6).note).toBeUndefined();
  expect(compare(4).difference).toHaveProperty("perSpeaker");
});

test("models of other clips cannot be compared, their figures can be subtracted", () => {
  const [a, b] = [someAnswers(10, 1), someAnswers(12, 2)];
  expect(() => compareModels([a], [b])).toThrow("different clips");
  const turned = { ...a, truth: Array.from(a.truth).reverse(), predicted: Array.from(a.predicted).reverse() };
  expect(() => compareModels([a], [{ ...turned, speakers: [...a.speakers].reverse() }])).toThrow(
    "same order",
  );
  const found = differenceInterval([a], [b], undefined, { resamples: 199 });
  const uar = (scored: typeof a) => uarInterval([scored], { resamples: 0 }).estimate;
  expect(found.estimate).toBeCloseTo(uar(a) - uar(b), 12);
  expect(found).toHaveProperty("low");
  expect(differenceInterval([someAnswers(4, 1)], [b])).toMatchObject({
    reason: "no interval: 4 speakers, and fewer than 8 say too little about others",
  });
  expect(() => differenceInterval([a], [{ ...b, classes: ["x", "y", "z"] }])).toThrow("classes differ");
});

test("what both models share cancels: a paired interval is narrower than the models' own", () => {
  // 16 speakers of very different ease; the second model is right on one clip more of each.
  const clips = Array.from({ length: 16 }, () => [20, 20]);
  const first = answersOf(
    clips,
    clips.map((row, s) => row.map(() => s + 1)),
  );
  const second = answersOf(
    clips,
    clips.map((row, s) => row.map((_, c) => s + 2 + ((s + c) % 2))),
  );
  const difference = compareModels([second], [first], { resamples: 499 }).difference;
  const own = uarInterval([first], { resamples: 499 });
  if (!("low" in difference && "low" in own)) throw new Error("an interval is missing");
  expect(difference.high - difference.low).toBeLessThan((own.high - own.low) / 5);
});

describe("Holm", () => {
  test("by hand", () => {
    expect(holm([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06]);
    expect(holm([0.9, 0.005, 0.04, 0.5])).toEqual([1, 0.02, 0.12, 1]);
    expect(holm([])).toEqual([]);
  });

  test("never below what it corrects, never above Bonferroni, in the same order", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }), (p) => {
        const corrected = holm(p);
        corrected.forEach((value, i) => {
          expect(value).toBeGreaterThanOrEqual(p[i]!);
          expect(value).toBeLessThanOrEqual(Math.min(1, p.length * p[i]!));
          corrected.forEach((other, j) => {
            if (p[i]! < p[j]!) expect(value).toBeLessThanOrEqual(other);
          });
        });
      }),
    );
  });
});

describe("McNemar", () => {
  test("as scipy's binomial and chi-square", () => {
    for (const [b, c, exact, chiSquare, p] of reference.mcnemar) {
      const found = mcnemar(b!, c!);
      expect(found.exactP).toBeCloseTo(exact!, 11);
      expect(found.chiSquare).toBeCloseTo(chiSquare!, 12);
      expect(found.chiSquareP).toBeCloseTo(p!, 12);
    }
    const { b, c, p } = classification.mcnemar_exact;
    expect(mcnemar(b, c).exactP).toBeCloseTo(p, 9);
  });

  test("models that never disagree", () => {
    expect(mcnemar(0, 0)).toEqual({ onlyFirst: 0, onlySecond: 0, exactP: 1, chiSquare: 0, chiSquareP: 1 });
    expect(mcnemar(3, 3).chiSquareP).toBe(1);
  });
});
