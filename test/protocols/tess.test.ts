import { expect, test } from "vitest";
import { crossSpeaker, everyFifthWord } from "../../lib/protocols/tess.js";
import { CLIPS, groupsOf, ownClip, sizesOf } from "./published.js";

test("each speaker is the test once; 40 of the other's 200 words validate", () => {
  const { folds } = crossSpeaker.plan(CLIPS);
  expect(folds.map((fold) => groupsOf(fold.test, "speaker"))).toEqual([["YAF"], ["OAF"]]);
  for (const fold of folds) {
    expect(sizesOf(fold)).toEqual([1120, 280, 1400]);
    expect(groupsOf(fold.validation, "sentence").length).toBe(40);
  }
});

test("every fifth word, from where it is told", () => {
  const clips = [..."gfedcba"].map((word) => ownClip(word, "s", { sentenceId: word }));
  const chosen = (first?: number) =>
    clips.filter(everyFifthWord(clips, first)).map(({ sentenceId }) => sentenceId);
  expect(chosen()).toEqual(["c"]);
  expect(chosen(0)).toEqual(["f", "a"]);
});
