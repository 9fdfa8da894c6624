import { describe, expect, test } from "vitest";
import { trimSilence } from "../../lib/audio/trim.js";

const sine = (n: number, gain = (_i: number) => 1) =>
  Float32Array.from({ length: n }, (_, i) => gain(i) * Math.sin((2 * Math.PI * 440 * i) / 16_000));

/** Zeros, a sound, zeros. */
function between(before: number, sound: Float32Array, after: number): Float32Array {
  const out = new Float32Array(before + sound.length + after);
  out.set(sound, before);
  return out;
}

const tone = between(8000, sine(16_000), 12_000);
const decay = between(
  3000,
  sine(5000, (i) => Math.exp(-i / 500)),
  7000,
);

// The intervals are those of librosa.effects.trim, librosa 0.11.0, on the same signals.
describe("trimSilence", () => {
  test.each([
    [tone, { topDb: 30 }, 7168, 25_088],
    [tone, {}, 7168, 25_088],
    [tone, { topDb: 20, frameLength: 512, hopLength: 160 }, 7840, 24_320],
    [tone, { topDb: 60, frameLength: 1024, hopLength: 256 }, 7680, 24_576],
    [decay, { topDb: 20 }, 2048, 5632],
    [decay, { topDb: 40 }, 2048, 6656],
    [decay, { topDb: 60 }, 2048, 7680],
    [decay, { topDb: 80 }, 2048, 8704],
    [decay, { topDb: 40, frameLength: 1024, hopLength: 300 }, 2700, 6000],
    [decay, { topDb: 40, frameLength: 1001, hopLength: 300 }, 2700, 6000],
    [sine(100), {}, 0, 100],
    [sine(16_000, () => 1e-7), {}, 0, 16_000],
    [new Float32Array(16_000), {}, 0, 16_000],
    [new Float32Array(1), {}, 0, 1],
    [new Float32Array(0), {}, 0, 0],
  ])("case %#: librosa's interval", (samples, options, start, end) => {
    const trimmed = trimSilence(samples, options);
    expect([trimmed.start, trimmed.end]).toEqual([start, end]);
    expect(trimmed.samples).toEqual(samples.subarray(start, end));
  });

  test("gives a view, not a copy", () => {
    expect(trimSilence(tone).samples.buffer).toBe(tone.buffer);
  });

  test.each([{ hopLength: 0 }, { frameLength: -1 }, { hopLength: 1.5 }])("refuses %o", (options) => {
    expect(() => trimSilence(tone, options)).toThrow(RangeError);
  });
});
