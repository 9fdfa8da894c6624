import { type Random, random } from "../base/random.js";
import { normalCdf, normalQuantile, studentQuantile } from "./distributions.js";

/** A statistic of counts: NaN when it is undefined, for example without clips. */
export type Statistic = (counts: Float64Array) => number;

/** A statistic of all clusters, of every resample, and of all but each cluster in turn. */
export interface Bootstrapped {
  estimate: number;
  resampled: Float64Array;
  jackknife: Float64Array;
}

/** Limit of the draws, as a multiple of `resamples`, for statistics that are often undefined. */
const MOST_DRAWS = 10;

/**
 * Resamples clusters (speakers) with replacement. A cluster is given by additive counts, such as its confusion
 * matrix, and a statistic is a function of the summed counts: a resample costs one addition per cluster, and all
 * statistics share the same resamples. A statistic that is undefined in a resample gets a further one, so its
 * values do not depend on the other statistics.
 *
 * @param clusters the counts of each cluster, all of one length
 * @param statistics functions of the summed counts
 * @param options `resamples`; `seed` of the draws
 * @returns for each statistic its estimate and `resamples` values; fewer if it is undefined nine times in ten
 * @throws {RangeError} when a statistic is undefined for all clusters together
 * @example bootstrapClusters(rightAndAll, [(sum) => sum[0]! / sum[1]!], { resamples: 999, seed: 1 })
 */
export function bootstrapClusters(
  clusters: readonly Float64Array[],
  statistics: readonly Statistic[],
  { resamples, seed }: { resamples: number; seed: number | string },
): Bootstrapped[] {
  const counts = new Float64Array(clusters[0]?.length ?? 0);
  const measure = () => statistics.map((statistic) => statistic(counts));
  for (const cluster of clusters) add(counts, cluster, 1);
  const whole = measure();
  if (whole.some(Number.isNaN)) throw new RangeError("a statistic is undefined: there are no clips");
  const out = whole.map((estimate) => ({
    estimate,
    resampled: new Float64Array(resamples),
    jackknife: new Float64Array(clusters.length),
  }));
  const filled = new Array<number>(statistics.length).fill(0);
  const total = counts.slice();
  clusters.forEach((cluster, i) => {
    counts.set(total);
    add(counts, cluster, -1);
    // Undefined without this cluster: its influence is unknown and taken as none.
    measure().forEach((value, s) => {
      out[s]!.jackknife[i] = Number.isNaN(value) ? whole[s]! : value;
    });
  });
  resample(clusters, counts, random(`${seed}/bootstrap over speakers`), MOST_DRAWS * resamples, () => {
    let full = true;
    statistics.forEach((statistic, s) => {
      if (filled[s]! === resamples) return;
      const value = statistic(counts);
      if (!Number.isNaN(value)) out[s]!.resampled[filled[s]!++] = value;
      if (filled[s]! < resamples) full = false;
    });
    return full;
  });
  return out.map((one, s) => ({ ...one, resampled: one.resampled.slice(0, filled[s]) }));
}

/** Draws clusters, sums their counts and calls `visit`, until it returns true or the draws are used up. */
function resample(
  clusters: readonly Float64Array[],
  counts: Float64Array,
  rng: Random,
  draws: number,
  visit: () => boolean,
): void {
  const times = new Uint32Array(clusters.length);
  for (let draw = 0; draw < draws; draw++) {
    times.fill(0);
    for (let i = 0; i < clusters.length; i++) times[rng.int(clusters.length)]!++;
    counts.fill(0);
    for (let i = 0; i < clusters.length; i++) if (times[i]) add(counts, clusters[i]!, times[i]!);
    if (visit()) return;
  }
}

/**
 * The bias-corrected and accelerated (BCa) interval of Efron (1987), "Better bootstrap confidence intervals",
 * JASA 82: the percentiles of the resampled statistic at Phi(z0 + (z0 + z) / (1 - a (z0 + z))), where z0 =
 * Phi^-1(share of the resamples below the estimate, equal ones counted half) and a is the jackknife's
 * skewness over six. As `scipy.stats.bootstrap(method="BCa")`.
 *
 * @param tail share left out on either side; default 0.025. `smallSampleTail` corrects it for few clusters.
 * @returns `undefined` when all resamples are equal: the bootstrap is then uninformative
 */
export function bcaInterval(
  { estimate, resampled, jackknife }: Bootstrapped,
  tail = 0.025,
): [low: number, high: number] | undefined {
  const sorted = resampled.slice().sort();
  const count = sorted.length;
  if (count === 0 || sorted[0] === sorted[count - 1]) return undefined;
  let below = 0;
  for (const value of sorted) below += value < estimate ? 1 : value === estimate ? 0.5 : 0;
  // At least half a resample away from 0 and 1, where z0 would be infinite.
  const share = Math.min(Math.max(below, 0.5), count - 0.5) / count;
  const z0 = normalQuantile(share);
  const a = acceleration(jackknife);
  const bound = (p: number) => {
    const z = z0 + normalQuantile(p);
    const stretch = 1 - a * z;
    if (stretch <= 0) return z < 0 ? sorted[0]! : sorted[count - 1]!;
    return percentile(sorted, normalCdf(z0 + z / stretch));
  };
  return [bound(tail), bound(1 - tail)];
}

/**
 * The tail to use in a bootstrap whose interval should leave out `tail` on either side. Resampling n clusters
 * gives a spread too small by sqrt((n - 1) / n), and percentiles treat the spread as known, unlike Student's t.
 * Phi(sqrt(n / (n - 1)) t(tail, n - 1)) corrects both (Hesterberg 2015, "What teachers should know about the
 * bootstrap", The American Statistician 69).
 *
 * @param clusters how many were resampled, at least 2
 * @param tail default 0.025
 * @example smallSampleTail(24) // 0.0173
 */
export function smallSampleTail(clusters: number, tail = 0.025): number {
  return normalCdf(Math.sqrt(clusters / (clusters - 1)) * studentQuantile(tail, clusters - 1));
}

/** Sum of d^3 over 6 (sum of d^2)^1.5, where d is the mean of the jackknife values minus each of them. */
function acceleration(jackknife: Float64Array): number {
  const mean = jackknife.reduce((a, b) => a + b, 0) / jackknife.length;
  let squares = 0;
  let cubes = 0;
  for (const value of jackknife) {
    squares += (mean - value) ** 2;
    cubes += (mean - value) ** 3;
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}

/** Linear between the two nearest, as numpy's default. */
function percentile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}

function add(into: Float64Array, counts: Float64Array, times: number): void {
  for (let i = 0; i < into.length; i++) into[i]! += times * counts[i]!;
}
