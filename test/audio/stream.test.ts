import { execFileSync } from "node:child_process";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AudioError } from "../../lib/audio/audio.js";
import { readAudio } from "../../lib/audio/read.js";
import { openAudio } from "../../lib/audio/stream.js";
import { needs } from "../needs.js";
import { badFiles, chunk, comm, fmt, form, goodFiles, riff, sampleBytes, ssnd } from "./fixtures.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-stream-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function place(bytes: Uint8Array): Promise<string> {
  const path = join(folder, "sound");
  await writeFile(path, bytes);
  return path;
}

function all(path: string) {
  const stream = openAudio(path);
  if (!stream) return undefined;
  const parts = [...stream.pieces()];
  const samples = Float32Array.from(parts.flatMap((part) => [...part]));
  return { parts, samples, ...stream };
}

describe("gives what the whole file gives", () => {
  for (const [name, { bytes }] of Object.entries(goodFiles())) {
    test(name, async () => {
      const path = await place(bytes);
      const { samples, sampleRate, format, warnings } = await readAudio(path);
      const stream = all(path);
      // Where the beginning does not tell, the whole file must be read.
      if (!stream) return;
      expect(stream).toMatchObject({ sampleRate, format });
      expect(stream.samples).toEqual(samples);
      expect([...stream.warnings].sort()).toEqual([...warnings].sort());
      expect(stream.duration).toBeCloseTo(samples.length / sampleRate, 9);
    });
  }
});

test("a file of several pieces, in WAV and AIFF, with what stands behind the samples left out", async () => {
  const frames = 50_001;
  for (const [coding, code, bits] of [
    ["s16", 1, 16],
    ["s24", 1, 24],
    ["f32", 3, 32],
  ] as const) {
    const data = sampleBytes(coding, 2, true, frames);
    const path = await place(
      riff(fmt({ code, bits, channels: 2 }), chunk("data", data), chunk("LIST", Buffer.alloc(90_001))),
    );
    const stream = all(path)!;
    expect(stream.parts.map((part) => part.length)).toEqual([16_000, 16_000, 16_000, 2001]);
    expect(stream.samples).toEqual((await readAudio(path)).samples);
  }
  const aiff = form("AIFF", comm({ frames }), ssnd(sampleBytes("s16", 1, false, frames)));
  const path = await place(aiff);
  expect(all(path)!.samples).toEqual((await readAudio(path)).samples);
  await truncate(path, aiff.length - 10_001);
  expect(all(path)!.warnings).toEqual((await readAudio(path)).warnings);
  expect(all(path)!.samples).toEqual((await readAudio(path)).samples);
});

test("a sample that is not finite is named by its place in the file", async () => {
  const data = sampleBytes("f32", 1, true, 40_000);
  data.writeFloatLE(Number.NaN, 4 * 35_000);
  const path = await place(riff(fmt({ code: 3, bits: 32 }), chunk("data", data)));
  const message = await readAudio(path).catch((error: Error) => error.message);
  expect(message).toContain("sample 35000 is not a number");
  expect(() => all(path)).toThrow(message as string);
});

test("what is no WAV or AIFF, broken, or not there is left to readAudio", async () => {
  for (const { bytes, reason } of Object.values(badFiles())) {
    const path = await place(bytes);
    if (/finite|not a number|infinite/.test(reason.source)) continue;
    expect(openAudio(path)).toBeUndefined();
  }
  for (const path of [join(folder, "none"), folder, "/dev/null"]) expect(openAudio(path)).toBeUndefined();
});

test("damaged files give what readAudio gives, or are left to it", async () => {
  const files = Object.values(goodFiles()).map(({ bytes }) => bytes);
  const change = fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 255 }));
  const damaged = fc
    .tuple(
      fc.constantFrom(...files),
      fc.array(change, { maxLength: 4 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    )
    .map(([bytes, changes, share]) => {
      const out = Buffer.from(bytes.subarray(0, Math.ceil(bytes.length * Math.max(share, 0.2))));
      for (const [at, value] of changes) if (at < out.length) out[at] = value;
      return out;
    });
  await fc.assert(
    fc.asyncProperty(damaged, async (bytes) => {
      const path = await place(bytes);
      const whole = await readAudio(path).catch((error: Error) => error.message);
      if (typeof whole === "string") {
        if (openAudio(path)) expect(() => all(path)).toThrow(AudioError);
        return;
      }
      const stream = all(path);
      if (stream) expect(stream.samples).toEqual(whole.samples);
    }),
    { seed: 7, numRuns: 300 },
  );
});

test("a pipe is not waited for", needs("posix"), () => {
  const pipe = join(folder, "pipe.wav");
  execFileSync("mkfifo", [pipe]);
  expect(openAudio(pipe)).toBeUndefined();
});
