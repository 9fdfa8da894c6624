import { byText } from "../base/text.js";
import { answers, type Probabilities } from "./calibration.js";
import { type BootstrapOptions, type Interval, intervalsOf } from "./interval.js";

/** What answering only from a confidence on costs and saves. */
export interface RiskPoint {
  /** Clips of at least this confidence are answered. */
  threshold: number;
  /** Share of the clips that is answered. */
  coverage: number;
  /** Share of the answered clips that is wrong. */
  risk: number;
}

/** Answered clips shall be right this often. */
const WANTED_ACCURACY = 0.75;

/** At least this share of the clips is answered. */
const LEAST_COVERAGE = 0.5;

/**
 * Risk against coverage: one point for each confidence that occurs, from answering all clips to answering
 * only the surest (El-Yaniv and Wiener 2010, "On the foundations of noise-free selective classification",
 * JMLR 11).
 *
 * @returns points in the order of falling coverage; clips of equal confidence are answered together
 * @throws {RangeError} when lengths do not match or there are no clips
 * @example riskCoverage(Float32Array.of(0.9, 0.1, 0.4, 0.6), [0, 0], 2)
 * // [{ threshold: 0.6, coverage: 1, risk: 0.5 }, { threshold: 0.9, coverage: 0.5, risk: 0 }]
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
 * The confidence below which a network had better not answer: the smallest at which the clips that are
 * answered are right at least 75 % of the time while at least half of all clips are answered. To be chosen on
 * validation clips, on the probabilities that will be compared with it (calibrated ones, where they are).
 *
 * @returns 0 where answering all clips is right often enough. Where no threshold reaches 75 % without keeping
 *   silent on more than half, the one at which the answered clips are right most often, of those that answer
 *   half; the smallest of equals.
 * @throws {RangeError} when lengths do not match or there are no clips
 * @example const threshold = chooseThreshold(validation.probabilities, validation.truth, 7);
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

/** What a threshold does to clips that it was not chosen on. */
export interface Abstention {
  threshold: number;
  /** Share of the clips that is answered. */
  coverage: Interval;
  /** Share of the answered clips that is right; absent where none is answered. */
  accuracy?: Interval;
}

/**
 * Coverage, and accuracy where there is an answer, of a threshold, with their 95 % intervals over speakers
 * ({@link intervalsOf}).
 *
 * @param probabilities those that are compared with the threshold: calibrated ones, where they are
 * @param speakers one a clip
 * @throws {RangeError} when lengths do not match or there are no clips
 * @example abstentionAt(test.calibrated, test.truth, test.speakers, 7, record.threshold).coverage.estimate
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
  // Of each speaker: clips, answered ones, rightly answered ones.
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
