import { expect, test } from "vitest";
import { EMOVO_HELD_OUT, emovoLoso } from "../../lib/protocols/emovo.js";
import { ALL_CLIPS, emotionsOf, groupsOf, sizesOf } from "./published.js";

const plan = emovoLoso.plan(ALL_CLIPS);

test("six folds, each speaker the test once; the next validates", () => {
  const speakers = ["f1", "f2", "f3", "m1", "m2", "m3"];
  expect(plan.folds.map((fold) => groupsOf(fold.test, "speaker")[0])).toEqual(speakers);
  expect(plan.folds.map((fold) => groupsOf(fold.validation, "speaker")[0])).toEqual([
    ...speakers.slice(1),
    "f1",
  ]);
  for (const fold of plan.folds) expect(sizesOf(fold)).toEqual([392, 98, 98]);
});

test("as many clips of each of the seven emotions in each part", () => {
  for (const { test: held } of plan.folds)
    expect(new Set(Object.values(emotionsOf(plan, held)))).toEqual(new Set([14]));
});

test("the held-out speakers are a woman and a man each", () => {
  for (const speakers of Object.values(EMOVO_HELD_OUT))
    expect(speakers.map((speaker) => speaker[0])).toEqual(["f", "m"]);
});
