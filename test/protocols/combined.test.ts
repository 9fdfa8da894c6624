import { expect, test } from "vitest";
import { combined } from "../../lib/protocols/combined.js";
import { heldOutSpeakers } from "../../lib/protocols/split.js";
import { CLIPS, groupsOf } from "./published.js";

const plan = combined.plan(CLIPS);
const [fold] = plan.folds;

function speakers(part: readonly string[], corpus: string): string[] {
  return groupsOf(
    part.filter((id) => id.startsWith(corpus)),
    "speaker",
  );
}

test("the composition is the one that is said", () => {
  expect(speakers(fold!.test, "ravdess")).toEqual(["01", "11", "20", "21"]);
  expect(speakers(fold!.validation, "ravdess")).toEqual(["04", "10", "12", "14"]);
  expect([speakers(fold!.test, "savee"), speakers(fold!.validation, "savee")]).toEqual([["KL"], ["JK"]]);
  expect([speakers(fold!.test, "tess"), speakers(fold!.validation, "tess")]).toEqual([["YAF"], ["OAF"]]);
  const cremad = [fold!.train, fold!.validation, fold!.test].map((part) => speakers(part, "cremad").length);
  expect(cremad).toEqual([56, 18, 17]);
  const words = (part: readonly string[]) =>
    groupsOf(
      part.filter((id) => id.startsWith("tess")),
      "sentence",
    );
  expect(words(fold!.validation).length).toBe(40);
  expect(words(fold!.train).length).toBe(160);
});

test("all 12,162 clips of seven classes, as held-out speakers of the four corpora", () => {
  expect(plan.clips.length).toBe(12_162);
  expect(plan.classes.length).toBe(7);
  const split = heldOutSpeakers(plan.clips);
  for (const part of ["train", "validation", "test"] as const) expect(fold![part]).toEqual(split[part]);
});
