import { byText, percent } from "../base/text.js";
import { bcaInterval, bootstrapClusters, type Statistic, smallSampleTail } from "./bootstrap.js";

/** What one seed answered, its folds pooled. */
export interface Scored {
  classes: readonly string[];
  /** Class indices, one a clip. */
  truth: ArrayLike<number>;
  predicted: ArrayLike<number>;
  /** Who speaks each clip: `corpus/speaker`. */
  speakers: readonly string[];
}

/** A figure with its 95 % interval, or without one and the reason why. */
export type Interval = WithInterval | WithoutInterval;

/** A figure and how far it may be off for other speakers of the same kind. */
export interface WithInterval {
  estimate: number;
  /** Clips (of one seed). */
  n: number;
  speakers: number;
  level: 0.95;
  low: number;
  high: number;
  /** How it was made: "BCa bootstrap over speakers, t-corrected tails, 9999 resamples". */
  method: string;
}

/** A figure of too few speakers for an interval: each speaker's own value instead. */
export interface WithoutInterval {
  estimate: number;
  n: number;
  speakers: number;
  perSpeaker: Record<string, number>;
  reason: string;
}

export interface BootstrapOptions {
  /** Default 9999. */
  resamples?: number;
  /** Of the draws; default 1. */
  seed?: number;
}

/** A figure of `classes` x `classes` counts, row-major, rows = truth; NaN where it is undefined. */
export type ConfusionStatistic = (confusion: Float64Array, classes: number) => number;

/** Fewer speakers than this carry no interval. */
export const FEWEST_SPEAKERS = 8;

/** Resamples of an interval unless told otherwise, as scipy's. */
const RESAMPLES = 9999;

/** UAR: mean recall over the classes that occur in the truth. */
export const uarOf: ConfusionStatistic = (confusion, classes) => {
  let sum = 0;
  let present = 0;
  for (let t = 0; t < classes; t++) {
    const support = rowSum(confusion, classes, t);
    if (support === 0) continue;
    sum += confusion[t * classes + t]! / support;
    present++;
  }
  return sum / present;
};

/** Share of right answers. */
export const accuracyOf: ConfusionStatistic = (confusion, classes) => {
  let right = 0;
  for (let t = 0; t < classes; t++) right += confusion[t * classes + t]!;
  return right / confusion.reduce((a, b) => a + b, 0);
};

/** Mean F1 over all classes; one that never occurs and is never predicted counts as 0. */
export const macroF1Of: ConfusionStatistic = (confusion, classes) => {
  let sum = 0;
  let clips = 0;
  for (let t = 0; t < classes; t++) {
    const support = rowSum(confusion, classes, t);
    const predicted = columnSum(confusion, classes, t);
    if (support + predicted > 0) sum += (2 * confusion[t * classes + t]!) / (support + predicted);
    clips += support;
  }
  return clips === 0 ? Number.NaN : sum / classes;
};

/** Recall of one class; NaN where it does not occur. */
export function recallOf(index: number): ConfusionStatistic {
  return (confusion, classes) => confusion[index * classes + index]! / rowSum(confusion, classes, index);
}

/**
 * Cohen's kappa: (p_o - p_e) / (1 - p_e), where p_o is the accuracy and p_e what truth and predictions would
 * agree on by chance (Cohen 1960, "A coefficient of agreement for nominal scales"). 0 also where it is
 * undefined: all clips are of one class and called so.
 */
export const kappaOf: ConfusionStatistic = (confusion, classes) => {
  let clips = 0;
  let right = 0;
  let byChance = 0;
  for (let t = 0; t < classes; t++) {
    const support = rowSum(confusion, classes, t);
    clips += support;
    right += confusion[t * classes + t]!;
    byChance += support * columnSum(confusion, classes, t);
  }
  const expected = byChance / clips ** 2;
  return expected === 1 ? 0 : (right / clips - expected) / (1 - expected);
};

/**
 * UAR with its 95 % interval over speakers: {@link confusionIntervals} of {@link uarOf}.
 *
 * @example uarInterval([{ classes: ["a", "b"], truth: [0, 1], predicted: [0, 0], speakers }]).estimate // 0.5
 */
export function uarInterval(seeds: readonly Scored[], options: BootstrapOptions = {}): Interval {
  return confusionIntervals(seeds, { uar: uarOf }, options).uar;
}

