import { expect, test } from "vitest";
import { sentenceIndependent } from "../../lib/protocols/sentence-independent.js";
import { CLIPS, groupsOf, sizesOf } from "./published.js";

const foldsOf = (corpus: "ravdess" | "tess" | "savee" | "cremad") =>
  sentenceIndependent(corpus).plan(CLIPS).folds;

test("RAVDESS: each sentence once, by all actors; four of the other's validate", () => {
  const folds = foldsOf("ravdess");
  expect(folds.map((fold) => groupsOf(fold.test, "sentence"))).toEqual([["02"], ["01"]]);
  for (const fold of folds) {
    expect(sizesOf(fold)).toEqual([600, 120, 720]);
    expect(groupsOf(fold.test, "speaker").length).toBe(24);
  }
});

test("CREMA-D: twelve sentences in six folds, with all speakers; IEO makes the first larger", () => {
  const folds = foldsOf("cremad");
  expect(folds.flatMap((fold) => groupsOf(fold.test, "sentence")).length).toBe(12);
  expect(folds.map(({ test: held }) => held.length).reduce((a, b) => a + b)).toBe(7442);
  for (const fold of folds) {
    expect(groupsOf(fold.test, "sentence").length).toBe(2);
    expect(groupsOf(fold.train, "sentence").length).toBe(8);
    expect(groupsOf(fold.test, "speaker").length).toBe(91);
  }
});

test("TESS: 200 words in five folds of 40, each tested once", () => {
  const folds = foldsOf("tess");
  for (const fold of folds) expect(sizesOf(fold)).toEqual([1680, 560, 560]);
  expect(new Set(folds.flatMap((fold) => groupsOf(fold.test, "sentence"))).size).toBe(200);
});

test("SAVEE: the three common sentences; in the test nothing but the voice tells the emotion", () => {
  const plan = sentenceIndependent("savee").plan(CLIPS);
  expect(plan.folds.map((fold) => groupsOf(fold.test, "sentence"))).toEqual([["01"], ["02"], ["03"]]);
  for (const fold of plan.folds) {
    // Four speakers say each once in six emotions and twice in neutral.
    expect(sizesOf(fold)).toEqual([480 - 64, 32, 32]);
    const emotions = plan.clips.filter(({ id }) => fold.test.includes(id)).map(({ emotion }) => emotion);
    expect(new Set(emotions).size).toBe(7);
  }
});
