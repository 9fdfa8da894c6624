import { expect, test } from "vitest";
import { savee } from "../../lib/corpora/savee.js";

const sentenceOf = (name: string) => savee.parse(`${name}.wav`)?.sentenceId;

test("reads the published layout and Kaggle's alike", () => {
  const clip = {
    id: "savee/DC_sa06",
    corpus: "savee",
    speaker: "DC",
    sex: "male",
    emotion: "sadness",
    label: "sa",
    sentenceId: "sa06",
  };
  expect(savee.parse("AudioData/DC/sa06.wav")).toEqual(clip);
  expect(savee.parse("Savee/DC_sa06.wav")).toEqual(clip);
});

test("sa and su are no a and no s", () => {
  expect(savee.parse("JE_a01.wav")?.emotion).toBe("anger");
  expect(savee.parse("JE_su01.wav")?.emotion).toBe("surprise");
});

test("the three common sentences are the same in every emotion, and twice in neutral", () => {
  for (const label of ["a", "d", "f", "h", "n", "sa", "su"]) {
    expect([1, 2, 3].map((n) => sentenceOf(`KL_${label}0${n}`))).toEqual(["01", "02", "03"]);
  }
  expect(["n16", "n17", "n18"].map((code) => sentenceOf(`KL_${code}`))).toEqual(["01", "02", "03"]);
  expect(savee.parse("KL_n01.wav")?.repetition).toBe(1);
  expect(savee.parse("KL_n16.wav")?.repetition).toBe(2);
});

test("counts of sentences as published: 3 common, 2 for each emotion, 10 generic for each emotion", () => {
  const clips = savee.expectedIds().map((id) => savee.parse(`${id}.wav`)!);
  const ofOne = clips.filter(({ speaker }) => speaker === "DC");
  const emotions = new Map<string, Set<string>>();
  for (const { sentenceId, emotion } of ofOne) {
    emotions.set(sentenceId!, (emotions.get(sentenceId!) ?? new Set()).add(emotion));
  }
  const said = (count: number) => [...emotions.values()].filter(({ size }) => size === count).length;
  expect([said(7), said(2), said(1)]).toEqual([3, 12, 6 * 10 + 12]);
});

test.each(["DC_a16.wav", "DC_n31.wav", "DC_a00.wav", "DC_a1.wav", "XX_a01.wav", "a01.wav", "DC_s01.wav"])(
  "%s is no clip",
  (path) => {
    expect(savee.parse(path)).toBeUndefined();
  },
);
