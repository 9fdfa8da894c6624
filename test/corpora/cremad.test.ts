import { expect, test } from "vitest";
import { cremad } from "../../lib/corpora/cremad.js";

test("reads actor, sentence, emotion and intensity, and knows the actor", () => {
  expect(cremad.parse("AudioWAV/1001_IEO_ANG_HI.wav")).toEqual({
    id: "cremad/1001_IEO_ANG_HI",
    corpus: "cremad",
    speaker: "1001",
    sex: "male",
    age: 51,
    emotion: "anger",
    label: "ANG",
    intensity: "high",
    sentence: "It's eleven o'clock",
    sentenceId: "IEO",
  });
});

test("an intensity that is not stated is none", () => {
  expect(cremad.parse("1091_WSI_SAD_XX.wav")).toMatchObject({ intensity: undefined, sex: "female", age: 29 });
});

test("1040_ITH_SAD_X is 1040_ITH_SAD_XX", () => {
  expect(cremad.parse("Crema/1040_ITH_SAD_X.wav")).toEqual(cremad.parse("1040_ITH_SAD_XX.wav"));
});

test("1456 clips say the sentence that has three intensities", () => {
  expect(cremad.expectedIds().filter((id) => id.includes("_IEO_"))).toHaveLength(1456);
});

test.each(["1092_DFA_ANG_XX.wav", "1001_ABC_ANG_XX.wav", "1001_DFA_SUR_XX.wav", "1001_DFA_ANG_XY.wav"])(
  "%s is no clip",
  (path) => {
    expect(cremad.parse(path)).toBeUndefined();
  },
);
