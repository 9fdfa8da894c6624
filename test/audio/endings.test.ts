import { expect, test } from "vitest";
import { isSoundName, SOUND_ENDINGS } from "../../lib/audio/endings.js";

test("sound by its name, in any case; not hidden files", () => {
  expect(SOUND_ENDINGS.every((ending) => isSoundName(`a/b${ending}`))).toBe(true);
  expect(["a.WAV", "a.txt", "wav", "a/._b.wav"].map(isSoundName)).toEqual([true, false, false, false]);
});
