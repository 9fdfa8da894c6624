import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { peakNormalise, rmsNormalise } from "../../lib/audio/level.js";

const peak = (samples: Float32Array) => samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const rms = (samples: Float32Array) => Math.sqrt(samples.reduce((sum, v) => sum + v * v, 0) / samples.length);

const sound = fc.float32Array({ minLength: 1, maxLength: 200, noNaN: true, noDefaultInfinity: true });

describe.each([
  ["peakNormalise", peakNormalise, peak, 0],
  ["rmsNormalise", rmsNormalise, rms, -20],
] as const)("%s", (_name, normalise, level, standard) => {
  test("reaches the level, from any finite samples but silence", () => {
    fc.assert(
      fc.property(sound, fc.double({ min: -60, max: 0, noNaN: true }), (samples, dbfs) => {
        const before = samples.slice();
        const out = normalise(samples, dbfs);
        expect(samples).toEqual(before);
        expect(out.every(Number.isFinite)).toBe(true);
        if (peak(samples) === 0) expect(peak(out)).toBe(0);
        else expect(20 * Math.log10(level(out))).toBeCloseTo(dbfs, 3);
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  test("has the field's default, and leaves silence and nothing alone", () => {
    expect(20 * Math.log10(level(normalise(Float32Array.of(0.1, -0.4, 0.2))))).toBeCloseTo(standard, 4);
    expect(normalise(new Float32Array(3))).toEqual(new Float32Array(3));
    expect(normalise(new Float32Array(0))).toEqual(new Float32Array(0));
  });
});

test("the example of peakNormalise", () => {
  expect(peakNormalise(Float32Array.of(0.25, -0.5))).toEqual(Float32Array.of(0.5, -1));
});
