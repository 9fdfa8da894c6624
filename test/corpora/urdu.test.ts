import fc from "fast-check";
import { expect, test } from "vitest";
import { groupBy } from "../../lib/base/group.js";
import { urdu } from "../../lib/corpora/urdu.js";

const clips = urdu.expectedIds().map((id) => urdu.parse(`${id}.wav`)!);

test("reads speaker and emotion from the name; no sentence is known", () => {
  expect(urdu.parse("Angry/SM1_F10_A010.wav")).toEqual({
    id: "urdu/SM1_F10_A010",
    corpus: "urdu",
    speaker: "SM1",
    sex: "male",
    emotion: "anger",
    label: "A",
  });
  expect(urdu.parse("Happy/SF6_F10_H034.wav")).toMatchObject({ sex: "female", emotion: "happiness" });
  expect(urdu.parse("Neutral/SM5_F72_N0100.wav")).toMatchObject({
    id: "urdu/SM5_F72_N0100",
    emotion: "neutral",
  });
  expect(urdu.parse("Sad/SF10_F1_S01.wav")?.emotion).toBe("sadness");
});

test("the spelling of the corpus's page is the same clip", () => {
  expect(urdu.parse("SM1_F01_A12.wav")?.id).toBe("urdu/SM1_F1_A012");
  expect(urdu.parse("SM4_F48_A100.wav")?.id).toBe("urdu/SM4_F48_A0100");
});

test("29 speakers, 11 of them women; 3 are heard in more than one emotion", () => {
  const speakers = groupBy(clips, ({ speaker }) => speaker);
  expect(speakers.size).toBe(29);
  const of = (test: (own: typeof clips) => boolean) =>
    [...speakers].filter(([, own]) => test(own)).map(([speaker]) => speaker);
  expect(of((own) => own[0]!.sex === "female").length).toBe(11);
  expect(of((own) => new Set(own.map(({ emotion }) => emotion)).size > 1).sort()).toEqual([
    "SM3",
    "SM5",
    "SM6",
  ]);
  const anger = groupBy(
    clips.filter(({ emotion }) => emotion === "anger"),
    ({ speaker }) => speaker,
  );
  expect([...anger].map(([speaker, own]) => [speaker, own.length]).sort()).toEqual([
    ["SM1", 22],
    ["SM2", 28],
    ["SM3", 2],
    ["SM4", 48],
  ]);
});

test.each([
  "SM8_F1_A01.wav",
  "SX1_F1_A01.wav",
  "SM1_F0_A01.wav",
  "SM1_F1_A0101.wav",
  "SM1_F1_B01.wav",
  "SM1_A01.wav",
  "SM1_F1_A01.mp3",
])("%s is no clip", (path) => {
  expect(urdu.parse(path)).toBeUndefined();
});

test("any text is a clip or nothing, also one of nearly a name", () => {
  const nearly = fc
    .tuple(
      fc.constantFrom("SM", "SF", "S"),
      fc.nat(30),
      fc.nat(120),
      fc.constantFrom("A0", "H", "X"),
      fc.nat(1200),
    )
    .map(([sex, speaker, file, label, number]) => `${sex}${speaker}_F${file}_${label}${number}`);
  fc.assert(
    fc.property(fc.oneof(fc.string(), nearly), (text) => {
      const clip = urdu.parse(`${text}.wav`);
      if (clip) expect(urdu.parse(`${clip.id}.wav`)).toEqual(clip);
    }),
    { seed: 1, numRuns: 2000 },
  );
});
