import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findRecordings } from "../../lib/inference/recordings.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-recordings-"));
  for (const path of ["a/x.wav", "a/b/y.flac", "a/notes.txt", "odd[1].wav", "empty/none.txt"]) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), "");
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const at = (path: string) => join(folder, path);

test("files as they are named, sound files of folders, patterns, and each once", async () => {
  expect(await findRecordings([at("a/notes.txt")])).toEqual({
    ...{ files: [at("a/notes.txt")], missing: [], several: false },
  });
  expect(await findRecordings([at("a")])).toMatchObject({
    files: [at("a/b/y.flac"), at("a/x.wav")],
    several: true,
  });
  expect(await findRecordings([at("*/*.wav")])).toMatchObject({ files: [at("a/x.wav")], several: true });
  expect(await findRecordings([at("odd[1].wav")])).toMatchObject({
    files: [at("odd[1].wav")],
    several: false,
  });
  expect((await findRecordings([at("a/x.wav"), at("a"), "-"])).files).toEqual([
    at("a/x.wav"),
    at("a/b/y.flac"),
    "-",
  ]);
});

test("what is not there is named; where nothing is there, that is an error", async () => {
  const { files, missing } = await findRecordings([at("a/x.wav"), at("none.wav"), at("*.mp3"), at("empty")]);
  expect(files).toEqual([at("a/x.wav")]);
  expect(missing).toEqual([
    `${at("none.wav")}: no such file or folder`,
    `${at("*.mp3")}: no file matches this pattern`,
    expect.stringContaining(`${at("empty")}: no sound files found`),
  ]);
  await expect(findRecordings([at("none.wav")])).rejects.toThrow("no such file or folder");
});

test("a bad match does not give the pattern up, and hidden folders hold no recordings", async () => {
  for (const path of ["p/a.wav", "p/notes/x.txt", "p/.ipynb_checkpoints/a.wav", "p/__MACOSX/._a.wav"]) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), "");
  }
  const { files, missing } = await findRecordings([at("p/*")]);
  expect(files).toEqual([at("p/a.wav")]);
  expect(missing).toEqual([
    expect.stringContaining(`${at("p/__MACOSX")}: no sound files found`),
    expect.stringContaining(`${at("p/notes")}: no sound files found`),
  ]);
  expect((await findRecordings([at("p")])).files).toEqual([at("p/a.wav")]);
});
