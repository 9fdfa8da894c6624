import { byText, percent } from "../base/text.js";
import { bcaInterval, bootstrapClusters, type Statistic, smallSampleTail } from "./bootstrap.js";

/** The predictions of one seed, its folds pooled. */
export interface Scored {
  /** Names of the classes, in the order of the indices. */
  classes: readonly string[];
  /** True class indices, one per clip. */
  truth: ArrayLike<number>;
  /** Predicted class indices, one per clip. */
  predicted: ArrayLike<number>;
  /** The speaker of each clip: `corpus/speaker`. */
  speakers: readonly string[];
}

/** An estimate with its 95 % interval, or without one and the reason why; `"low" in interval` tells them apart. */
export type Interval = WithInterval | WithoutInterval;

/** An estimate with its 95 % interval over speakers: its range for other speakers of the same kind. */
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

/** An estimate from too few speakers for an interval: each speaker's own value instead. */
export interface WithoutInterval {
  estimate: number;
  /** Clips (of one seed). */
  n: number;
  speakers: number;
  /** The value of each speaker, by `corpus/speaker`; speakers for whom it is undefined are left out. */
  perSpeaker: Record<string, number>;
  /** Why there is no interval. */
  reason: string;
}

/** Options of the bootstrap over speakers. */
export interface BootstrapOptions {
  /** Number of resamples; default 9999, as scipy's `bootstrap`. */
  resamples?: number;
  /** Seed of the resampling; default 1. */
  seed?: number;
}

/** A statistic of a confusion matrix: `classes x classes` counts, row-major, rows = truth. NaN when undefined. */
export type ConfusionStatistic = (confusion: Float64Array, classes: number) => number;

/** With fewer speakers there is no interval. */
export const FEWEST_SPEAKERS = 8;

/** Default number of resamples, as scipy's. */
const RESAMPLES = 9999;

/**
 * UAR (unweighted average recall): the mean recall over the classes that occur in the truth, as scikit-learn's
 * `balanced_accuracy_score`. NaN without clips.
 *
 * @example uarOf(Float64Array.of(3, 1, 0, 2), 2); // => (3 / 4 + 2 / 2) / 2
 */
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

/**
 * Accuracy (weighted accuracy, WA): the share of correct predictions. NaN without clips.
 *
 * @example accuracyOf(Float64Array.of(3, 1, 0, 2), 2); // => 5 / 6
 */
export const accuracyOf: ConfusionStatistic = (confusion, classes) => {
  let right = 0;
  for (let t = 0; t < classes; t++) right += confusion[t * classes + t]!;
  return right / confusion.reduce((a, b) => a + b, 0);
};

/**
 * Macro F1: the mean F1 over all classes, as scikit-learn's `f1_score(average="macro", zero_division=0)`. A class
 * that never occurs and is never predicted counts as 0. NaN without clips.
 *
 * @example macroF1Of(Float64Array.of(3, 1, 0, 2), 2); // => (6 / 7 + 4 / 5) / 2
 */
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

/**
 * The recall of one class, as a statistic; NaN when the class does not occur.
 *
 * @param index of the class
 * @example recallOf(0)(Float64Array.of(3, 1, 0, 2), 2); // => 3 / 4
 */
export function recallOf(index: number): ConfusionStatistic {
  return (confusion, classes) => confusion[index * classes + index]! / rowSum(confusion, classes, index);
}

/**
 * Cohen's kappa: (p_o - p_e) / (1 - p_e), where p_o is the accuracy and p_e the agreement of truth and
 * predictions expected by chance (Cohen 1960, "A coefficient of agreement for nominal scales"), as scikit-learn's
 * `cohen_kappa_score`. 0 also when it is undefined: all clips are of one class and predicted as such.
 *
 * @example kappaOf(Float64Array.of(3, 1, 0, 2), 2); // => (5 / 6 - 1 / 2) / (1 - 1 / 2)
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
 * @param seeds predictions on the same clips, one entry per seed
 * @returns an interval from 8 speakers on, else the UAR of each speaker
 * @throws {RangeError} when there are no clips, or seeds differ in classes or clips
 * @example
 * const classes = ["anger", "neutral"];
 * const speakers = ["savee/DC", "savee/DC", "savee/JE", "savee/JE"];
 * const uar = uarInterval([{ classes, truth: [0, 1, 0, 1], predicted: [0, 1, 1, 1], speakers }]);
 * uar.estimate; // => 0.75
 * "low" in uar ? [uar.low, uar.high] : uar.perSpeaker; // => { "savee/DC": 1, "savee/JE": 0.5 }
 */
