import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AudioError } from "../../lib/audio/audio.js";
import { readAudio } from "../../lib/audio/read.js";
import { cutSegment, fragmentOf, readSegment } from "../../lib/audio/segment.js";
import { writeWav } from "../../lib/audio/write.js";

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-segment-"));
  path = join(folder, "tone.wav");
  const samples = Float32Array.from({ length: 8000 }, (_, i) => 0.5 * Math.sin(i / 10));
  await writeWav(path, samples, 8000);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a segment has the samples between its times", async () => {
  const { samples } = await readAudio(path);
  expect((await readSegment({ path, start: 0.25, end: 0.5 })).samples).toEqual(samples.subarray(2000, 4000));
  expect((await readSegment({ path, start: 0.25 })).samples).toEqual(samples.subarray(2000));
  expect((await readSegment({ path, end: 0.5 })).samples).toEqual(samples.subarray(0, 4000));
  expect((await readSegment({ path })).samples).toEqual(samples);
  // Times are rounded.
  expect((await readSegment({ path, start: 0.9, end: 1.01 })).samples).toHaveLength(800);
});

test("a segment that is not in the file is refused", async () => {
  const audio = await readAudio(path);
  const cut = (start: number, end?: number) => () => cutSegment(audio, { path, start, end });
  expect(cut(1)).toThrow(AudioError);
  expect(cut(1)).toThrow("the segment begins at 1 s, but the file lasts 1 s");
  expect(cut(0.5, 2)).toThrow("the segment ends at 2 s, but the file lasts 1 s");
  expect(cut(0.5, 0.50001)).toThrow("contains no samples");
});

test("a fragment tells segments apart", () => {
  expect(
    [{ path }, { path, start: 1 }, { path, end: 2 }, { path, start: 1, end: 2 }].map(fragmentOf),
  ).toEqual(["", "#t=1,", "#t=0,2", "#t=1,2"]);
});
