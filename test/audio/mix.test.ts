import { describe, expect, test } from "vitest";
import { AudioError } from "../../lib/audio/audio.js";
import { cancellationText, joined, mixDown } from "../../lib/audio/mix.js";
import { random } from "../../lib/base/random.js";

const noise = (seed: string) => {
  const rng = random(seed);
  return Float32Array.from({ length: 5000 }, () => rng.uniform(-0.5, 0.5));
};
const scaled = (samples: Float32Array, by: number, offset = 0) => samples.map((value) => by * value + offset);
const cancellation = (...channels: Float32Array[]) => mixDown(channels, 5000, "x").cancellation;

describe("mixDown", () => {
  test("is the mean", () => {
    const { samples } = mixDown([Float32Array.of(1, 0.5, 9), Float32Array.of(0, -0.5, 9)], 2, "x");
    expect(samples).toEqual(Float32Array.of(0.5, 0));
  });

  test("tells channels that cancel each other out from those that do not", () => {
    const left = noise("left");
    expect(cancellation(left, scaled(left, -1))).toBe(120);
    // Against the mean power of both channels: 10 log10(0.82 / 0.01).
    expect(cancellation(left, scaled(left, -0.8))).toBeCloseTo(19.1, 1);
    expect(cancellation(left)).toBeUndefined();
    expect(cancellation(left, left)).toBeUndefined();
    expect(cancellation(left, noise("right"))).toBeUndefined();
    expect(cancellation(left, new Float32Array(5000))).toBeUndefined();
    expect(cancellation(new Float32Array(5000), new Float32Array(5000))).toBeUndefined();
    // White noise and itself a sample later, as a poor cable has it.
    expect(
      cancellation(
        left,
        Float32Array.from(left, (_, i) => left[i - 1] ?? 0),
      ),
    ).toBeUndefined();
  });

  test("a constant offset in both hides nothing", () => {
    const left = noise("left");
    expect(cancellation(scaled(left, 1, 0.2), scaled(left, -1, 0.2))).toBeGreaterThan(60);
  });

  test("sound in one of many channels is no cancellation", () => {
    const nothing = Array.from({ length: 7 }, () => new Float32Array(5000));
    expect(cancellation(noise("left"), ...nothing)).toBeUndefined();
    const left = noise("left");
    expect(cancellation(left, scaled(left, -1), ...nothing)).toBe(120);
  });

  test("refuses what is not finite", () => {
    expect(() => mixDown([Float32Array.of(0, Number.NaN)], 2, "x.ogg")).toThrow(AudioError);
  });
});

test("the words have the range", () => {
  expect(cancellationText(81.6)).toMatch(/mean is 82 dB below them$/);
  expect(cancellationText(81.6, 20, 30)).toMatch(/mean is 20 to 82 dB below them$/);
});

describe("joined", () => {
  const stretch = (sampleRate: number, seconds: number, channels = 1) => ({
    ...{ samples: new Float32Array(seconds * sampleRate).fill(0.5), sampleRate, channels },
  });

  test("one stretch stays as it is", () => {
    const only = stretch(16_000, 1);
    const warnings: string[] = [];
    expect(joined([only], warnings)).toBe(only);
    expect(warnings).toEqual([]);
  });

  test("stretches of one rate are put together without a word", () => {
    const warnings: string[] = [];
    const { samples, sampleRate, channels } = joined([stretch(16_000, 1), stretch(16_000, 0.5, 2)], warnings);
    expect([samples.length, sampleRate, channels, warnings]).toEqual([24_000, 16_000, 2, []]);
  });

  test.each([
    [[16_000, 44_100], 44_100],
    [[44_100, 22_050, 8000], 44_100],
    [[16_000, 192_000], 48_000],
    [[96_000, 192_000], 96_000],
  ])("stretches of %j Hz are read at %i Hz", (rates, wanted) => {
    const warnings: string[] = [];
    const { samples, sampleRate } = joined(
      rates.map((rate) => stretch(rate, 1)),
      warnings,
    );
    expect(sampleRate).toBe(wanted);
    expect(samples.length).toBe(rates.length * wanted);
    expect(warnings).toEqual([
      `the sampling rate changes inside, ${rates.join(", ")} Hz: all is read at ${wanted} Hz`,
    ]);
  });

  test("a stretch whose channels cancel each other out is told", () => {
    expect(joined([stretch(8000, 1), { ...stretch(8000, 1, 2), cancellation: 40 }], []).cancellation).toBe(
      40,
    );
  });
});
