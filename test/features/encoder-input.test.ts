import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { extended, heardSamples, whisperInput } from "../../lib/features/encoder-input.js";
import { whistle } from "./signals.js";

/** Of `WhisperFeatureExtractor(padding=False)` in transformers 5, for the samples of {@link whistle}. */
const FIXTURE = JSON.parse(
  readFileSync(new URL("../fixtures/encoders/whisper-mel.json", import.meta.url), "utf8"),
) as { frames: number; rows: Record<string, number[]> };

test("the input of Whisper is that of transformers", () => {
  const { data, rows, cols } = whisperInput(80)(whistle());
  expect([rows, cols]).toEqual([FIXTURE.frames, 80]);
  for (const [row, values] of Object.entries(FIXTURE.rows))
    values.forEach((value, band) => {
      expect(data[Number(row) * cols + band]).toBeCloseTo(value, 3);
    });
});

test("a clip is heard at 16 kHz, without the silence around it, and for a tenth of a second at least", () => {
  const tone = Float32Array.from({ length: 44100 }, (_, n) => Math.sin(n / 10));
  expect(heardSamples(tone, 44100, { trimDb: 60 }).length).toBe(16000);
  const late = new Float32Array(48000);
  late.set(tone.subarray(0, 16000), 24000);
  expect(heardSamples(late, 16000, { trimDb: null })).toEqual(late);
  const kept = heardSamples(late, 16000, { trimDb: 60 }).length;
  expect(kept).toBeGreaterThanOrEqual(16000);
  expect(kept).toBeLessThan(20000);
  expect(heardSamples(new Float32Array(0), 16000, { trimDb: 60 })).toEqual(new Float32Array(1600));
});

test("there is a frame for every 160 samples, finite whatever the sound", () => {
  const input = whisperInput(80);
  fc.assert(
    fc.property(
      fc.integer({ min: 400, max: 8000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (length, loud) => {
        const { data, rows } = input(extended(Float32Array.of(loud, -loud), length));
        return rows === Math.floor(length / 160) && data.every(Number.isFinite);
      },
    ),
    { numRuns: 50, seed: 1 },
  );
});
