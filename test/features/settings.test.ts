import { expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import {
  columnsOf,
  encoderSettings,
  featureSettings,
  fixedRows,
  librosaSettings,
  type SpectralSettings,
  timingOf,
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
  [{ reference: "max", kind: "mfcc" }, /reference is "max": it applies to logmel only/],
  [{ deltas: 3 }, /deltas is 3/],
  [{ sampleRate: Number.NaN }, /sampleRate|winLength|nFft/],
])("%j is refused", (partial, message) => {
  const make = () => featureSettings(partial as Partial<SpectralSettings>);
  expect(make).toThrow(UsageError);
  expect(make).toThrow(message);
});

const BASE = { digest: "a".repeat(64), width: 512, blocks: 6, family: "whisper" as const };

test("an encoder's features are layer 3's statistics by default", () => {
  const settings = encoderSettings(BASE);
  expect(settings).toEqual({
    ...{ kind: "encoder", encoder: BASE.digest, width: 512, blocks: 6, layer: 3 },
    ...{ pooling: "statistics", trimDb: 60, silence: 1 },
  });
  expect([columnsOf(settings), fixedRows(settings)]).toEqual([1024, 1]);
  expect(encoderSettings({ ...BASE, blocks: 2 }).layer).toBe(2);
  const all = encoderSettings(BASE, { layer: "all" });
  expect([columnsOf(all), fixedRows(all)]).toEqual([1024, 7]);
  const frames = encoderSettings(BASE, { pooling: "frames" });
  expect([columnsOf(frames), fixedRows(frames)]).toEqual([512, undefined]);
  expect(timingOf(frames)).toEqual({ sampleRate: 16000, hopLength: 320 });
  expect(encoderSettings({ ...BASE, family: "wav2vec2" }).silence).toBe(0);
});

test.each([
  [{ layer: 7 }, "layer is 7: it takes 0 to 6, or all"],
  [{ layer: "all", pooling: "frames" }, 'layer is "all": it takes one layer for frames'],
  [{ silence: -1 }, "silence is -1: it takes a number from 0 to 10 s"],
] satisfies [Parameters<typeof encoderSettings>[1], string][])(
  "an encoder with %o is refused",
  (partial, words) => {
    expect(() => encoderSettings(BASE, partial)).toThrow(words);
  },
);
