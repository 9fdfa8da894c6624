import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  applyTemperature,
  brierScore,
  calibrationError,
  fitTemperature,
  logLoss,
  type Probabilities,
  reliability,
} from "../../lib/evaluation/calibration.js";
import { argmax } from "../../lib/evaluation/metrics.js";
import classification from "../fixtures/evaluation/classification.json";
import reference from "../fixtures/evaluation/reference.json";

const expected = reference.probabilities;
const probabilities = Float64Array.from(expected.probabilities.flat());

describe("equal to scikit-learn and numpy", () => {
  test("calibration error, Brier score and log loss", () => {
    const { labels, truth, probabilities: rows } = classification;
    const p = Float64Array.from(rows.flat());
    const t = truth.map((name) => labels.indexOf(name));
    expect(calibrationError(p, t, 7)).toBeCloseTo(classification.ece_10bins_right_closed, 8);
    expect(brierScore(p, t, 7)).toBeCloseTo(classification.brier_multiclass_sum, 8);
    // scikit-learn normalises the rows, which have six digits.
    expect(logLoss(p, t, 7)).toBeCloseTo(classification.log_loss, 6);
  });

  test("with ties, zeros and confidences on the borders of bins", () => {
    expect(calibrationError(probabilities, expected.truth, 4)).toBeCloseTo(expected.ece, 12);
    expect(brierScore(probabilities, expected.truth, 4)).toBeCloseTo(expected.brier, 12);
    expect(logLoss(probabilities, expected.truth, 4)).toBeCloseTo(expected.logLoss, 12);
  });

  test("the temperature is where scipy finds the log loss's derivative to be 0", () => {
    expect(fitTemperature(probabilities, expected.truth, 4)).toBeCloseTo(expected.temperature, 9);
    const calibrated = applyTemperature(probabilities, 4, expected.temperature);
    expect(logLoss(calibrated, expected.truth, 4)).toBeCloseTo(expected.calibratedLogLoss, 6);
    expected.calibrated.flat().forEach((p, i) => {
      expect(calibrated[i]).toBeCloseTo(p, 6);
    });
  });
});

test("bins are closed on the right, by hand", () => {
  const bins = reliability(Float64Array.of(0.6, 0.4, 0.7, 0.3, 1, 0), [0, 1, 0], 2);
  expect(bins.map(({ count }) => count)).toEqual([0, 0, 0, 0, 0, 1, 1, 0, 0, 1]);
  expect(bins[5]).toEqual({ low: 0.5, high: 0.6, count: 1, confidence: 0.6, accuracy: 1 });
  expect(bins[6]).toMatchObject({ confidence: 0.7, accuracy: 0 });
});

/** Rows of a softmax of three classes with the class that is true. */
const clips = fc.array(
  fc.tuple(fc.tuple(...[0, 1, 2].map(() => fc.double({ min: -30, max: 30, noNaN: true }))), fc.nat(2)),
  { minLength: 1, maxLength: 30 },
);

function unpack(rows: readonly (readonly [readonly number[], number])[]): {
  p: Probabilities;
  truth: number[];
} {
  const p = rows.flatMap(([logits]) => {
    const powers = logits.map(Math.exp);
    const sum = powers.reduce((a, b) => a + b, 0);
    return powers.map((power) => power / sum);
  });
  return { p: Float32Array.from(p), truth: rows.map(([, truth]) => truth) };
}

test("for any clips: finite, in its limits, never worse than before, the answers unchanged", () => {
  fc.assert(
    fc.property(clips, (rows) => {
      const { p, truth } = unpack(rows);
      const temperature = fitTemperature(p, truth, 3);
      expect(temperature).toBeGreaterThanOrEqual(0.05);
      expect(temperature).toBeLessThanOrEqual(20);
      const calibrated = applyTemperature(p, 3, temperature);
      expect(calibrated.every(Number.isFinite)).toBe(true);
      expect(logLoss(calibrated, truth, 3)).toBeLessThanOrEqual(logLoss(p, truth, 3) + 1e-5);
      argmax(calibrated, 3).forEach((answer, i) => {
        expect(p[3 * i + answer]! + 1e-6).toBeGreaterThanOrEqual(Math.max(...p.subarray(3 * i, 3 * i + 3)));
      });
    }),
  );
});

test("a network that is twice too sure gets temperature 2", () => {
  // Of 100 clips with probabilities 0.8 and 0.2, 80 are right; squared and normalised they claim 16/17.
  const sure = Float64Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 16 / 17 : 1 / 17));
  const truth = Array.from({ length: 100 }, (_, i) => (i < 80 ? 0 : 1));
  expect(fitTemperature(sure, truth, 2)).toBeCloseTo(2, 9);
  expect(applyTemperature(sure.subarray(0, 2), 2, 2)[0]).toBeCloseTo(0.8, 6);
});

test("at the limits: all right, or always wrong", () => {
  const p = Float32Array.of(0.6, 0.4, 0.3, 0.7);
  expect(fitTemperature(p, [0, 1], 2)).toBe(0.05);
  expect(fitTemperature(p, [1, 0], 2)).toBe(20);
  expect(fitTemperature(Float32Array.of(1, 0, 0, 1), [1, 1], 2)).toBe(20);
});

test("what is no probability is refused", () => {
  expect(() => fitTemperature(new Float32Array(0), [], 2)).toThrow("no clips");
  expect(() => brierScore(Float32Array.of(1), [0], 2)).toThrow("1 probabilities are not 1 rows of 2");
  expect(() => logLoss(Float32Array.of(Number.NaN, 0), [0], 2)).toThrow("not a number");
  expect(() => fitTemperature(Float32Array.of(1, 0), [-1], 2)).toThrow("no such class: -1 of 2");
  expect(() => applyTemperature(Float32Array.of(1, 0), 2, 0)).toThrow("above 0");
  expect(() => applyTemperature(Float32Array.of(1, 0), 2, Number.NaN)).toThrow("above 0");
});