/**
 * Figures of confusion matrices, each with its 95 % interval by BCa bootstrap over speakers. The folds of a
 * seed are pooled into one confusion matrix, the figure is computed for each seed, and the mean over seeds is
 * reported. A resample draws whole speakers, with replacement, the same for all seeds; UAR of a resample that
 * lacks a class is the mean over those it has. The tails are those of {@link smallSampleTail}. So the
 * interval says how much the figure would differ for other speakers, not for other trainings.
 *
 * With fewer than {@link FEWEST_SPEAKERS} speakers resampling them says too little; then there is each
 * speaker's own value and no interval. The same where all resamples agree.
 *
 * @param seeds the same clips answered once a seed, in any order
 * @param statistics by name, such as {@link uarOf}, {@link accuracyOf}, {@link macroF1Of}, {@link recallOf}
 * @throws {RangeError} when there is no clip, when seeds differ in classes or clips, or when a figure is
 *   undefined, as the recall of a class that does not occur
 * @example confusionIntervals(seeds, { uar: uarOf, accuracy: accuracyOf }).accuracy.estimate
 */
export function confusionIntervals<Name extends string>(
  seeds: readonly Scored[],
  statistics: Record<Name, ConfusionStatistic>,
  options: BootstrapOptions = {},
): Record<Name, Interval> {
  checkSeeds(seeds);
  const classes = seeds[0]!.classes.length;
  const speakers = speakersOf(seeds[0]!);
  const counts = stackCounts(
    seeds.map((seed) => confusionBySpeaker(seed)),
    speakers,
    classes,
  );
  return countIntervals(counts, speakers, classes, statistics, options);
}

/**
 * {@link confusionIntervals} of counts instead of answers.
 *
 * @param counts for each speaker the confusion matrices of all seeds, one after the other
 * @param speakers their names
 * @param classes number of classes
 */
export function countIntervals<Name extends string>(
  counts: readonly Float64Array[],
  speakers: readonly string[],
  classes: number,
  statistics: Record<Name, ConfusionStatistic>,
  options: BootstrapOptions = {},
): Record<Name, Interval> {
  const names = Object.keys(statistics) as Name[];
  const functions = names.map((name) => meanOverSeeds(statistics[name], classes));
  const seeds = (counts[0]?.length ?? 0) / classes ** 2;
  const n = counts.reduce((sum, list) => sum + list.reduce((a, b) => a + b, 0), 0) / seeds;
  const intervals = intervalsOf(counts, speakers, functions, n, options);
  return Object.fromEntries(names.map((name, i) => [name, intervals[i]!])) as Record<Name, Interval>;
}

/**
 * Intervals of statistics of counts that add up over speakers.
 *
 * @param n clips, for the record
 * @param independent how many speakers there are to judge by, where that is fewer than all
 * @throws {RangeError} when a statistic is undefined
 */
export function intervalsOf(
  counts: readonly Float64Array[],
  speakers: readonly string[],
  statistics: readonly Statistic[],
  n: number,
  { resamples = RESAMPLES, seed = 1 }: BootstrapOptions = {},
  independent = speakers.length,
): Interval[] {
  const few = independent < FEWEST_SPEAKERS;
  const all = bootstrapClusters(counts, statistics, { resamples: few ? 0 : resamples, seed });
  return all.map((bootstrapped, i): Interval => {
    const figure = { estimate: bootstrapped.estimate, n, speakers: speakers.length };
    const interval = few ? undefined : bcaInterval(bootstrapped, smallSampleTail(independent));
    if (interval) {
      const method = `BCa bootstrap over speakers, t-corrected tails, ${resamples} resamples`;
      return { ...figure, level: 0.95, low: interval[0], high: interval[1], method };
    }
    const own = speakers.map((name, s) => [name, statistics[i]!(counts[s]!)] as const);
    const perSpeaker = Object.fromEntries(own.filter(([, value]) => !Number.isNaN(value)));
    return { ...figure, perSpeaker, reason: few ? tooFew(independent) : ALIKE };
  });
}