export function uarInterval(seeds: readonly Scored[], options: BootstrapOptions = {}): Interval {
  return confusionIntervals(seeds, { uar: uarOf }, options).uar;
}

/**
 * Statistics of confusion matrices, each with its 95 % interval by BCa bootstrap over speakers (Efron 1987). The
 * folds of a seed are pooled into one confusion matrix, the statistic is computed for each seed, and the mean
 * over seeds is reported. A resample draws whole speakers with replacement, the same for all seeds; the UAR of a
 * resample that lacks a class is the mean over those it has. The tails are corrected for few speakers by
 * Student's t (Hesterberg 2015). The interval covers the variation between speakers, not between trainings.
 *
 * With fewer than 8 speakers a bootstrap is unreliable: each speaker's own value is returned and no interval.
 * The same when all resamples agree.
 *
 * @param seeds predictions on the same clips, one entry per seed, the clips in any order
 * @param statistics by name, such as {@link uarOf}, {@link accuracyOf}, {@link macroF1Of}, {@link recallOf}
 * @returns an interval for each statistic, by its name
 * @throws {RangeError} when there are no clips, seeds differ in classes or clips, or a statistic is undefined,
 *   as the recall of a class that does not occur
 * @example
 * // Eight speakers, one clip of each emotion; the last speaker's neutral clip is predicted as anger.
 * const clips = Array.from({ length: 16 }, (_, i) => i);
 * const scored: Scored = {
 *   classes: ["anger", "neutral"],
 *   truth: clips.map((i) => i % 2),
 *   predicted: clips.map((i) => (i === 15 ? 0 : i % 2)),
 *   speakers: clips.map((i) => `emodb/${Math.floor(i / 2)}`),
 * };
 * const { uar, neutral } = confusionIntervals([scored], { uar: uarOf, neutral: recallOf(1) });
 * [uar.estimate, neutral.estimate]; // => [15 / 16, 7 / 8]
 * if ("low" in uar) console.log(`UAR between ${uar.low.toFixed(2)} and ${uar.high.toFixed(2)}`);
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
 * {@link confusionIntervals} from counts instead of predictions.
 *
 * @param counts for each speaker the confusion matrices of all seeds, concatenated
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
 * Intervals of statistics of counts that are summed over speakers.
 *
 * @param n number of clips, copied to the result
 * @param independent number of independent speakers, when that is fewer than all
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

/** Each speaker's matrices, concatenated; zeros for a speaker who has none. */
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

/** The mean of a statistic over concatenated confusion matrices. */
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

/** The speakers of the clips, sorted. */
export function speakersOf({ speakers }: Scored): string[] {
  return [...new Set(speakers)].sort(byText);
}

/** Rejects seeds that did not predict the same clips. */
export function checkSeeds(seeds: readonly Scored[]): void {
  const first = seeds[0];
  if (!first) throw new RangeError("there is nothing to evaluate: no seed");
  seeds.forEach(checkScored);
  if (seeds.length === 1) return;
  const expected = describeClips(first);
  if (seeds.some((seed) => describeClips(seed) !== expected)) {
    throw new RangeError(
      "the seeds have predictions for different clips: compare only seeds of the same clips and classes",
    );
  }
}

/** Rejects predictions whose lists differ in length or contain an unknown class. */
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

/** The classes, and each speaker's number of clips of each class, as text. */
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

/** "52.1 [48.0, 56.3]", or "52.1" without an interval. */
export function withInterval(figure: Interval, format: (value: number) => string = percent): string {
  return "low" in figure
    ? `${format(figure.estimate)} [${format(figure.low)}, ${format(figure.high)}]`
    : format(figure.estimate);
}

/**
 * The estimate of an {@link Interval}, with its bounds if it has any: what figures take.
 *
 * @example
 * const uar = uarInterval([{ classes: ["anger"], truth: [0], predicted: [0], speakers: ["savee/DC"] }]);
 * estimateOf(uar); // => { estimate: 1 }
 */
export function estimateOf(figure: Interval): { estimate: number; low?: number; high?: number } {
  return "low" in figure
    ? { estimate: figure.estimate, low: figure.low, high: figure.high }
    : { estimate: figure.estimate };
}
