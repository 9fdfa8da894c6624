import { expect, test } from "vitest";
import { isOtherSoundName, isSoundName, SOUND_ENDINGS } from "../../lib/audio/endings.js";

test("sound by its name, in any case; not hidden files", () => {
  expect(SOUND_ENDINGS.every((ending) => isSoundName(`a/b${ending}`))).toBe(true);
  expect(["a.WAV", "a.txt", "wav", "a/._b.wav"].map(isSoundName)).toEqual([true, false, false, false]);
});

test("a kind of sound is read or not, never both", () => {
  expect(["a.m4a", "b/c.WebM", "x.caf", "a.wav", "a.txt", ".b.m4a"].map(isOtherSoundName)).toEqual([
    ...[true, true, true, false, false, false],
  ]);
  expect(SOUND_ENDINGS.some((ending) => isOtherSoundName(`a${ending}`))).toBe(false);
  expect(["a.wave", "a.BWF", "a.mpga"].every(isSoundName)).toBe(true);
});
