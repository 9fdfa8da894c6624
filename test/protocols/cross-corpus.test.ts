import { expect, test } from "vitest";
import { KNOWN_CORPORA } from "../../lib/corpora/clip.js";
import { auditSplit } from "../../lib/protocols/audit.js";
import { CROSS_CORPUS, crossCorpusNamed } from "../../lib/protocols/cross-corpus.js";
import { ALL_CLIPS, CLIPS, emotionsOf, groupsOf } from "./published.js";

const planOf = (name: string) =>
  CROSS_CORPUS.find((protocol) => protocol.name === `cross-corpus/${name}`)!.plan(CLIPS);

test("twelve pairs, and four with three corpora to train on", () => {
  expect(CROSS_CORPUS.length).toBe(16);
});

test("the whole of the one is tested, the other trains and validates", () => {
  const { folds } = planOf("cremad-ravdess");
  expect(folds[0]!.train.concat(folds[0]!.validation).every((id) => id.startsWith("cremad/"))).toBe(true);
  expect(folds[0]!.test.every((id) => id.startsWith("ravdess/"))).toBe(true);
  expect(groupsOf(folds[0]!.train, "speaker").length).toBe(73);
  expect(groupsOf(folds[0]!.validation, "speaker").length).toBe(18);
});

test("both sides have the classes in common: without surprise where CREMA-D is one of them", () => {
  const plan = planOf("cremad-ravdess");
  expect(plan.classes).toEqual(["anger", "disgust", "fear", "happiness", "sadness", "neutral"]);
  // 192 clips of each emotion; neutral's 96 and calm's 192 together.
  expect(emotionsOf(plan, plan.folds[0]!.test)).toEqual({
    ...{ anger: 192, disgust: 192, fear: 192, happiness: 192, sadness: 192, neutral: 288 },
  });
  expect(planOf("others-cremad").clips.some(({ emotion }) => emotion === "surprise")).toBe(false);
  expect(planOf("ravdess-tess").classes.length).toBe(7);
});

test("of three corpora, one that lacks a class does not take it from the others", () => {
  const plan = planOf("others-savee");
  expect(plan.classes.length).toBe(7);
  expect(emotionsOf(plan, plan.folds[0]!.test).surprise).toBe(60);
  expect(plan.validationApartIn).toEqual({ tess: ["sentence"] });
});

test("TESS validates on a fifth of its words, said by both speakers", () => {
  const { folds } = planOf("tess-savee");
  expect(groupsOf(folds[0]!.validation, "speaker")).toEqual(["OAF", "YAF"]);
  expect(groupsOf(folds[0]!.validation, "sentence").length).toBe(40);
});

const different = new Map(ALL_CLIPS.map(({ id }) => [id, id]));

const PAIRS = ["others", ...KNOWN_CORPORA].flatMap((train) =>
  KNOWN_CORPORA.filter((test) => test !== train).map((test) => `cross-corpus/${train}-${test}`),
);

test.each(PAIRS)("%s has every common class in every part, and passes its audit", (name) => {
  const plan = crossCorpusNamed(name)!.plan(ALL_CLIPS);
  const [fold] = plan.folds;
  expect(auditSplit(plan, fold!, different).passed).toBe(true);
  const counts = [fold!.train, fold!.validation, fold!.test].map((ids) => emotionsOf(plan, ids));
  for (const part of counts) expect(Object.keys(part).sort()).toEqual([...plan.classes].sort());
  expect(plan.classes.length).toBe(name.includes("urdu") ? 4 : plan.classes.includes("surprise") ? 7 : 6);
});

test("those of the four are the same by name", () => {
  for (const { name, description } of CROSS_CORPUS)
    expect(crossCorpusNamed(name)!.description).toBe(description);
});

test("languages are named where they differ; the speakers of held-out validate", () => {
  const protocol = crossCorpusNamed("cross-corpus/emodb-emovo")!;
  expect(protocol.description).toContain("trained on EMO-DB (German), tested on all of EMOVO (Italian)");
  expect(protocol.description).not.toContain("TESS");
  const { folds, classes } = protocol.plan(ALL_CLIPS);
  expect(classes).toEqual(["anger", "disgust", "fear", "happiness", "sadness", "neutral"]);
  expect(groupsOf(folds[0]!.validation, "speaker")).toEqual(["11", "13"]);
  expect(folds[0]!.test.length).toBe(6 * 84);
});

test.each([
  "emodb-emodb",
  "emodb-own",
  "own-emodb",
  "others",
  "emodb",
  "others-others",
  "emodb-emovo-urdu",
  "",
])("cross-corpus/%s is none", (name) => {
  expect(crossCorpusNamed(`cross-corpus/${name}`)).toBeUndefined();
});
