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

/** A comparison of two models on the same clips. */
export interface Comparison {
  /** UAR of the first model minus UAR of the second, with its 95 % interval. */
  difference: Interval;
  /** Two-sided p value of the permutation test: how often models that do not differ would differ by as much. */
  p: number;
  /** The smallest p that this many speakers allow. */
  smallestP: number;
  /** Clips (of one seed). */
  n: number;
  speakers: number;
  /** "too few speakers to test", when even the smallest p exceeds 0.05. */
  note?: string;
  /** McNemar's test of the models' first seeds; descriptive only, since it treats the clips of a speaker as independent. */
  mcnemar: McNemar;
}

/** McNemar's test of the clips that one of two models gets right and the other wrong. */
export interface McNemar {
  /** Clips that only the first model gets right. */
  onlyFirst: number;
  /** Clips that only the second model gets right. */
  onlySecond: number;
  /** Two-sided p value of the binomial distribution. */
  exactP: number;
  /** Statistic with Edwards' continuity correction, `(|b - c| - 1)^2 / (b + c)`; one degree of freedom. */
  chiSquare: number;
  /** p value of `chiSquare`. */
  chiSquareP: number;
}

/** Options of {@link compareModels}: its bootstrap interval and its permutation test. */
export interface ComparisonOptions extends BootstrapOptions {
  /** Number of random permutations with more than 14 speakers; default 10,000. */
  permutations?: number;
}

/** Up to this many speakers all 2^n permutations are enumerated. */
const ENUMERATED_SPEAKERS = 14;

/**
 * Whether one model has a higher UAR than another on the same clips: a paired permutation test clustered by
 * speaker. If the models do not differ, their predictions can be swapped for any speaker, all clips and seeds
 * of the speaker at once. p is the share of such swaps whose difference is at least as large, in either
 * direction. With up to 14 speakers all 2^n swaps are enumerated, otherwise `permutations` random ones are
 * drawn and p = (1 + as large) / (1 + drawn).
 *
 * @param a predictions of the first model, one entry per seed
 * @param b predictions of the second, on the same clips in the same order; the number of seeds may differ
 * @throws {RangeError} when the models predicted different clips
 * @example
 * const speakers = ["savee/DC", "savee/DC", "savee/JE", "savee/JE"];
 * const cnn: Scored = { classes: ["anger", "neutral"], truth: [0, 1, 0, 1], predicted: [0, 1, 0, 1], speakers };
 * const majority: Scored = { ...cnn, predicted: [0, 0, 0, 0] };
 * const { difference, p, note } = compareModels([cnn], [majority]);
 * difference.estimate; // => 0.5
 * [p, note]; // => [0.5, "too few speakers to test"]
 */
export function compareModels(
  a: readonly Scored[],
  b: readonly Scored[],
  options: ComparisonOptions = {},
): Comparison {
  checkSeeds([...a, ...b]);
  if (a.length === 0 || b.length === 0)
    throw new RangeError("a comparison needs at least one seed per model");
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
 * The difference of a statistic between two sets of predictions (first minus second), with its 95 % interval by
 * BCa bootstrap over speakers. The clips may differ, as under two protocols; a speaker on both sides is drawn for
 * both, so that what the sides share cancels.
 *
 * @param a predictions of the first, one entry per seed
 * @param b predictions of the second, one entry per seed
 * @param statistic default {@link uarOf}
 * @returns an interval when each side has at least 8 speakers; `n` is the number of clips of the larger side
 * @throws {RangeError} when seeds of a side differ in clips, or the sides in classes
 * @example
 * const speakers = ["savee/DC", "savee/DC", "savee/JE", "savee/JE"];
 * const leaky: Scored = { classes: ["anger", "neutral"], truth: [0, 1, 0, 1], predicted: [0, 1, 0, 1], speakers };
 * const independent: Scored = { ...leaky, predicted: [0, 1, 1, 1] };
 * differenceInterval([leaky], [independent], accuracyOf).estimate; // => 0.25
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
 * Holm's step-down correction of p values for multiple tests (1979, Scandinavian Journal of Statistics 6), as
 * R's `p.adjust(method = "holm")`.
 *
 * @returns the corrected p values in the given order, at most 1
 * @example holm([0.01, 0.04, 0.03]); // => [0.03, 0.06, 0.06]
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
 * McNemar's test from the numbers of clips that only one of two models gets right. Without such clips both p
 * values are 1. It treats clips as independent; {@link compareModels} respects speakers.
 *
 * @param onlyFirst clips that only the first model gets right
 * @param onlySecond clips that only the second model gets right
 * @example
 * mcnemar(1, 5).exactP; // => 14 / 64
 * mcnemar(1, 5).chiSquare; // => 1.5
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
 * Each speaker's contribution to the difference in UAR. Swapping a speaker's predictions does not change the
 * number of clips of each class, so it only changes the sign of the contribution.
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

/** Swapping nobody and swapping everybody always give a difference as large as the observed one. */
function smallestAttainable(speakers: number, permutations = 10_000): number {
  return speakers <= ENUMERATED_SPEAKERS ? 2 / 2 ** speakers : 1 / (1 + permutations);
}
