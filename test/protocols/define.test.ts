import { expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import {
  assertSpeakers,
  crossing,
  define,
  listsOf,
  parts,
  placesIn,
  saidBy,
  saying,
  short,
} from "../../lib/protocols/define.js";
import { CLIPS, ownClip } from "./published.js";

const FACTS = {
  name: "own/one-two-three",
  version: 7,
  source: "a test",
  description: "three speakers",
  corpora: ["own"],
  calm: "merge",
  apart: ["speaker"],
  validationApart: ["speaker"],
  leaky: false,
} as const;

const fold = { description: "by hand", placeOf: parts(saidBy(["c"]), saidBy(["b"])) };

test("clips are sorted by code unit, calm of other corpora than RAVDESS is a class, other corpora are left out", () => {
  const clips = [
    ownClip("z", "a"),
    ownClip("Z", "b"),
    ownClip("é", "c", { emotion: "calm", label: "calm" }),
    CLIPS[0]!,
  ];
  const plan = define(FACTS, () => [fold]).plan(clips);
  expect(plan.clips.map(({ id, emotion }) => [id, emotion])).toEqual([
    ["own/Z", "anger"],
    ["own/z", "anger"],
    ["own/é", "calm"],
  ]);
  expect(plan.classes).toEqual(["anger", "calm"]);
  expect(plan.folds).toEqual([
    { name: "1", description: "by hand", train: ["own/z"], validation: ["own/Z"], test: ["own/é"] },
  ]);
  expect(plan.protocol).toBe("own/one-two-three@7");
});

test("crossed: test shares nothing with what trains, and what shares with validation alone waits for a refit", () => {
  const said = (speaker: string, sentenceId: string) =>
    ownClip(speaker + sentenceId, speaker, { sentenceId });
  const clips = ["a", "b", "c"].flatMap((speaker) => ["1", "2", "3"].map((id) => said(speaker, id)));
  const placeOf = crossing([saidBy(["a"]), saying(["1"])], [saidBy(["b"]), saying(["2"])]);
  const lists = listsOf({ description: "", placeOf }, clips);
  expect(lists).toEqual({
    train: ["own/c3"],
    validation: ["own/b2"],
    test: ["own/a1"],
    refit: ["own/b3", "own/c2"],
  });
  const places = placesIn({ name: "1", description: "", ...lists });
  for (const clip of clips) expect(places.get(clip.id)).toBe(placeOf(clip));
  // Apart from train by the speaker alone.
  const spoken = crossing([saidBy(["a"]), saying(["1"])], [saidBy(["b"])]);
  expect(listsOf({ description: "", placeOf: spoken }, clips)).toEqual({
    ...{ train: ["own/c2", "own/c3"], validation: ["own/b2", "own/b3"], test: ["own/a1"] },
  });
});

test("a part without clips is no fold", () => {
  const plan = () => define(FACTS, () => [fold]).plan([ownClip("a", "a"), ownClip("c", "c")]);
  expect(plan).toThrow(UserError);
  expect(plan).toThrow("the validation part of fold 1 has no clips");
});

test("a published list with speakers missing is refused, and says which", () => {
  const some = CLIPS.filter(({ corpus, speaker }) => corpus === "savee" && speaker !== "JK");
  expect(() => assertSpeakers("savee/loso", "savee", some, ["DC", "JE", "JK", "KL"])).toThrow(
    /no clips of JK.*held-out/,
  );
  assertSpeakers("savee/loso", "savee", some, ["DC", "JE", "KL"]);
});

test("many speakers are counted, few are named", () => {
  expect(short(["1", "2"])).toBe("1 2");
  expect(short(["1", "2", "3", "4", "5", "6", "7"])).toBe("7 speakers");
  expect(short(["1", "2", "3", "4", "5", "6", "7"], "sentence")).toBe("7 sentences");
});
