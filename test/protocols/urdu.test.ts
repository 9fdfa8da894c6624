import { expect, test } from "vitest";
import { urdu } from "../../lib/corpora/urdu.js";
import { sentenceAnswers, whyUnknown } from "../../lib/protocols/sentence-baseline.js";
import { URDU_HELD_OUT, urduSpeakers } from "../../lib/protocols/urdu.js";
import { ALL_CLIPS, emotionsOf, groupsOf, sizesOf } from "./published.js";

const plan = urduSpeakers.plan(ALL_CLIPS);

test("four groups of speakers, each the test once; the next validates", () => {
  const groups = plan.folds.map((fold) => groupsOf(fold.test, "speaker"));
  expect(groups.flat().sort()).toEqual(urdu.speakers);
  expect(plan.folds.map((fold) => groupsOf(fold.validation, "speaker"))).toEqual([
    ...groups.slice(1),
    groups[0],
  ]);
  expect(plan.folds.map(sizesOf)).toEqual([
    [176, 100, 124],
    [214, 86, 100],
    [224, 90, 86],
    [186, 124, 90],
  ]);
  expect(groups[0]).toEqual([...URDU_HELD_OUT.test].sort());
});

test("every class is in every part; thirty clips of anger train at least; folds choose together", () => {
  for (const fold of plan.folds) {
    for (const part of ["train", "validation", "test"] as const)
      expect(Object.keys(emotionsOf(plan, fold[part])).length).toBe(4);
    expect(emotionsOf(plan, fold.train).anger).toBeGreaterThanOrEqual(30);
  }
  expect(plan.together).toBe(true);
});

test("both sexes are in every group", () => {
  for (const { test: held } of plan.folds)
    expect(new Set(groupsOf(held, "speaker").map((speaker) => speaker[1])).size).toBe(2);
});

test("what is said is not known", () => {
  expect(sentenceAnswers(plan)).toBeUndefined();
  expect(whyUnknown(plan.clips)).toBe(
    "no clip says which sentence it is, and the corpus does not publish it",
  );
});
