import { expect, test } from "vitest";
import { emodb } from "../../lib/corpora/emodb.js";
import { EMODB_HELD_OUT, emodbLoso } from "../../lib/protocols/emodb.js";
import { ALL_CLIPS, emotionsOf, groupsOf, sizesOf } from "./published.js";

const plan = emodbLoso.plan(ALL_CLIPS);

test("ten folds, each speaker the test once; the next validates", () => {
  expect(plan.folds.map((fold) => groupsOf(fold.test, "speaker"))).toEqual(
    emodb.speakers.map((one) => [one]),
  );
  expect(plan.folds.map((fold) => groupsOf(fold.validation, "speaker")[0])).toEqual([
    ...emodb.speakers.slice(1),
    "03",
  ]);
  expect(sizesOf(plan.folds[0]!)).toEqual([535 - 49 - 58, 58, 49]);
});

test("seven classes: boredom last, no surprise; every one is trained on", () => {
  expect(plan.classes).toEqual(["anger", "disgust", "fear", "happiness", "sadness", "neutral", "boredom"]);
  for (const { train } of plan.folds) expect(Object.keys(emotionsOf(plan, train)).length).toBe(7);
});

test("the held-out speakers are a fifth each, with ten clips of disgust", () => {
  for (const speakers of [EMODB_HELD_OUT.test, EMODB_HELD_OUT.validation]) {
    const own = plan.clips.filter(({ speaker }) => (speakers as readonly string[]).includes(speaker));
    expect(Math.abs(own.length - 535 / 5)).toBeLessThan(10);
    expect(own.filter(({ emotion }) => emotion === "disgust").length).toBe(10);
  }
});
