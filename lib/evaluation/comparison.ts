import { random } from "../base/random.js";
import { byText } from "../base/text.js";
import type { Statistic } from "./bootstrap.js";
import { coinTail, erfc } from "./distributions.js";
import {
  type BootstrapOptions,
  type ConfusionStatistic,
  checkSeeds,
  confusionBySpeaker,
  type Interval,
  intervalsOf,
  meanOverSeeds,
  type Scored,
  speakersOf,
  stackCounts,
  uarOf,
} from "./interval.js";

/** Two models on the same clips. */
export interface Comparison {
  /** UAR of the first model less that of the second, with its interval. */
  difference: Interval;
  /** Of the permutation test, two-sided: how often models that do not differ would differ by as much. */
  p: number;
  /** The smallest p that this many speakers allow. */
  smallestP: number;
  /** Clips (of one seed). */
  n: number;
  speakers: number;
  /** "too few speakers to test", where even the smallest p exceeds 0.05. */
  note?: string;
  /** Of the two models' first seeds; descriptive only, since it takes the clips of a speaker as independent. */
  mcnemar: McNemar;
}

/** McNemar's test of the clips that one of two models gets right and the other wrong. */
export interface McNemar {
  /** Clips that only the first model gets right. */
  onlyFirst: number;
  /** Clips that only the second model gets right. */
  onlySecond: number;
  /** Two-sided, by the binomial distribution. */
  exactP: number;
  /** With Edwards' continuity correction; one degree of freedom. */
  chiSquare: number;
  chiSquareP: number;
}

export interface ComparisonOptions extends BootstrapOptions {
  /** Random permutations where there are too many to try all; default 10,000. */
  permutations?: number;
}

/** Up to this many speakers all 2^n permutations are tried. */
const ENUMERATED_SPEAKERS = 14;

/**
 * Whether one model has a higher UAR than another on the same clips: a paired permutation test clustered by
 * speaker. If the models do not differ, then for each speaker their answers could as well be swapped, all
 * clips and seeds of the speaker at once; p is the share of such swaps whose difference is at least as large,
 * in either direction. All 2^n swaps are tried up to 14 speakers, beyond that `permutations` random ones,
 * with p = (1 + as large) / (1 + tried).
 *
 * @param a answers of the first model, one entry a seed
 * @param b answers of the second, on the same clips in the same order; it may have another number of seeds
 * @throws {RangeError} when the models did not answer the same clips
 * @example const { difference, p } = compareModels([cnn], [lstm]);
 */
export function compareModels(
  a: readonly Scored[],
  b: readonly Scored[],
  options: ComparisonOptions = {},
): Comparison {
  checkSeeds([...a, ...b]);
  if (a.length === 0 || b.length === 0) throw new RangeError("a comparison takes a seed of each model");
  const difference = differenceInterval(a, b, uarOf, options);
  const own = contributions(a, b);
  const smallestP = smallestAttainable(own.length, options.permutations);
  return {
    difference,
    p: permutationP(own, options),
    smallestP,
    n: difference.n,
    speakers: own.length,
    ...(2 / 2 ** own.length > 0.05 && { note: "too few speakers to test" }),
    mcnemar: mcnemarOf(a[0]!, b[0]!),
  };
}

/**
 * A figure of one set of answers less that of another, with its interval by BCa bootstrap over speakers. The
 * clips need not be the same (as under two protocols); a speaker on both sides is drawn for both, so that
 * what the sides share cancels.
 *
 * @param statistic default {@link uarOf}
 * @returns an interval where each side has at least 8 speakers; `n` is the number of clips of the larger side
 * @throws {RangeError} when seeds of a side differ in clips or the sides in classes
 * @example differenceInterval(random, independent).estimate // what leakage pretends
 */
export function differenceInterval(
  a: readonly Scored[],
  b: readonly Scored[],
  statistic: ConfusionStatistic = uarOf,
  options: BootstrapOptions = {},
): Interval {
  checkSeeds(a);
  checkSeeds(b);
  const [first, second] = [a[0]!, b[0]!];
  if (first.classes.join() !== second.classes.join()) {
    throw new RangeError(`the classes differ: ${first.classes.join(", ")} and ${second.classes.join(", ")}`);
  }
  const classes = first.classes.length;
  const [own, others] = [speakersOf(first), speakersOf(second)];
  const speakers = [...new Set([...own, ...others])].sort(byText);
  const counts = stackCounts([...a, ...b].map(confusionBySpeaker), speakers, classes);
  const border = a.length * classes ** 2;
  const mean = meanOverSeeds(statistic, classes);
  const difference: Statistic = (list) => mean(list.subarray(0, border)) - mean(list.subarray(border));
  const n = Math.max(first.truth.length, second.truth.length);
  return intervalsOf(counts, speakers, [difference], n, options, Math.min(own.length, others.length))[0]!;
}

