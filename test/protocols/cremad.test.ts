import { expect, test } from "vitest";
import { audeering } from "../../lib/protocols/cremad.js";
import { fixture } from "../features/fixture.js";
import { CLIPS, groupsOf, sizesOf } from "./published.js";

const published = fixture<Record<"train" | "dev" | "test", string[]>>("splits/audeering");

test("the speakers are those that audEERING published: 56, 18 and 17", () => {
  const { folds } = audeering.plan(CLIPS);
  expect(folds.length).toBe(1);
  const speakers = (["train", "validation", "test"] as const).map((part) =>
    groupsOf(folds[0]![part], "speaker"),
  );
  expect(speakers).toEqual([published.train, published.dev, published.test]);
  expect(speakers.map((own) => own.length)).toEqual([56, 18, 17]);
});

test("all 7442 clips of six classes are in it", () => {
  const { folds, classes } = audeering.plan(CLIPS);
  expect(sizesOf(folds[0]!).reduce((a, b) => a + b)).toBe(7442);
  expect(classes).toEqual(["anger", "disgust", "fear", "happiness", "sadness", "neutral"]);
});
