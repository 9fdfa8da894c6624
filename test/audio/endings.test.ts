import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { isSoundName, SOUND_ENDINGS, soundNames, unreadHint } from "../../lib/audio/endings.js";
import { needs } from "../needs.js";

test("sound by its name, in any case; not hidden files", () => {
  expect(SOUND_ENDINGS.every((ending) => isSoundName(`a/b${ending}`))).toBe(true);
  expect(["a.WAV", "a.txt", "wav", "a/._b.wav"].map(isSoundName)).toEqual([true, false, false, false]);
});

test("what only ffmpeg reads is read where it is installed", needs("posix"), async () => {
  const folder = await mkdtemp(join(tmpdir(), "ser-endings-"));
  const names = ["a.m4a", "b/c.WebM", "x.caf", "a.ac3", "a.wav", "a.txt", ".b.m4a"];
  vi.stubEnv("PATH", folder);
  expect(names.map(soundNames().isRead)).toEqual([false, false, false, false, true, false, false]);
  expect(names.map(soundNames().isOther)).toEqual([true, true, true, true, false, false, false]);
  expect(SOUND_ENDINGS.some((ending) => soundNames().isOther(`a${ending}`))).toBe(false);
  await writeFile(join(folder, "ffmpeg"), "#!/bin/sh\n", { mode: 0o755 });
  expect(names.map(soundNames().isRead)).toEqual([true, true, true, false, true, false, false]);
  expect(names.map(soundNames().isOther)).toEqual([false, false, false, true, false, false, false]);
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

test("synonyms are sound, and the hint fits the kind", () => {
  expect(["a.wave", "a.BWF", "a.mpga"].every(isSoundName)).toBe(true);
  expect(unreadHint("m/a.m4a")).toBe(
    'install ffmpeg to have them read, or convert it first: ffmpeg -i "m/a.m4a" "m/a.wav"',
  );
  expect(unreadHint("a.gsm")).toBe('convert it first: ffmpeg -i "a.gsm" "a.wav"');
});
