import { expect, test } from "vitest";
import { zeros } from "../../lib/base/matrix.js";
import { random } from "../../lib/base/random.js";
import { createExtractor } from "../../lib/features/extract.js";
import { featureSettings, type SpectralSettings } from "../../lib/features/settings.js";
import { applyGain, drawStart, maskSpectrogram, placeFrames } from "../../lib/training/augmentation.js";

function ones(rows: number, cols: number) {
  const matrix = zeros(rows, cols);
  matrix.data.fill(1);
  return matrix;
}

/**
 * SpecAugment (Park et al. 2019): a width drawn evenly from 0..F masks F/2 columns on average, wherever it lies; two
 * masks leave ((1 - F/2/n)^2) of the columns when their places are drawn apart from one another.
 */
test("masks have the widths and the number that are asked for", () => {
  const rng = random("masks");
  let bands = 0;
  let frames = 0;
  let widest = 0;
  const rounds = 4000;
  for (let round = 0; round < rounds; round++) {
    const matrix = ones(50, 20);
    maskSpectrogram(matrix, { bandMasks: 1, bandMaskWidth: 6 }, 20, rng);
    const masked = Array.from({ length: 20 }, (_, col) => matrix.data[col] === 0);
    const width = masked.filter(Boolean).length;
    bands += width;
    widest = Math.max(widest, width);
    const first = masked.indexOf(true);
    if (width > 0) expect(masked.slice(first, first + width)).not.toContain(false);
    const other = ones(50, 4);
    maskSpectrogram(other, { timeMasks: 1, timeMaskWidth: 10 }, 4, rng);
    frames += other.data.filter((value) => value === 0).length / 4;
  }
  expect(widest).toBe(6);
  expect(bands / rounds).toBeCloseTo(3, 0);
  expect(frames / rounds / 5).toBeCloseTo(1, 1);
});

test("a band is masked with its deltas", () => {
  const matrix = ones(3, 3 * 5);
  maskSpectrogram(matrix, { bandMasks: 3, bandMaskWidth: 4 }, 5, random("deltas"));
  for (let t = 0; t < 3; t++)
    for (let col = 0; col < 15; col++)
      expect(matrix.data[t * 15 + col]).toBe(matrix.data[(col % 5) + 15 * t]);
  expect(matrix.data).toContain(0);
});

test("at most half of a short clip is hidden in time, and never all bands", () => {
  for (let seed = 0; seed < 50; seed++) {
    const matrix = ones(1, 1);
    maskSpectrogram(
      matrix,
      { timeMasks: 5, timeMaskWidth: 100, bandMasks: 5, bandMaskWidth: 9 },
      1,
      random(seed),
    );
    expect(matrix.data[0]).toBe(1);
  }
});

test("the start of an input moves by no more than the shift, and all of it is used", () => {
  const rng = random("shift");
  const starts = Array.from({ length: 500 }, () => drawStart(40, 100, 8, rng));
  expect([Math.min(...starts), Math.max(...starts)]).toEqual([-8, 8]);
  const cuts = Array.from({ length: 2000 }, () => drawStart(130, 100, 8, rng));
  expect([Math.min(...cuts), Math.max(...cuts)]).toEqual([-8, 38]);
});

test("frames are placed, and what a clip lacks is 0", () => {
  const matrix = { data: Float32Array.of(1, 2, 3), rows: 3, cols: 1 };
  expect([...placeFrames(matrix, -1, 5).data]).toEqual([0, 1, 2, 3, 0]);
  expect([...placeFrames(matrix, 1, 2).data]).toEqual([2, 3]);
  expect([...placeFrames(matrix, 3, 2).data]).toEqual([0, 0]);
  expect([...placeFrames(matrix, -4, 2).data]).toEqual([0, 0]);
});

const CASES: Partial<SpectralSettings>[] = [
  { kind: "logmel" },
  { kind: "logmel", deltas: 1, power: 1 },
  { kind: "logmel", reference: "max" },
  { kind: "mfcc", nMfcc: 13 },
  { kind: "mfcc", nMfcc: 13, lifter: 22, deltas: 2 },
  { kind: "mel" },
];

test.each(CASES)("a gain gives the features that louder sound has: %o", (partial) => {
  const settings = featureSettings(partial);
  const rng = random("sound");
  const samples = Float32Array.from({ length: 8000 }, (_, n) => 0.2 * Math.sin(n / 9) + 0.1 * rng.normal());
  const extract = createExtractor(settings);
  const louder = extract(
    samples.map((value) => value * 10 ** (6 / 20)),
    16_000,
  );
  const found = applyGain(extract(samples, 16_000), 6, settings);
  const scale = louder.data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  found.data.forEach((value, i) => {
    expect(Math.abs(value - louder.data[i]!) / scale).toBeLessThan(1e-4);
  });
});
