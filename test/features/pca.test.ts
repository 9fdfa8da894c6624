import { describe, expect, test } from "vitest";
import { fromRows, row, zeros } from "../../lib/base/matrix.js";
import { random } from "../../lib/base/random.js";
import { pca } from "../../lib/features/pca.js";

describe("pca", () => {
  test("the example of scikit-learn's PCA", () => {
    const rows = fromRows([
      [-1, -1],
      [-2, -1],
      [-3, -2],
      [1, 1],
      [2, 1],
      [3, 2],
    ]);
    const { scores, explained } = pca(rows, 2, { standardise: false });
    // explained_variance_ratio_ and singular_values_ as its documentation prints them.
    expect(explained[0]).toBeCloseTo(0.9924, 4);
    expect(explained[1]).toBeCloseTo(0.0075, 3);
    const length = (col: number) =>
      Math.sqrt([0, 1, 2, 3, 4, 5].reduce((sum, i) => sum + row(scores, i)[col]! ** 2, 0));
    expect(length(0)).toBeCloseTo(6.3006, 4);
    expect(length(1)).toBeCloseTo(0.5498, 4);
  });

  test("finds the directions that were put in, orthonormal, and gives the rows back", () => {
    const rng = random("pca");
    const [n, cols] = [400, 30];
    const rows = zeros(n, cols);
    for (let i = 0; i < n; i++) {
      const [a, b] = [10 * rng.normal(), 4 * rng.normal()];
      for (let j = 0; j < cols; j++)
        rows.data[i * cols + j] = 5 + a * Math.cos(j) + b * Math.sin(j) + 0.01 * rng.normal();
    }
    const { scores, components, explained } = pca(rows, cols, { standardise: false });
    expect(explained[0]! + explained[1]!).toBeGreaterThan(0.9999);
    expect(explained.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 10);
    const dot = (a: number, b: number) =>
      row(components, a).reduce((sum, value, j) => sum + value * row(components, b)[j]!, 0);
    expect(dot(0, 0)).toBeCloseTo(1, 6);
    expect(dot(0, 1)).toBeCloseTo(0, 6);
    const mean = Array.from({ length: n }, (_, i) => row(rows, i)[3]!).reduce(
      (sum, value) => sum + value / n,
      0,
    );
    const back = row(scores, 7).reduce((sum, score, k) => sum + score * row(components, k)[3]!, mean);
    expect(back).toBeCloseTo(row(rows, 7)[3]!, 3);
  });

  test("standardised, a column counts as much in kilohertz as in hertz; a constant one not at all", () => {
    const rng = random("units");
    const values = Array.from({ length: 50 }, () => [rng.normal(), rng.normal()]);
    const hertz = pca(fromRows(values.map(([a, b]) => [a! + b!, a! - b!, 7])), 2);
    const kilohertz = pca(fromRows(values.map(([a, b]) => [a! + b!, 1000 * (a! - b!), 7])), 2);
    expect(kilohertz.explained[0]).toBeCloseTo(hertz.explained[0]!, 5);
    expect(hertz.components.data[2]).toBeCloseTo(0, 12);
  });

  test("refuses one row, and more components than columns", () => {
    expect(() => pca(zeros(1, 3), 2)).toThrow(RangeError);
    expect(() => pca(zeros(5, 3), 4)).toThrow(RangeError);
    expect(pca(zeros(5, 3), 2).explained).toEqual([0, 0]);
  });
});
