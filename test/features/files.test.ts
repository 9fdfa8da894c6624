import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
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
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

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

test("a bad match does not give a pattern up; what is passed over is told", async () => {
  vi.stubEnv("PATH", ""); // without ffmpeg
  await writeFile(join(folder, "in", "memo.m4a"), "");
  await writeFile(join(folder, "in", "deep", "rec.WEBM"), "");
  await mkdir(join(folder, "in", ".ipynb_checkpoints"));
  await writeWav(
    join(folder, "in", ".ipynb_checkpoints", "a-checkpoint.wav"),
    SIGNALS.chirp!(16000, 400),
    16000,
  );
  const all = await findSounds([join(folder, "in")]);
  expect(all.files.map(({ name, named }) => [name, named])).toEqual([
    ["a", false],
    [join("deep", "B"), false],
    [join("deep", "c"), false],
  ]);
  expect(all.missing).toEqual([]);
  expect(all.passedOver).toEqual([
    expect.stringMatching(
      /in: 2 files of kinds that are not read: deep\/rec\.WEBM, memo\.m4a; install ffmpeg to have them read, or convert it first: ffmpeg -i/,
    ),
  ]);

  await mkdir(join(folder, "in", "empty"));
  if (process.platform !== "win32") await symlink("/no/where", join(folder, "in", "dead.wav"));
  const some = await findSounds([join(folder, "in", "*"), join(folder, "none.wav"), join(folder, "no*.wav")]);
  expect(some.files.map(({ name }) => name)).toEqual(["a", "dead", "B", "c", "memo", "notes"]);
  expect(some.missing).toEqual([
    expect.stringMatching(/empty: no sound files found/),
    expect.stringMatching(/none\.wav: no such file or folder/),
    expect.stringMatching(/no\*\.wav: no file matches this pattern/),
  ]);
  const outcome = await extractSounds(some.files, featureSettings());
  expect([outcome.count, outcome.broken.length, outcome.brokenNamed]).toEqual([2, 4, 3]);
  await mkdir(join(folder, "films"));
  await writeFile(join(folder, "films", "x.mp4"), "");
  await expect(findSounds([join(folder, "films")])).rejects.toThrow(
    /films: no sound files that can be read; 1 file of kinds that are not read: x\.mp4; install ffmpeg/,
  );
});

test("two files that would be written to the same place are refused", async () => {
  const { files } = await findSounds([join(folder, "in"), join(folder, "in", "a.wav")]);
  const both = extractSounds(files, featureSettings(), { out: join(folder, "out"), folder: "npy" });
  await expect(both).rejects.toThrow(/same file/);
});
