import type { Statistic } from "../evaluation/bootstrap.js";
import {
  accuracyOf,
  type BootstrapOptions,
  type ConfusionStatistic,
  confusionIntervals,
  type Interval,
  intervalsOf,
  kappaOf,
  macroF1Of,
  recallOf,
  speakersOf,
  uarOf,
} from "../evaluation/interval.js";
import { confusionCounts, metrics } from "../evaluation/metrics.js";
import { type Entry, ensembleOf, type Part, type Pooled, pooled } from "./entries.js";

/** Bins of the expected calibration error, right-closed. */
const BINS = 10;

/**
 * All figures of an entry on one part: means over seeds, each with its interval over speakers, or the value of each speaker,
 * and its n.
 */
export interface PartScores {
  /** Number of clips (of one seed). */
  n: number;
  /** Number of speakers. */
  speakers: number;
  seeds: number[];
  classes: string[];
  /** The classes that occur in the truth: UAR and the macro AUC are means over them. */
  classesInTruth: string[];
  uar: Interval;
  /** UAR of each seed, in the order of `seeds`. */
  uarBySeed: number[];
  /** UAR of the seed ensemble, which averages the calibrated probabilities of all seeds; absent for a single seed. */
  ensembleUar?: Interval;
  accuracy: Interval;
  /** Macro F1: mean over all `classes`. */
  macroF1: Interval;
  /** Cohen's kappa. */
  kappa: Interval;
  /** Area under the ROC curve, one class against the rest, mean over `classesInTruth`; absent for a single class. */
  rocAuc?: Interval;
  /** Expected calibration error of the largest probability, 10 right-closed bins. */
  ece: Interval;
  /** The same after temperature scaling. */
  eceCalibrated: Interval;
  /** Brier score, summed over classes: 0 to 2. */
  brier: Interval;
  /** The same after temperature scaling. */
  brierCalibrated: Interval;
  /** Recall of each class in the truth. */
  recall: Record<string, Interval>;
  /** Counts summed over seeds; rows = truth. */
  confusion: number[][];
}

/**
 * The figures of an entry on one part.
 *
 * @returns `undefined` if the part was not predicted
 * @throws {RangeError} if the seeds predicted different clips
 */
export function scoresOf(entry: Entry, part: Part, options: BootstrapOptions = {}): PartScores | undefined {
  const seeds = pooled(entry, part);
  const first = seeds[0];
  if (!first) return undefined;
  const { classes } = entry;
  const present = presentIn(first);
  const recalls = Object.fromEntries(present.map((c) => [`recall/${classes[c]}`, recallOf(c)]));
  const { uar, accuracy, macroF1, kappa, ...rest } = confusionIntervals(
    seeds,
    { ...MAIN, ...recalls } as Record<string, ConfusionStatistic>,
    options,
  ) as Record<string, Interval>;
  const ensemble = ensembleOf(seeds);
  return {
    n: first.truth.length,
    speakers: speakersOf(first).length,
    seeds: entry.seeds.map(({ seed }) => seed),
    classes: [...classes],
    classesInTruth: present.map((c) => classes[c]!),
    uar: uar!,
    uarBySeed: seeds.map(
      ({ truth, predicted }) => metrics(confusionCounts(truth, predicted, classes.length), classes).uar,
    ),
    ensembleUar: ensemble && confusionIntervals([ensemble], { uar: uarOf }, options).uar,
    accuracy: accuracy!,
    macroF1: macroF1!,
    kappa: kappa!,
    rocAuc: aucInterval(seeds, present, options),
    ...calibrationIntervals(seeds, options),
    recall: Object.fromEntries(present.map((c) => [classes[c]!, rest[`recall/${classes[c]}`]!])),
    confusion: summedConfusion(seeds, classes.length),
  };
}

const MAIN = { uar: uarOf, accuracy: accuracyOf, macroF1: macroF1Of, kappa: kappaOf };

/**
 * The main figures alone, which take a small part of the time of all: the same numbers as {@link scoresOf} has.
 *
 * @param seeds of one entry, as `pooled` gives them; at least one
 */
export function mainScores(
  seeds: readonly Pooled[],
  options: BootstrapOptions = {},
): Pick<PartScores, "n" | "speakers" | "classesInTruth" | "confusion" | keyof typeof MAIN> {
  const [first] = seeds as [Pooled];
  return {
    ...confusionIntervals(seeds, MAIN, options),
    n: first.truth.length,
    speakers: speakersOf(first).length,
    classesInTruth: presentIn(first).map((c) => first.classes[c]!),
    confusion: summedConfusion(seeds, first.classes.length),
  };
}

/** The classes that occur in the truth. */
function presentIn({ classes, truth }: Pooled): number[] {
  return classes.flatMap((_, c) => (truth.includes(c) ? [c] : []));
}

/** Counts summed over seeds. */
function summedConfusion(seeds: readonly Pooled[], classes: number): number[][] {
  const all = seeds.map(({ truth, predicted }) => confusionCounts(truth, predicted, classes));
  return all[0]!.map((row, t) => row.map((_, p) => all.reduce((sum, counts) => sum + counts[t]![p]!, 0)));
}

/**
 * ECE and Brier score before and after calibration. Both are functions of sums over clips (for each bin: clips,
 * confidence, correct predictions), which add up over speakers.
 */
