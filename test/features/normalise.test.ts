import { describe, expect, test } from "vitest";
import { setDigest } from "../../lib/base/hash.js";
import { fromRows, type Matrix, zeros } from "../../lib/base/matrix.js";
import { Random } from "../../lib/base/random.js";
import { fitNormaliser, type Normaliser, normalise } from "../../lib/features/normalise.js";
import { farthest, fixture } from "./fixture.js";

const item = (matrix: Matrix, speaker = "a") => ({ matrix, speaker });

test("equal to scikit-learn's StandardScaler, however the frames are divided into clips", () => {
  const { X, fit_rows, standard } = fixture<{
    X: number[][];
    fit_rows: number;
    standard: { mean: number[]; scale: number[]; transformed: number[][] };
  }>("scikit-learn/standard_scaler");
  for (const parts of [
    [0, fit_rows],
    [0, 1, fit_rows],
    [0, 3, 5, fit_rows],
  ]) {
    const clips = parts.slice(1).map((end, i) => item(fromRows(X.slice(parts[i], end))));
    const normaliser = fitNormaliser("global", clips);
    expect(farthest(normaliser.mean, standard.mean)).toBeLessThan(1e-6);
    expect(farthest(normaliser.scale, standard.scale)).toBeLessThan(1e-6);
    const all = normalise(JSON.parse(JSON.stringify(normaliser)) as Normaliser, fromRows(X));
    expect(farthest(all.data, standard.transformed.flat())).toBeLessThan(1e-5);
  }
});

describe("what the mean is taken over", () => {
  const rng = new Random(1);
  const clip = (shift: number) =>
    fromRows(Array.from({ length: 50 }, () => [rng.normal(shift, 2), rng.normal(-shift)]));
  const [a, b] = [clip(3), clip(-40)];
  const mean = (matrix: Matrix) => matrix.data.reduce((sum, value) => sum + value, 0) / matrix.data.length;

  test("each speaker's own frames", () => {
    const normaliser = fitNormaliser("speaker", [item(a, "x"), item(b, "y")]);
    expect(mean(normalise(normaliser, a, "x"))).toBeCloseTo(0, 5);
    expect(mean(normalise(normaliser, b, "y"))).toBeCloseTo(0, 5);
    expect(() => normalise(normaliser, a, "z")).toThrow(/z/);
  });
  test("the clip's own frames", () => {
    const normaliser = fitNormaliser("clip", []);
    expect(mean(normalise(normaliser, b))).toBeCloseTo(0, 5);
  });
  test("none: a copy", () => {
    const copy = normalise(fitNormaliser("none", []), a);
    expect(copy).toEqual(a);
    expect(copy.data).not.toBe(a.data);
  });
});

test("it says which clips it was fitted to, where they have ids", () => {
  const [a, b] = ["a", "b"].map((id) => ({ ...item(zeros(2, 3)), id }));
  const { fitted } = fitNormaliser("global", [b!, a!]);
  expect(fitted).toEqual({ clips: 2, digest: setDigest(["a", "b"]) });
  expect(fitNormaliser("speaker", [a!, b!]).fitted).toEqual(fitted);
  expect(fitNormaliser("global", [a!, item(zeros(2, 3))])).not.toHaveProperty("fitted");
});

test("a column that does not vary has the scale 1, also far from zero", () => {
  const still = fromRows(Array.from({ length: 1000 }, () => [7, -100.000008, 0]));
  const normaliser = fitNormaliser("global", [item(still), item(still)]);
  expect(normaliser.scale).toEqual([1, 1, 1]);
  expect(normalise(normaliser, still).data.every((value) => Math.abs(value) < 1e-5)).toBe(true);
});

test("a small spread far from zero survives", () => {
  const rows = Array.from({ length: 2000 }, (_, t) => [1e4 + (t % 2)]);
  expect(fitNormaliser("global", [item(fromRows(rows))]).scale[0]).toBeCloseTo(0.5, 9);
});

test("nothing to fit, or another width, is an error", () => {
  expect(() => fitNormaliser("global", [])).toThrow(RangeError);
  expect(() => fitNormaliser("global", [item(zeros(2, 3)), item(zeros(2, 4))])).toThrow(RangeError);
  expect(() => normalise(fitNormaliser("global", [item(zeros(2, 3))]), zeros(2, 4))).toThrow(RangeError);
});
