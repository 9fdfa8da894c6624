import { expect, test } from "vitest";
import {
  rmsEnergy,
  spectralBandwidth,
  spectralCentroid,
  spectralFlatness,
  spectralRolloff,
  zeroCrossingRate,
} from "../../lib/features/spectral.js";
import { powerSpectrogram } from "../../lib/features/stft.js";
import { SIGNALS } from "./signals.js";

// Equality with librosa is shown in extract.test.ts; here, what the measures mean.
test("a tone: its frequency, its level, two crossings a period", () => {
  const tone = SIGNALS.sine440!(16000, 16000);
  const magnitudes = powerSpectrogram(tone, { power: 1 });
  expect(spectralCentroid(magnitudes, 16000)[10]).toBeCloseTo(440, 0);
  expect(Math.abs(spectralRolloff(magnitudes, 16000)[10]! - 440)).toBeLessThan(16);
  expect(spectralBandwidth(magnitudes, 16000)[10]).toBeLessThan(60);
  expect(rmsEnergy(tone)[10]).toBeCloseTo(0.5 / Math.SQRT2, 3);
  expect(zeroCrossingRate(tone)[10]).toBeCloseTo(880 / 16000, 2);
});

test("noise is flat, a tone is not, silence has no centroid", () => {
  const flatness = (name: string) => spectralFlatness(powerSpectrogram(SIGNALS[name]!(16000, 16000)))[10]!;
  expect(flatness("lcgnoise")).toBeGreaterThan(0.4);
  expect(flatness("sine440")).toBeLessThan(1e-3);
  expect(spectralCentroid(powerSpectrogram(new Float32Array(4096)), 16000).every((hz) => hz === 0)).toBe(
    true,
  );
});

test("no samples give one frame", () => {
  const none = new Float32Array(0);
  expect(Array.from(rmsEnergy(none))).toEqual([0]);
  expect(Array.from(zeroCrossingRate(none))).toEqual([0]);
});
