import { byText } from "../base/text.js";
import { answers, type Probabilities } from "./calibration.js";
import { type BootstrapOptions, type Interval, intervalsOf } from "./interval.js";

/** A point of the risk-coverage curve: the error rate when only confident predictions are answered. */
export interface RiskPoint {
  /** Clips with at least this confidence are answered. */
  threshold: number;
  /** Share of the clips that is answered. */
  coverage: number;
  /** Share of the answered clips whose prediction is wrong. */
  risk: number;
}

/** Wanted accuracy on the answered clips. */
const WANTED_ACCURACY = 0.75;

/** Minimum share of the clips to answer. */
const LEAST_COVERAGE = 0.5;

/**
 * Risk-coverage curve: one point for each confidence that occurs, from answering all clips to answering
 * only the most confident (El-Yaniv and Wiener 2010, "On the foundations of noise-free selective
 * classification", JMLR 11). The confidence of a clip is its largest probability.
 *
 * @param probabilities `clips x classes`, row by row
 * @param truth class indices
 * @param classes number of classes
 * @returns points by decreasing coverage; clips of equal confidence are answered together
 * @throws {RangeError} when lengths do not match or there are no clips
 * @example
 * const points = riskCoverage(Float32Array.of(0.9, 0.1, 0.4, 0.6), [0, 0], 2);
 * points[0]; // => { threshold: 0.6, coverage: 1, risk: 0.5 }
 * points[1]; // => { threshold: 0.9, coverage: 0.5, risk: 0 }
 */
export function riskCoverage(
  probabilities: Probabilities,
  truth: ArrayLike<number>,
  classes: number,
): RiskPoint[] {
  const { confidence, right } = answers(probabilities, truth, classes);
  const order = right.map((_, i) => i).sort((i, j) => confidence[j]! - confidence[i]!);
  const points: RiskPoint[] = [];
  let wrong = 0;
  order.forEach((clip, rank) => {
    if (!right[clip]) wrong++;
    const threshold = confidence[clip]!;
    const next = order[rank + 1];
    if (next !== undefined && confidence[next] === threshold) return;
    points.push({ threshold, coverage: (rank + 1) / order.length, risk: wrong / (rank + 1) });
  });
  return points.reverse();
}

/**
 * The confidence below which a model should abstain: the smallest threshold with an accuracy of at least 75 %
 * on the answered clips and a coverage of at least 50 %. Choose it on validation clips, from the same kind of
 * probabilities that it will be compared with (calibrated ones, if the model is calibrated).
 *
 * @param probabilities `clips x classes`, row by row
 * @param truth class indices
 * @param classes number of classes
 * @returns a confidence in [0, 1]; 0 when answering all clips reaches 75 %. When no threshold reaches 75 % at
 *   50 % coverage, the one with the highest accuracy among those that answer at least half; the smallest of
 *   equals.
 * @throws {RangeError} when lengths do not match or there are no clips
 * @example
 * const probabilities = Float64Array.of(0.9, 0.1, 0.8, 0.2, 0.6, 0.4, 0.55, 0.45);
 * chooseThreshold(probabilities, [0, 0, 1, 1], 2); // => 0.8
 */
export function chooseThreshold(
  probabilities: Probabilities,
  truth: ArrayLike<number>,
  classes: number,
): number {
  const points = riskCoverage(probabilities, truth, classes);
  const allowed = points.filter(({ coverage }) => coverage >= LEAST_COVERAGE);
  const least = Math.min(...allowed.map(({ risk }) => risk));
  const chosen = allowed.find(({ risk }) => risk <= Math.max(least, 1 - WANTED_ACCURACY))!;
  return chosen === points[0] ? 0 : chosen.threshold;
}

/** Coverage and accuracy at a threshold, on clips that it was not chosen on. */
export interface Abstention {
  threshold: number;
  /** Share of the clips that is answered. */
  coverage: Interval;
  /** Accuracy on the answered clips; absent when none is answered. */
  accuracy?: Interval;
}

/**
 * Coverage of a threshold, and accuracy on the answered clips, with 95 % intervals over speakers (made as in
 * {@link confusionIntervals}).
 *
 * @param probabilities `clips x classes`, row by row; calibrated ones, if the threshold was chosen on such
 * @param truth class indices
 * @param speakers one per clip, `corpus/speaker`
 * @param classes number of classes
 * @param threshold clips with at least this confidence are answered
 * @throws {RangeError} when lengths do not match or there are no clips
 * @example
 * const probabilities = Float64Array.of(0.9, 0.1, 0.4, 0.6, 0.8, 0.2, 0.3, 0.7);
 * const speakers = ["savee/DC", "savee/DC", "savee/JE", "savee/JE"];
 * const { coverage, accuracy } = abstentionAt(probabilities, [0, 0, 1, 1], speakers, 2, 0.65);
 * coverage.estimate; // => 3 / 4
 * accuracy?.estimate; // => 2 / 3
 */
export function abstentionAt(
  probabilities: Probabilities,
  truth: ArrayLike<number>,
  speakers: readonly string[],
  classes: number,
  threshold: number,
  options: BootstrapOptions = {},
): Abstention {
  const { confidence, right } = answers(probabilities, truth, classes);
  if (speakers.length !== right.length)
    throw new RangeError(`${right.length} clips and ${speakers.length} speakers do not match`);
  const names = [...new Set(speakers)].sort(byText);
  // Per speaker: clips, answered clips, correctly answered clips.
  const counts = new Map(names.map((name) => [name, new Float64Array(3)]));
  right.forEach((isRight, i) => {
    const own = counts.get(speakers[i]!)!;
    own[0]!++;
    if (confidence[i]! < threshold) return;
    own[1]!++;
    if (isRight) own[2]!++;
  });
  const all = [...counts.values()];
  const answered = all.some((own) => own[1]! > 0);
  const [coverage, accuracy] = intervalsOf(
    all,
    names,
    [(sums) => sums[1]! / sums[0]!, ...(answered ? [(sums: Float64Array) => sums[2]! / sums[1]!] : [])],
    right.length,
    options,
  );
  return { threshold, coverage: coverage!, ...(accuracy && { accuracy }) };
}