/**
 * Holm's step-down correction of p values for testing all of them at once (1979, Scandinavian Journal of
 * Statistics 6).
 *
 * @returns the corrected ones in the given order, at most 1
 * @example holm([0.01, 0.04, 0.03]) // [0.03, 0.06, 0.06]
 */
export function holm(p: readonly number[]): number[] {
  const order = p.map((_, i) => i).sort((i, j) => p[i]! - p[j]!);
  const out = new Array<number>(p.length);
  let largest = 0;
  order.forEach((i, rank) => {
    largest = Math.max(largest, Math.min(1, (p.length - rank) * p[i]!));
    out[i] = largest;
  });
  return out;
}

/**
 * McNemar's test from the two counts of clips on which the models disagree. Without such clips nothing speaks
 * against the models being equal: both p are 1.
 *
 * @example mcnemar(12, 25).exactP // 0.0470310274
 */
export function mcnemar(onlyFirst: number, onlySecond: number): McNemar {
  const n = onlyFirst + onlySecond;
  const exactP = Math.min(1, 2 * coinTail(Math.min(onlyFirst, onlySecond), n));
  const chiSquare = n === 0 ? 0 : Math.max(0, Math.abs(onlyFirst - onlySecond) - 1) ** 2 / n;
  return { onlyFirst, onlySecond, exactP, chiSquare, chiSquareP: erfc(Math.sqrt(chiSquare / 2)) };
}

function mcnemarOf(a: Scored, b: Scored): McNemar {
  let onlyFirst = 0;
  let onlySecond = 0;
  for (let i = 0; i < a.truth.length; i++) {
    if (a.truth[i] !== b.truth[i] || a.speakers[i] !== b.speakers[i]) {
      throw new RangeError(`the models' clips are not in the same order: they differ at ${i}`);
    }
    const right = a.predicted[i] === a.truth[i];
    if (right === (b.predicted[i] === b.truth[i])) continue;
    if (right) onlyFirst++;
    else onlySecond++;
  }
  return mcnemar(onlyFirst, onlySecond);
}

/**
 * What each speaker adds to the difference in UAR. Swapping a speaker's answers leaves the clips of each
 * class as they are, so it just turns the sign of the speaker's part.
 */
function contributions(a: readonly Scored[], b: readonly Scored[]): number[] {
  const speakers = speakersOf(a[0]!);
  const classes = a[0]!.classes.length;
  const support = new Float64Array(classes);
  for (let i = 0; i < a[0]!.truth.length; i++) support[a[0]!.truth[i]!]!++;
  const present = support.filter((n) => n > 0).length;
  const parts = new Map(speakers.map((speaker) => [speaker, 0]));
  for (const [seeds, sign] of [
    [a, 1],
    [b, -1],
  ] as const) {
    for (const { truth, predicted, speakers: who } of seeds) {
      for (let i = 0; i < truth.length; i++) {
        if (truth[i] !== predicted[i]) continue;
        const part = sign / (support[truth[i]!]! * present * seeds.length);
        parts.set(who[i]!, parts.get(who[i]!)! + part);
      }
    }
  }
  return speakers.map((speaker) => parts.get(speaker)!);
}

function permutationP(
  parts: readonly number[],
  { permutations = 10_000, seed = 1 }: ComparisonOptions,
): number {
  const observed = Math.abs(parts.reduce((a, b) => a + b, 0));
  // Sums of the same terms in another order or sign may differ in the last digits.
  const least = observed - 1e-12;
  if (parts.length <= ENUMERATED_SPEAKERS) {
    const all = 2 ** parts.length;
    let asLarge = 0;
    for (let swaps = 0; swaps < all; swaps++) {
      let sum = 0;
      for (let i = 0; i < parts.length; i++) sum += (swaps >> i) & 1 ? -parts[i]! : parts[i]!;
      if (Math.abs(sum) >= least) asLarge++;
    }
    return asLarge / all;
  }
  const rng = random(`${seed}/permutation by speaker`);
  let asLarge = 0;
  for (let draw = 0; draw < permutations; draw++) {
    let sum = 0;
    for (const part of parts) sum += rng.uint32() & 1 ? -part : part;
    if (Math.abs(sum) >= least) asLarge++;
  }
  return (1 + asLarge) / (1 + permutations);
}

/** Swapping nobody and swapping everybody are always as large as what is observed. */
function smallestAttainable(speakers: number, permutations = 10_000): number {
  return speakers <= ENUMERATED_SPEAKERS ? 2 / 2 ** speakers : 1 / (1 + permutations);
}
