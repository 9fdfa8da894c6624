import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hzToMel, type MelSettings, melFilterbank, melFrequencies, melToHz } from "../../lib/features/mel.js";
import { farthest, fixture } from "./fixture.js";

test("the scales are librosa's", () => {
  const { hz, slaney, htk, ...rest } = fixture<Record<string, number[]>>("librosa/mel_scale");
  expect(
    farthest(
      hz!.map((f) => hzToMel(f)),
      slaney!,
    ),
  ).toBeLessThan(1e-6);
  expect(
    farthest(
      hz!.map((f) => hzToMel(f, true)),
      htk!,
    ),
  ).toBeLessThan(1e-5);
  expect(farthest(melFrequencies(40, 0, 8000), rest.mel_frequencies_40_0_8000!)).toBeLessThan(1e-4);
  expect(farthest(melFrequencies(128, 0, 11025), rest.mel_frequencies_128_0_11025!)).toBeLessThan(1e-4);
});

test("there and back", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 24000, noNaN: true }), fc.boolean(), (hz, htk) => {
      expect(melToHz(hzToMel(hz, htk), htk)).toBeCloseTo(hz, 6);
    }),
    { seed: 1 },
  );
});

interface Bank {
  shape: [number, number];
  rows: { start: number; values: number[] }[];
}

describe("the filters are librosa's", () => {
  const banks = Object.entries(fixture<Record<string, Bank>>("librosa/mel_filterbank")).filter(
    ([key]) => key !== "origin",
  );
  test.each(banks)("%s", (key, bank) => {
    const parts = /sr(\d+)_nfft(\d+)_mels(\d+)_fmin(\d+)_fmax(\w+)_htk(\w+)_norm(\w+)/.exec(key)!.slice(1);
    const [sampleRate, nFft, nMels, fmin] = parts.slice(0, 4).map(Number) as [number, number, number, number];
    const settings: MelSettings = {
      sampleRate,
      nFft,
      nMels,
      fmin,
      fmax: parts[4] === "None" ? sampleRate / 2 : Number(parts[4]),
      htk: parts[5] === "True",
      norm: parts[6] === "slaney" ? "slaney" : "none",
    };
    const bands = melFilterbank(settings);
    expect(bands.length).toBe(bank.shape[0]);
    bands.forEach((band, i) => {
      expect(band.start).toBe(bank.rows[i]!.start);
      expect(farthest(band.weights, bank.rows[i]!.values)).toBeLessThan(1e-6);
    });
  });
});

test("a filter narrower than a bin is empty, not wrong", () => {
  const settings: MelSettings = {
    sampleRate: 16000,
    nFft: 256,
    nMels: 128,
    fmin: 0,
    fmax: 8000,
    htk: false,
    norm: "slaney",
  };
  const bands = melFilterbank(settings);
  expect(bands.some((band) => band.weights.length === 0)).toBe(true);
  expect(bands.every((band) => band.start + band.weights.length <= 129)).toBe(true);
});
