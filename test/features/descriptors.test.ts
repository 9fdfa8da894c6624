import Meyda from "meyda";
import { expect, test } from "vitest";
import { DESCRIPTORS, type DescriptorName, descriptors } from "../../lib/features/descriptors.js";
import { featureSettings } from "../../lib/features/settings.js";
import { SIGNALS } from "./signals.js";

const settings = featureSettings();
const column = (samples: Float32Array, name: DescriptorName, t: number, own = settings) => {
  const { data, cols } = descriptors(samples, own);
  return data[t * cols + DESCRIPTORS.indexOf(name)]!;
};

test("a tone has its centroid at its frequency, in Hz, at any rate", () => {
  for (const sampleRate of [16000, 48000]) {
    const tone = SIGNALS.sine440!(sampleRate, sampleRate);
    const own = featureSettings({ sampleRate });
    expect(Math.abs(column(tone, "spectralCentroid", 50, own) - 440)).toBeLessThan(8);
    expect(column(tone, "rms", 50, own)).toBeCloseTo(0.5 / Math.SQRT2, 2);
    expect(column(tone, "zcr", 50, own)).toBeCloseTo(880 / sampleRate, 2);
  }
});

test("Meyda itself gives the same where its own frame is ours", () => {
  // Meyda leaves out the highest bin; a sum of neighbours has nothing there.
  const noise = SIGNALS.lcgnoise!(44100, 513)
    .map((x, i, all) => x + (all[i + 1] ?? 0))
    .subarray(0, 512);
  const own = featureSettings({
    sampleRate: 44100,
    nFft: 512,
    winLength: 512,
    window: "boxcar",
    center: false,
  });
  Object.assign(Meyda, { bufferSize: 512, sampleRate: 44100, windowingFunction: "rect" });
  const theirs = Meyda.extract(["spectralFlatness", "spectralCrest", "rms", "loudness"], noise)!;
  expect(column(noise, "rms", 0, own)).toBeCloseTo(theirs.rms!, 6);
  expect(column(noise, "spectralFlatness", 0, own)).toBeCloseTo(theirs.spectralFlatness!, 2);
  expect(column(noise, "spectralCrest", 0, own)).toBeCloseTo(theirs.spectralCrest!, 1);
  expect(column(noise, "loudness", 0, own) / theirs.loudness!.total).toBeCloseTo(1, 1);
});

test("silence and no samples at all are finite", () => {
  for (const length of [0, 1, 5000]) {
    const out = descriptors(new Float32Array(length), settings);
    expect(out.cols).toBe(DESCRIPTORS.length);
    expect(out.data.every(Number.isFinite)).toBe(true);
  }
});
