import { expect, test } from "vitest";
import { apartText, groupOf } from "../../lib/protocols/groups.js";
import { GROUPS } from "../../lib/protocols/types.js";
import { CLIPS, ownClip } from "./published.js";

test("speakers and sentences of one name are different in different corpora", () => {
  const [one, other] = [ownClip("a", "01", { sentenceId: "01" }), CLIPS[0]!];
  expect(other).toMatchObject({ corpus: "ravdess", speaker: "01", sentenceId: "01" });
  for (const group of ["speaker", "sentence"] as const) {
    expect(groupOf(one, group)).toBe("own/01");
    expect(groupOf(other, group)).toBe("ravdess/01");
  }
});

test("a sentence without a code is known by its text", () => {
  expect(groupOf(ownClip("a", "x", { sentence: "Hello" }), "sentence")).toBe("own/Hello");
});

test("what the metadata do not say is no group", () => {
  const clip = ownClip("a", "x");
  expect(GROUPS.filter((group) => groupOf(clip, group) !== undefined)).toEqual(["speaker"]);
  expect(groupOf({ ...clip, age: 30, sex: "female" }, "age")).toBe("30");
});

test("what parts are kept apart by, with exceptions", () => {
  expect(apartText([])).toBe("–");
  expect(apartText(["speaker", "sentence"])).toBe("speaker, sentence");
  expect(apartText(["speaker"], { tess: ["sentence"], mine: [] })).toBe("speaker (tess: sentence; mine: )");
});
