import { describe, expect, test } from "vitest";
import {
  type Bootstrapped,
  bcaInterval,
  bootstrapClusters,
  smallSampleTail,
} from "../../lib/evaluation/bootstrap.js";
import reference from "../fixtures/evaluation/reference.json";

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe("BCa intervals are scipy's", () => {
  reference.bca.forEach(({ sample, resampled, ci95, ci90 }) => {
    test(`${sample.length} values, ${resampled.length} resamples`, () => {
      const bootstrapped: Bootstrapped = {
        estimate: resampled[0]!,
        resampled: Float64Array.from(resampled),
        jackknife: Float64Array.from(sample, (_, i) => mean(sample.filter((_, j) => j !== i))),
      };
      for (const [tail, expected] of [
        [0.025, ci95],
        [0.05, ci90],
      ] as const) {
        bcaInterval(bootstrapped, tail)!.forEach((bound, i) => {
          expect(bound).toBeCloseTo(expected[i]!, 9);
        });
      }
    });
  });
});

const ratio = (counts: Float64Array) => counts[0]! / counts[1]!;
const clusters = [
  [1, 2],
  [3, 4],
  [0, 3],
  [5, 5],
].map((counts) => Float64Array.from(counts));

test("estimate and jackknife are those of the sums, by hand", () => {
  const [one] = bootstrapClusters(clusters, [ratio], { resamples: 50, seed: 1 });
  expect(one!.estimate).toBe(9 / 14);
  expect([...one!.jackknife]).toEqual([8 / 12, 6 / 10, 9 / 11, 4 / 9]);
  // The 35 ways of drawing four clusters with replacement, of which each resample is one.
  const possible = new Set<number>();
  for (const a of clusters)
    for (const b of clusters)
      for (const c of clusters)
        for (const d of clusters) {
          possible.add((a[0]! + b[0]! + c[0]! + d[0]!) / (a[1]! + b[1]! + c[1]! + d[1]!));
        }
  expect([...one!.resampled].every((value) => possible.has(value))).toBe(true);
  expect(new Set(one!.resampled).size).toBeGreaterThan(5);
});

test("the same seed gives the same resamples, whatever is asked beside", () => {
  // Undefined without the first cluster.
  const rare = (counts: Float64Array) => (counts[2]! === 0 ? Number.NaN : counts[0]!);
  const three = clusters.map((counts, i) => Float64Array.of(...counts, i === 0 ? 1 : 0));
  const alone = bootstrapClusters(three, [ratio], { resamples: 200, seed: 3 })[0]!;
  const [beside, undefinedAtTimes] = bootstrapClusters(three, [ratio, rare], { resamples: 200, seed: 3 });
  expect(beside!.resampled).toEqual(alone.resampled);
  expect(undefinedAtTimes!.resampled).toHaveLength(200);
  expect([...undefinedAtTimes!.resampled].some(Number.isNaN)).toBe(false);
  expect(bootstrapClusters(three, [ratio], { resamples: 200, seed: 4 })[0]!.resampled).not.toEqual(
    alone.resampled,
  );
});

test("a statistic that is hardly ever defined ends, with fewer resamples", () => {
  const seen = { times: 0 };
  const onlyAtFirst = () => (seen.times++ === 0 ? 1 : Number.NaN);
  const [one] = bootstrapClusters(clusters, [onlyAtFirst], { resamples: 20, seed: 1 });
  expect(one!.resampled).toHaveLength(0);
  expect(bcaInterval(one!)).toBeUndefined();
});

test("equal resamples give no interval; an estimate outside of all of them gives a finite one", () => {
  const jackknife = Float64Array.of(1, 2, 3);
  expect(bcaInterval({ estimate: 1, resampled: Float64Array.of(1, 1), jackknife })).toBeUndefined();
  for (const estimate of [-5, 5]) {
    const bounds = bcaInterval({ estimate, resampled: Float64Array.of(0, 1, 2), jackknife })!;
    expect(bounds.every((bound) => bound >= 0 && bound <= 2)).toBe(true);
  }
});

test("the tail for few clusters: Phi(sqrt(24 / 23) x -2.0686576), and 0.025 for very many", () => {
  expect(smallSampleTail(24)).toBeCloseTo(0.0172946, 5);
  expect(smallSampleTail(100_001)).toBeCloseTo(0.025, 4);
});

test("nothing to draw from is refused", () => {
  expect(() => bootstrapClusters([Float64Array.of(0, 0)], [ratio], { resamples: 9, seed: 1 })).toThrow(
    "no clips",
  );
});
