import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeWav } from "../../lib/audio/write.js";
import { UserError } from "../../lib/base/errors.js";
import { extractSounds, findSounds } from "../../lib/features/files.js";
import { featureSettings } from "../../lib/features/settings.js";
import { SIGNALS } from "./signals.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sounds-"));
  await mkdir(join(folder, "in", "deep"), { recursive: true });
  await writeWav(join(folder, "in", "a.wav"), SIGNALS.chirp!(16000, 4000), 16000);
  await writeWav(join(folder, "in", "deep", "B.WAV"), SIGNALS.sine440!(16000, 8000), 16000);
  await writeFile(join(folder, "in", "deep", "c.wav"), "text");
  await writeFile(join(folder, "in", "notes.txt"), "text");
  await writeFile(join(folder, "in", "._a.wav"), "what macOS leaves");
});
afterEach(() => rm(folder, { recursive: true }));

test("files as named, and the sounds in folders", async () => {
  const { files, several } = await findSounds([join(folder, "in")]);
  expect(files.map(({ name }) => name)).toEqual(["a", join("deep", "B"), join("deep", "c")]);
  expect(several).toBe(true);
  expect((await findSounds([join(folder, "in", "notes.txt")])).several).toBe(false);
  await expect(findSounds([join(folder, "no")])).rejects.toThrow(/no such file/);
  await mkdir(join(folder, "empty"));
  await expect(findSounds([join(folder, "empty")])).rejects.toThrow(/no sound files/);
});

test("into a folder; what cannot be read is left out, or fatal when strict", async () => {
  const { files } = await findSounds([join(folder, "in")]);
  const out = join(folder, "out");
  const outcome = await extractSounds(files, featureSettings(), { out, folder: "npy", keep: true });
  expect(outcome.count).toBe(2);
  expect(outcome.json.map(({ rows }) => rows)).toEqual([26, 51]);
  expect(outcome.broken.length).toBe(1);
  expect(outcome.broken[0]).toContain("c.wav");
  expect(outcome.summary).toContain("2 files, 77 frames x 64 columns");
  expect((await readdir(out, { recursive: true })).sort()).toEqual(["a.npy", "deep", join("deep", "B.npy")]);
  await expect(extractSounds(files, featureSettings(), { strict: true })).rejects.toThrow(UserError);
});

test("two files that would be written to the same place are refused", async () => {
  const { files } = await findSounds([join(folder, "in"), join(folder, "in", "a.wav")]);
  const both = extractSounds(files, featureSettings(), { out: join(folder, "out"), folder: "npy" });
  await expect(both).rejects.toThrow(/same file/);
});
