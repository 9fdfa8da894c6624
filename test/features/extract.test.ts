import { describe, expect, test } from "vitest";
import { largest, powerToDb } from "../../lib/features/decibels.js";
import { createExtractor } from "../../lib/features/extract.js";
import { columnsOf, featureSettings, type SpectralSettings } from "../../lib/features/settings.js";
import { fixture } from "./fixture.js";
import { compare, type LibrosaCase } from "./librosa.js";
import { SIGNALS } from "./signals.js";

describe("equal to librosa 0.11.0", () => {
  test.each([
    ["chirp", 16000],
    ["lcgnoise", 22050],
    ["harmonic", 16000],
    ["zeros", 16000],
  ])("%s at %i Hz", (name, rate) => {
    const reference = fixture<LibrosaCase>(`librosa/features_${name}_${rate}`);
    const deviations = compare(reference, SIGNALS[name]!(rate, reference.n));
    expect(deviations.length).toBeGreaterThan(5);
    expect(deviations.filter(({ difference, allowed }) => !(difference <= allowed))).toEqual([]);
  });
});

describe("any length gives frames that are finite", () => {
  const kinds: Partial<SpectralSettings>[] = [
    {},
    { kind: "mfcc", deltas: 2 },
    { kind: "mel", center: false },
    { trimDb: 30, deltas: 1 },
    { nFft: 400, window: "hamming" },
  ];
  test.each([0, 1, 2, 159, 160, 399, 512, 1000])("%i samples", (length) => {
    const signal = SIGNALS.lcgnoise!(16000, length);
    for (const partial of kinds) {
      const settings = featureSettings(partial);
      const matrix = createExtractor(settings)(signal, 16000);
      expect(matrix.rows).toBeGreaterThanOrEqual(1);
      expect(matrix.cols).toBe(columnsOf(settings));
      expect(matrix.data.length).toBe(matrix.rows * matrix.cols);
      expect(matrix.data.every(Number.isFinite)).toBe(true);
    }
  });
});

test("with the loudest value as reference a log-mel spectrogram is librosa's power_to_db(ref=np.max)", () => {
  const settings = featureSettings({ reference: "max", deltas: 1 });
  const signal = SIGNALS.chirp!(16000, 16000);
  const found = createExtractor(settings)(signal, 16000);
  const powers = createExtractor(featureSettings({ kind: "mel" }))(signal, 16000);
  powerToDb(powers.data, { reference: largest }).forEach((value, i) => {
    const at = Math.floor(i / 64) * 128 + (i % 64);
    expect(Math.abs(found.data[at]! - value)).toBeLessThan(2e-3);
  });
});

test("with it, how loud a recording is does not matter", () => {
  const extract = createExtractor(featureSettings({ reference: "max", topDb: 60 }));
  const signal = SIGNALS.lcgnoise!(16000, 16000);
  const soft = extract(
    signal.map((value) => value / 50),
    16000,
  );
  extract(signal, 16000).data.forEach((value, i) => {
    expect(Math.abs(soft.data[i]! - value)).toBeLessThan(1e-2);
  });
});

test("an extractor gives the same bits whatever it was used for before", () => {
  const settings = featureSettings({ kind: "mfcc", deltas: 2 });
  const used = createExtractor(settings);
  const [long, short] = [SIGNALS.chirp!(16000, 40000), SIGNALS.lcgnoise!(16000, 5000)];
  const first = used(short, 16000);
  used(long, 16000);
  expect(used(short, 16000)).toEqual(first);
  expect(createExtractor(settings)(short, 16000)).toEqual(first);
});

test("audio at another rate is resampled", () => {
  const extract = createExtractor(featureSettings());
  const [high, low] = [SIGNALS.sine440!(48000, 48000), SIGNALS.sine440!(16000, 16000)];
  const [a, b] = [extract(high, 48000), extract(low, 16000)];
  expect(a.rows).toBe(b.rows);
  const loudest = (data: Float32Array) => data.indexOf(Math.max(...data.subarray(0, 64)));
  expect(loudest(a.data.subarray(50 * 64, 51 * 64))).toBe(loudest(b.data.subarray(50 * 64, 51 * 64)));
});

test("silence at both ends is cut where it should be", () => {
  const signal = new Float32Array(48000);
  signal.set(SIGNALS.sine440!(16000, 16000), 16000);
  const whole = createExtractor(featureSettings())(signal, 16000);
  const trimmed = createExtractor(featureSettings({ trimDb: 40 }))(signal, 16000);
  expect(whole.rows).toBe(301);
  expect(trimmed.rows).toBeGreaterThan(100);
  expect(trimmed.rows).toBeLessThan(130);
});
