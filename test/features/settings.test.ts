import { expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import {
  columnsOf,
  featureSettings,
  librosaSettings,
  type SpectralSettings,
} from "../../lib/features/settings.js";

test("the workbench's defaults", () => {
  expect(featureSettings()).toEqual({
    kind: "logmel",
    sampleRate: 16000,
    nFft: 512,
    winLength: 400,
    hopLength: 160,
    window: "hann",
    center: true,
    power: 2,
    nMels: 64,
    fmin: 0,
    fmax: 8000,
    htk: false,
    norm: "slaney",
    topDb: 80,
    nMfcc: 40,
    lifter: 0,
    deltas: 0,
    trimDb: null,
  });
});

test("what follows from what is given", () => {
  expect(featureSettings({ sampleRate: 8000 })).toMatchObject({
    nFft: 256,
    winLength: 200,
    hopLength: 80,
    fmax: 4000,
  });
  expect(featureSettings({ nMels: 26, kind: "mfcc" }).nMfcc).toBe(26);
  expect(featureSettings({ nFft: 256 }).winLength).toBe(256);
  expect(featureSettings({ hopLength: undefined }).hopLength).toBe(160);
  expect(librosaSettings({ nFft: 1024 })).toMatchObject({
    winLength: 1024,
    hopLength: 512,
    fmax: 11025,
    nMels: 128,
  });
});

test("columns", () => {
  expect(columnsOf(featureSettings())).toBe(64);
  expect(columnsOf(featureSettings({ kind: "mfcc", deltas: 2 }))).toBe(120);
});

test.each([
  [{ fmax: 9000 }, /fmax is 9000/],
  [{ fmin: 8000 }, /fmin is 8000/],
  [{ winLength: 600, nFft: 512 }, /winLength is 600.*512/],
  [{ kind: "mfcc", nMels: 20, nMfcc: 21 }, /nMfcc is 21/],
  [{ hopLength: 0 }, /hopLength is 0/],
  [{ nMels: 1.5 }, /whole number/],
  [{ topDb: -1 }, /topDb is -1/],
  [{ window: "kaiser" }, /window is "kaiser": it takes hann/],
  [{ reference: "min" }, /reference is "min": it takes max/],
  [{ reference: "max", kind: "mfcc" }, /reference is "max": mfcc has no decibels/],
  [{ deltas: 3 }, /deltas is 3/],
  [{ sampleRate: Number.NaN }, /sampleRate|winLength|nFft/],
])("%j is refused", (partial, message) => {
  const make = () => featureSettings(partial as Partial<SpectralSettings>);
  expect(make).toThrow(UsageError);
  expect(make).toThrow(message);
});
