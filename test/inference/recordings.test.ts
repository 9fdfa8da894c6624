import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeWav } from "../../lib/audio/write.js";
import { UsageError } from "../../lib/base/errors.js";
import { findRecordings, readPiped } from "../../lib/inference/recordings.js";

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

test("a pipe is decoded whatever comes in it; a keyboard is refused", async () => {
  const samples = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i) / 2);
  const bytes = Buffer.from(encodeWav(samples, 16_000));
  const piped = await readPiped(Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]));
  expect(piped.samples).toHaveLength(1000);
  await expect(readPiped(Readable.from([Buffer.from("some text")]))).rejects.toThrow(
    "standard input: is text",
  );
  await expect(readPiped(Readable.from([]))).rejects.toThrow("standard input: is empty");
  await expect(readPiped(Object.assign(Readable.from([]), { isTTY: true }))).rejects.toThrow(UsageError);
});

test("a wait for a pipe can be ended", async () => {
  const stop = new AbortController();
  const silent = new Readable({ read() {} });
  const wait = readPiped(silent, stop.signal);
  stop.abort();
  await expect(wait).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
});
