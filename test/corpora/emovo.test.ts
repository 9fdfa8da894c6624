import fc from "fast-check";
import { expect, test } from "vitest";
import { emovo } from "../../lib/corpora/emovo.js";

const clips = emovo.expectedIds().map((id) => emovo.parse(`${id}.wav`)!);

test("reads emotion, speaker and sentence", () => {
  expect(emovo.parse("EMOVO/f1/dis-f1-b1.wav")).toEqual({
    id: "emovo/dis-f1-b1",
    corpus: "emovo",
    speaker: "f1",
    sex: "female",
    emotion: "disgust",
    label: "dis",
    sentence: "Gli operai si alzano presto.",
    sentenceId: "b1",
  });
});

test.each([
  ["rab", "anger"],
  ["dis", "disgust"],
  ["pau", "fear"],
  ["gio", "happiness"],
  ["tri", "sadness"],
  ["sor", "surprise"],
  ["neu", "neutral"],
])("%s is %s", (label, emotion) => {
  expect(emovo.parse(`${label}-m3-n5.wav`)).toMatchObject({ emotion, sex: "male" });
});

test("each speaker says each of 14 sentences in each emotion", () => {
  for (const speaker of emovo.speakers) {
    const own = clips.filter((clip) => clip.speaker === speaker);
    expect(new Set(own.map(({ sentence, emotion }) => `${sentence} ${emotion}`)).size).toBe(14 * 7);
  }
});

test.each([
  "dis-f4-b1.wav",
  "dis-f1-b4.wav",
  "dis-f1-d3.wav",
  "xxx-f1-b1.wav",
  "dis-f1.wav",
  "dis-f1-b1.aif",
])("%s is no clip", (path) => {
  expect(emovo.parse(path)).toBeUndefined();
});

test("any text is a clip or nothing", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const clip = emovo.parse(`${text}.wav`);
      expect(clip === undefined || clip.id === `emovo/${text.split("/").at(-1)}`).toBe(true);
    }),
    { seed: 1, numRuns: 1000 },
  );
});
