import fc from "fast-check";
import { expect, test } from "vitest";
import { emodb } from "../../lib/corpora/emodb.js";

const clips = emodb.expectedIds().map((id) => emodb.parse(`${id}.wav`)!);

test("reads speaker, sentence and the German word's letter, and knows the actor", () => {
  expect(emodb.parse("wav/03a01Fa.wav")).toEqual({
    id: "emodb/03a01Fa",
    corpus: "emodb",
    speaker: "03",
    sex: "male",
    age: 31,
    emotion: "happiness",
    label: "F",
    sentence: "Der Lappen liegt auf dem Eisschrank.",
    sentenceId: "a01",
  });
});

test.each([
  ["W", "anger"],
  ["L", "boredom"],
  ["E", "disgust"],
  ["A", "fear"],
  ["F", "happiness"],
  ["T", "sadness"],
  ["N", "neutral"],
])("%s is %s", (letter, emotion) => {
  expect(emodb.parse(`16b10${letter}b.wav`)?.emotion).toBe(emotion);
});

test("the published numbers of clips by speaker, and of speakers by sex", () => {
  const said = emodb.speakers.map((speaker) => clips.filter((clip) => clip.speaker === speaker).length);
  expect(said).toEqual([49, 58, 43, 38, 55, 35, 61, 69, 56, 71]);
  const women = new Set(clips.filter(({ sex }) => sex === "female").map(({ speaker }) => speaker));
  expect([...women].sort()).toEqual(["08", "09", "13", "14", "16"]);
});

test("every speaker says all ten sentences", () => {
  for (const speaker of emodb.speakers) {
    const own = clips.filter((clip) => clip.speaker === speaker);
    expect(new Set(own.map(({ sentence }) => sentence)).size).toBe(10);
  }
});

test.each([
  "04a01Fa.wav",
  "03a03Fa.wav",
  "03a01Sa.wav",
  "03a01F.wav",
  "03a01fa.wav",
  "03a01Fa1.wav",
  "03a01Fa.txt",
])("%s is no clip", (path) => {
  expect(emodb.parse(path)).toBeUndefined();
});

test("any text is a clip or nothing", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const clip = emodb.parse(`${text}.wav`);
      expect(clip === undefined || clip.id === `emodb/${text.split("/").at(-1)}`).toBe(true);
    }),
    { seed: 1, numRuns: 1000 },
  );
});
