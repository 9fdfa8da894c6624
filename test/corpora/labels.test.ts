import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import type { Clip } from "../../lib/corpora/clip.js";
import { knownEmotion, Labels, labelsFrom } from "../../lib/corpora/labels.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-labels-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function json(text: string): Promise<string> {
  const path = join(folder, "map.json");
  await writeFile(path, text);
  return path;
}

test("common words are emotions, others are no emotion", () => {
  expect(["HAP", " joy", "Pleasant Surprise", "ps"].map(knownEmotion)).toEqual([
    ...["happiness", "happiness", "surprise", "surprise"],
  ]);
  expect(knownEmotion("boredom")).toBeUndefined();
});

test("without rules a label is its emotion, or a class of its own", () => {
  const labels = new Labels();
  expect(["ANG", "Boredom ", "calm", "very sad"].map((label) => labels.classOf(label))).toEqual([
    ...["anger", "boredom", "calm", "very sad"],
  ]);
  expect(labels.checkUsed()).toEqual([]);
});

test("rules are of labels as written, in any case, and of classes; drop leaves out", () => {
  const labels = labelsFrom(["W=anger", "boredom=DROP", "happiness=positive", "exc=hap"]);
  expect(["w", "Boredom", "joy", "exc", "sad"].map((label) => labels.classOf(label))).toEqual([
    ...["anger", undefined, "positive", "happiness", "sadness"],
  ]);
  expect(labels.checkUsed()).toEqual([]);
});

test("a rule of the label goes before one of the class; the later of two counts", () => {
  const labels = labelsFrom(["happiness=drop", "exc=happiness", "joy=calm", "exc=anger"]);
  expect(["joy", "happy", "exc"].map((label) => labels.classOf(label))).toEqual(["calm", undefined, "anger"]);
});

test("clips of any corpus get the classes", () => {
  const clip = (label: string, emotion: string) => ({ id: label, label, emotion }) as Clip;
  const clips = [clip("ps", "surprise"), clip("calm", "calm"), clip("X", "neutral")];
  const labels = labelsFrom(["calm=neutral", "surprise=drop"]);
  expect(labels.apply(clips)).toEqual([{ ...clips[1], emotion: "neutral" }, clips[2]]);
  expect(new Labels().apply(clips)).toEqual(clips);
});

test("a rule that nothing has a use for is told, with the labels there are", async () => {
  const asked = (...rules: string[]) => {
    const labels = labelsFrom(rules);
    for (const label of ["W", "ANG", "boredom"]) labels.classOf(label);
    return labels;
  };
  expect(() => asked("bordom=drop").checkUsed()).toThrow(UsageError);
  expect(() => asked("bordom=drop").checkUsed()).toThrow(
    'no clip has the label "bordom": there are anger (ANG), boredom, w (W); did you mean "boredom"?',
  );
  // A file may be meant for several corpora.
  expect(asked(await json('\ufeff{ "bordom": "drop", "w": "anger" }')).checkUsed()).toEqual([
    expect.stringContaining('did you mean "boredom"?'),
  ]);
});

test.each(["boredom", "=drop", "boredom= "])("%s is no rule", (rule) => {
  expect(() => labelsFrom([rule])).toThrow(/it takes LABEL=CLASS, LABEL=drop, or a JSON file/);
});

test("a file that is no mapping is named", async () => {
  expect(() => labelsFrom([join(folder, "none.json")])).toThrow(/none\.json: no such file/);
  const path = await json("{");
  expect(() => labelsFrom([path])).toThrow(/map\.json is not valid JSON/);
  await json('["a"]');
  expect(() => labelsFrom([path])).toThrow(/map\.json: it takes an object/);
  await json('{ "a": 1, "b": "" }');
  expect(() => labelsFrom([path])).toThrow(/map\.json has 2 problems/);
});
