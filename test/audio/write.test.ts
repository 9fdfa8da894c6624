import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { decode as decodeByNodeWav } from "node-wav";
import { describe, expect, test } from "vitest";
import { AudioError } from "../../lib/audio/audio.js";
import { decodePcm, readAudio } from "../../lib/audio/read.js";
import { encodeWav, writeWav } from "../../lib/audio/write.js";

describe("encodeWav", () => {
  test("every 16-bit value survives being written and read", () => {
    const all = Float32Array.from({ length: 65_536 }, (_, i) => (i - 32_768) / 32_768);
    expect(decodePcm(encodeWav(all, 16_000), "x").samples).toEqual(all);
  });

  test("rounds to the nearest step and clips beyond full scale", () => {
    const step = 1 / 32_768;
    const samples = Float32Array.of(
      0.6 * step,
      -0.6 * step,
      0.4 * step,
      -0.4 * step,
      7,
      -7,
      Number.POSITIVE_INFINITY,
    );
    const { samples: back } = decodePcm(encodeWav(samples, 8000), "x");
    expect([...back].map((value) => value * 32_768)).toEqual([1, -1, 0, 0, 32_767, -32_768, 32_767]);
  });

  test("is read alike by node-wav, within half a step of any signal", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 99 }),
        (values) => {
          const bytes = encodeWav(Float32Array.from(values), 24_414);
          const { sampleRate, channelData } = decodeByNodeWav(Uint8Array.from(bytes));
          expect(sampleRate).toBe(24_414);
          expect(channelData[0]!.length).toBe(values.length);
          values.forEach((value, i) => {
            expect(Math.abs(channelData[0]![i]! - value)).toBeLessThan(5e-5);
          });
        },
      ),
      { seed: 6, numRuns: 100 },
    );
  });

  test("refuses what a WAV file cannot hold", () => {
    expect(() => encodeWav(Float32Array.of(0, Number.NaN), 8000, "a.wav")).toThrow(
      new AudioError("a.wav", 46, "sample 1 is not a number"),
    );
    for (const rate of [0, -1, 1.5, Number.NaN, 2 ** 32])
      expect(() => encodeWav(new Float32Array(1), rate)).toThrow(AudioError);
  });
});

test("writeWav writes a whole file, into folders that are not there yet, or nothing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "audio-"));
  try {
    const path = join(folder, "a/b.wav");
    await writeWav(path, Float32Array.of(0.5, -0.5), 16_000);
    expect(readFileSync(path).length).toBe(44 + 4);
    expect((await readAudio(path)).samples).toEqual(Float32Array.of(0.5, -0.5));
    const broken = join(folder, "broken.wav");
    await expect(writeWav(broken, Float32Array.of(Number.NaN), 16_000)).rejects.toThrow(
      /broken\.wav: sample 0/,
    );
    expect(existsSync(broken)).toBe(false);
    expect(await readdir(join(folder, "a"))).toEqual(["b.wav"]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