/** The confusion matrix of each speaker, row-major. */
export function confusionBySpeaker({
  classes,
  truth,
  predicted,
  speakers,
}: Scored): Map<string, Float64Array> {
  const size = classes.length;
  const out = new Map<string, Float64Array>();
  for (let i = 0; i < truth.length; i++) {
    let counts = out.get(speakers[i]!);
    if (!counts) {
      counts = new Float64Array(size * size);
      out.set(speakers[i]!, counts);
    }
    counts[truth[i]! * size + predicted[i]!]!++;
  }
  return out;
}

/** Each speaker's matrices one after the other; zeros where one has none. */
export function stackCounts(
  matrices: readonly ReadonlyMap<string, Float64Array>[],
  speakers: readonly string[],
  classes: number,
): Float64Array[] {
  return speakers.map((speaker) => {
    const stacked = new Float64Array(matrices.length * classes ** 2);
    matrices.forEach((matrix, i) => {
      const own = matrix.get(speaker);
      if (own) stacked.set(own, i * classes ** 2);
    });
    return stacked;
  });
}

/** The mean of a figure over the confusion matrices that lie one after the other. */
export function meanOverSeeds(statistic: ConfusionStatistic, classes: number): Statistic {
  return (counts) => {
    const size = classes ** 2;
    let sum = 0;
    for (let start = 0; start < counts.length; start += size) {
      sum += statistic(counts.subarray(start, start + size), classes);
    }
    return sum / (counts.length / size);
  };
}

/** The speakers of the clips, in an order that does not depend on the clips'. */
export function speakersOf({ speakers }: Scored): string[] {
  return [...new Set(speakers)].sort(byText);
}

/** Refuses seeds that did not answer the same clips. */
export function checkSeeds(seeds: readonly Scored[]): void {
  const first = seeds[0];
  if (!first) throw new RangeError("there is nothing to evaluate: no seed");
  seeds.forEach(checkScored);
  if (seeds.length === 1) return;
  const expected = describeClips(first);
  if (seeds.some((seed) => describeClips(seed) !== expected)) {
    throw new RangeError(
      "the seeds answered different clips: compare only seeds of the same clips and classes",
    );
  }
}

/** Refuses answers whose lists differ in length or name no class. */
function checkScored({ classes, truth, predicted, speakers }: Scored): void {
  if (truth.length === 0) throw new RangeError("there is nothing to evaluate: no clips");
  if (truth.length !== predicted.length || truth.length !== speakers.length) {
    throw new RangeError(
      `${truth.length} true classes, ${predicted.length} predicted ones and ${speakers.length} speakers do not match`,
    );
  }
  for (let i = 0; i < truth.length; i++) {
    if (classes[truth[i]!] !== undefined && classes[predicted[i]!] !== undefined) continue;
    throw new RangeError(`no such class: true ${truth[i]}, predicted ${predicted[i]}, of ${classes.length}`);
  }
}

/** Classes, speakers and their numbers of clips of each class, as text. */
function describeClips(seed: Scored): string {
  const size = seed.classes.length;
  const matrices = confusionBySpeaker(seed);
  const rows = speakersOf(seed).map((speaker) => [
    speaker,
    seed.classes.map((_, t) => rowSum(matrices.get(speaker)!, size, t)),
  ]);
  return JSON.stringify([seed.classes, rows]);
}

function rowSum(confusion: Float64Array, classes: number, row: number): number {
  let sum = 0;
  for (let p = 0; p < classes; p++) sum += confusion[row * classes + p]!;
  return sum;
}

function columnSum(confusion: Float64Array, classes: number, column: number): number {
  let sum = 0;
  for (let t = 0; t < classes; t++) sum += confusion[t * classes + column]!;
  return sum;
}

const ALIKE = "no interval: every resample of the speakers gives the same value";

function tooFew(speakers: number): string {
  const who = speakers === 1 ? "one speaker" : `${speakers} speakers`;
  return `no interval: ${who}, and fewer than ${FEWEST_SPEAKERS} say too little about others`;
}

/** "52.1 [48.0, 56.3]", or "52.1" where there is no interval. */
export function withInterval(figure: Interval, format: (value: number) => string = percent): string {
  return "low" in figure
    ? `${format(figure.estimate)} [${format(figure.low)}, ${format(figure.high)}]`
    : format(figure.estimate);
}

/** An interval as figures take it. */
export function estimateOf(figure: Interval): { estimate: number; low?: number; high?: number } {
  return "low" in figure
    ? { estimate: figure.estimate, low: figure.low, high: figure.high }
    : { estimate: figure.estimate };
}