function calibrationIntervals(
  seeds: readonly Pooled[],
  options: BootstrapOptions,
): Pick<PartScores, "ece" | "eceCalibrated" | "brier" | "brierCalibrated"> {
  const speakers = speakersOf(seeds[0]!);
  const at = new Map(speakers.map((speaker, s) => [speaker, s]));
  const kinds = ["probabilities", "calibrated"] as const;
  // For each kind and seed: clips, sum of squares (Brier), then for each bin the sum of confidence minus correct predictions.
  const size = 2 + BINS;
  const counts = speakers.map(() => new Float64Array(size * kinds.length * seeds.length));
  seeds.forEach((seed, s) => {
    kinds.forEach((kind, k) => {
      const start = size * (kinds.length * s + k);
      for (let i = 0; i < seed.truth.length; i++)
        tally(counts[at.get(seed.speakers[i]!)!]!, start, seed, seed[kind], i);
    });
  });
  const meanOf =
    (kind: number, of: (counts: Float64Array, start: number) => number): Statistic =>
    (sums) => {
      let sum = 0;
      for (let s = 0; s < seeds.length; s++) sum += of(sums, size * (kinds.length * s + kind));
      return sum / seeds.length;
    };
  const statistics = [meanOf(0, eceAt), meanOf(1, eceAt), meanOf(0, brierAt), meanOf(1, brierAt)];
  const [ece, eceCalibrated, brier, brierCalibrated] = intervalsOf(
    counts,
    speakers,
    statistics,
    seeds[0]!.truth.length,
    options,
  );
  return { ece: ece!, eceCalibrated: eceCalibrated!, brier: brier!, brierCalibrated: brierCalibrated! };
}

function tally(
  into: Float64Array,
  start: number,
  seed: Pooled,
  probabilities: Float32Array,
  i: number,
): void {
  const classes = seed.classes.length;
  let confidence = 0;
  let squares = 0;
  for (let c = 0; c < classes; c++) {
    const p = probabilities[i * classes + c]!;
    confidence = Math.max(confidence, p);
    squares += (p - Number(seed.truth[i] === c)) ** 2;
  }
  let bin = 0;
  while (bin < BINS - 1 && confidence > (bin + 1) / BINS) bin++;
  into[start]! += 1;
  into[start + 1]! += squares;
  into[start + 2 + bin]! += confidence - Number(seed.truth[i] === seed.predicted[i]);
}

function eceAt(sums: Float64Array, start: number): number {
  let gap = 0;
  for (let bin = 0; bin < BINS; bin++) gap += Math.abs(sums[start + 2 + bin]!);
  return gap / sums[start]!;
}

function brierAt(sums: Float64Array, start: number): number {
  return sums[start + 1]! / sums[start]!;
}

/**
 * The area under the ROC curve with its interval. The area of a class is the share of pairs (a clip of the class, a clip of
 * another class) in the right order, ties counted half (Mann and Whitney). Pairs are counted once for every two speakers; a
 * resample weighs these counts by how often it drew the two.
 */
function aucInterval(
  seeds: readonly Pooled[],
  present: readonly number[],
  options: BootstrapOptions,
): Interval | undefined {
  if (present.length < 2) return undefined;
  const speakers = speakersOf(seeds[0]!);
  const tables = seeds.flatMap((seed) => present.map((c) => pairTable(seed, c, speakers)));
  const statistic: Statistic = (weights) => {
    let [sum, defined] = [0, 0];
    for (const table of tables) {
      const area = weightedArea(table, weights);
      if (Number.isNaN(area)) continue;
      sum += area;
      defined++;
    }
    return sum / defined;
  };
  const units = speakers.map((_, s) => Float64Array.from(speakers, (_, other) => Number(s === other)));
  return intervalsOf(units, speakers, [statistic], seeds[0]!.truth.length, options)[0];
}

/** Pairs of a clip of a class and a clip of another class, counted by their speakers. */
export interface PairTable {
  /** For each speaker, the clips of the class and the others. */
  positives: Float64Array;
  negatives: Float64Array;
  /** `wins[i * speakers + j]`: pairs of a positive of i and a negative of j in the right order, ties half. */
  wins: Float64Array;
}

/** Counts the pairs of one class. */
export function pairTable(seed: Pooled, positive: number, speakers: readonly string[]): PairTable {
  const size = speakers.length;
  const at = new Map(speakers.map((speaker, s) => [speaker, s]));
  const classes = seed.classes.length;
  const score = (i: number) => seed.probabilities[i * classes + positive]!;
  const order = seed.truth.map((_, i) => i).sort((a, b) => score(a) - score(b));
  const table = {
    positives: new Float64Array(size),
    negatives: new Float64Array(size),
    wins: new Float64Array(size * size),
  };
  const { positives, negatives, wins } = table;
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && score(order[to]!) === score(order[from]!)) to++;
    const ties = order.slice(from, to);
    const tied = new Float64Array(size);
    for (const i of ties) if (seed.truth[i] !== positive) tied[at.get(seed.speakers[i]!)!]! += 0.5;
    for (const i of ties) {
      if (seed.truth[i] !== positive) continue;
      const own = at.get(seed.speakers[i]!)!;
      positives[own]!++;
      for (let j = 0; j < size; j++) wins[own * size + j]! += negatives[j]! + tied[j]!;
    }
    for (let j = 0; j < size; j++) negatives[j]! += 2 * tied[j]!;
  }
  return table;
}

/** The area under the ROC curve, with the clips of each speaker counted `weights` times. */
export function weightedArea({ positives, negatives, wins }: PairTable, weights: Float64Array): number {
  const size = weights.length;
  let [won, positive, negative] = [0, 0, 0];
  for (let i = 0; i < size; i++) {
    if (weights[i] === 0) continue;
    positive += weights[i]! * positives[i]!;
    negative += weights[i]! * negatives[i]!;
    let row = 0;
    for (let j = 0; j < size; j++) row += weights[j]! * wins[i * size + j]!;
    won += weights[i]! * row;
  }
  return won / (positive * negative);
}
