import { argmax } from "./metrics.js";

/** Predicted probabilities, `clips x classes`, row by row. */
export type Probabilities = Float32Array | Float64Array;

/** A bin of a reliability diagram: the clips whose confidence lies in (`low`, `high`]. */
export interface ReliabilityBin {
  low: number;
  high: number;
  /** Clips. */
  count: number;
  /** Mean confidence; 0 in an empty bin. */
  confidence: number;
  /** Share of correct predictions; 0 in an empty bin. */
  accuracy: number;
}

/** Probabilities below this are raised to it, as in the training loss. */
const SMALLEST = 1e-7;

/** Range of the temperature search. */
const COLDEST = 0.05;
const HOTTEST = 20;

/**
 * Reliability diagram: clips binned by confidence (their largest probability), in bins of equal width, closed on
 * the right.
 *
 * @param probabilities `clips x classes`, row by row
 * @param truth class indices
 * @param classes number of classes
 * @param bins number of bins, default 10
 * @returns all bins from 0 to 1, empty ones included
 * @throws {RangeError} when lengths do not match or there are no clips
 * @example
 * const bins = reliability(Float64Array.of(0.85, 0.15, 0.25, 0.75), [0, 0], 2);
 * bins[8]; // => { low: 0.8, high: 0.9, count: 1, confidence: 0.85, accuracy: 1 }
 * bins[7]; // => { low: 0.7, high: 0.8, count: 1, confidence: 0.75, accuracy: 0 }
 */
export function reliability(
  probabilities: Probabilities,
  truth: ArrayLike<number>,
  classes: number,
  bins = 10,
): ReliabilityBin[] {
  const { confidence, right } = answers(probabilities, truth, classes);
  const out = Array.from({ length: bins }, (_, b) => ({
    low: b / bins,
    high: (b + 1) / bins,
    count: 0,
    confidence: 0,
    accuracy: 0,
  }));
  confidence.forEach((value, i) => {
    // Rounding may lift a probability of 1 slightly above 1.
    const bin = out.find(({ high }) => value <= high) ?? out[bins - 1]!;
    bin.count++;
    bin.confidence += value;
    if (right[i]) bin.accuracy++;
  });
  for (const bin of out) {
    if (bin.count === 0) continue;
    bin.confidence /= bin.count;
    bin.accuracy /= bin.count;
  }
  return out;
}

/**
 * Expected calibration error (ECE): the mean over clips of |accuracy - confidence| of the clip's bin (Guo et al.
 * 2017, "On calibration of modern neural networks"), with the 10 bins of {@link reliability}.
 *
 * @param probabilities `clips x classes`, row by row
 * @param truth class indices
 * @param classes number of classes
 * @returns a share in [0, 1]; 0 is best
 * @throws {RangeError} when lengths do not match or there are no clips
 * @example calibrationError(Float32Array.of(0.75, 0.25), [0], 2); // => 0.25
 */
export function calibrationError(
  probabilities: Probabilities,
  truth: ArrayLike<number>,
  classes: number,
): number {
  const bins = reliability(probabilities, truth, classes);
  return (
    bins.reduce((sum, bin) => sum + bin.count * Math.abs(bin.accuracy - bin.confidence), 0) / truth.length
  );
}

/**
 * Brier score: the mean over clips of `sum_c (p_c - y_c)^2`, where `y` is 1 for the true class and 0 elsewhere
 * (Brier 1950). Between 0 and 2. Some programs halve it or take the mean over classes.
 *
 * @param probabilities `clips x classes`, row by row
 * @param truth class indices
 * @param classes number of classes
 * @throws {RangeError} when lengths do not match or there are no clips
 * @example brierScore(Float32Array.of(0.75, 0.25), [0], 2); // => 0.125
 */
export function brierScore(probabilities: Probabilities, truth: ArrayLike<number>, classes: number): number {
  checkProbabilities(probabilities, truth, classes);
  let sum = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const isTruth = i % classes === truth[Math.floor(i / classes)];
    sum += (probabilities[i]! - (isTruth ? 1 : 0)) ** 2;
  }
  return sum / truth.length;
}

/**
 * Cross-entropy: the mean over clips of -ln of the true class's probability; probabilities below 1e-7 count
 * as 1e-7.
 *
 * @returns nats
 * @example logLoss(Float32Array.of(0.5, 0.5), [0], 2) // 0.693
 */
export function logLoss(probabilities: Probabilities, truth: ArrayLike<number>, classes: number): number {
  checkProbabilities(probabilities, truth, classes);
  let sum = 0;
  for (let i = 0; i < truth.length; i++) {
    sum -= Math.log(Math.max(probabilities[i * classes + truth[i]!]!, SMALLEST));
  }
  return sum / truth.length;
}

/**
 * Temperature scaling: the T at which softmax(ln p / T) has the smallest cross-entropy (Guo et al. 2017). The
 * logarithms of softmax probabilities are the logits up to a constant, so probabilities suffice. Fit it on
 * validation clips. Above 1 the model was overconfident, below 1 underconfident; the predicted classes do not
 * change.
 *
 * The derivative of the cross-entropy grows with 1/T, so its zero is found by bisection between 0.05 and 20. The
 * ends are returned when all clips are right or the model is no better than chance.
 *
 * @param probabilities `clips x classes`, row by row
 * @param truth class indices
 * @param classes number of classes
 * @throws {RangeError} when lengths do not match or there are no clips
 * @example
 * // 90 % confident, but right 3 times of 4: at temperature 2 the confidence is 75 %.
 * const probabilities = Float64Array.of(0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1);
 * fitTemperature(probabilities, [0, 0, 0, 1], 2); // => 2
 */
export function fitTemperature(
  probabilities: Probabilities,
  truth: ArrayLike<number>,
  classes: number,
): number {
  checkProbabilities(probabilities, truth, classes);
  const logits = Float64Array.from(probabilities, (p) => Math.log(Math.max(p, SMALLEST)));
  let low = 1 / HOTTEST;
  let high = 1 / COLDEST;
  if (slope(logits, truth, classes, low) >= 0) return HOTTEST;
  if (slope(logits, truth, classes, high) <= 0) return COLDEST;
  for (let middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (slope(logits, truth, classes, middle) < 0) low = middle;
    else high = middle;
    // Finer than the single precision of the probabilities.
    if (high - low < 1e-12 * high) break;
  }
  return 1 / high;
}

/**
 * Probabilities at a temperature: softmax(ln p / T), row by row. Probabilities below 1e-7 count as 1e-7.
 *
 * @param probabilities `clips x classes`, row by row
 * @param classes number of classes
 * @param temperature T, as {@link fitTemperature} returns it
 * @returns as many probabilities, in a new array
 * @throws {RangeError} unless the temperature is above 0
 * @example applyTemperature(Float32Array.of(0.8, 0.2), 2, 2); // => [2 / 3, 1 / 3]
 */
export function applyTemperature(
  probabilities: Probabilities,
  classes: number,
  temperature: number,
): Float32Array {
  if (!(temperature > 0 && temperature < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`a temperature is a number above 0, not ${temperature}`);
  }
  const out = new Float32Array(probabilities.length);
  const row = new Float64Array(classes);
  for (let start = 0; start < probabilities.length; start += classes) {
    for (let c = 0; c < classes; c++) row[c] = Math.log(Math.max(probabilities[start + c]!, SMALLEST));
    softmax(row, 0, classes, 1 / temperature, row);
    out.set(row, start);
  }
  return out;
}

/** The confidence of each clip and whether its prediction is right; of equal probabilities the first is predicted. */
export function answers(
  probabilities: Probabilities,
  truth: ArrayLike<number>,
  classes: number,
): { confidence: Float64Array; right: boolean[] } {
  checkProbabilities(probabilities, truth, classes);
  const predicted = argmax(probabilities, classes);
  return {
    confidence: Float64Array.from(predicted, (p, i) => probabilities[i * classes + p]!),
    right: predicted.map((p, i) => p === truth[i]),
  };
}

/** The derivative of the mean cross-entropy by 1/T: the mean of E_p[logit] minus the true class's logit. */
function slope(logits: Float64Array, truth: ArrayLike<number>, classes: number, sharpness: number): number {
  const row = new Float64Array(classes);
  let sum = 0;
  for (let i = 0; i < truth.length; i++) {
    softmax(logits, i * classes, classes, sharpness, row);
    for (let c = 0; c < classes; c++) sum += row[c]! * logits[i * classes + c]!;
    sum -= logits[i * classes + truth[i]!]!;
  }
  return sum / truth.length;
}

function softmax(
  logits: Float64Array,
  start: number,
  classes: number,
  sharpness: number,
  out: Float64Array,
): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < classes; c++) largest = Math.max(largest, logits[start + c]!);
  let total = 0;
  for (let c = 0; c < classes; c++) {
    out[c] = Math.exp((logits[start + c]! - largest) * sharpness);
    total += out[c]!;
  }
  for (let c = 0; c < classes; c++) out[c]! /= total;
}

function checkProbabilities(probabilities: Probabilities, truth: ArrayLike<number>, classes: number): void {
  if (truth.length === 0) throw new RangeError("there is nothing to evaluate: no clips");
  if (probabilities.length !== truth.length * classes) {
    throw new RangeError(`${probabilities.length} probabilities are not ${truth.length} rows of ${classes}`);
  }
  if (!probabilities.every(Number.isFinite)) throw new RangeError("a probability is not a number");
  for (let i = 0; i < truth.length; i++) {
    const known = Number.isInteger(truth[i]) && truth[i]! >= 0 && truth[i]! < classes;
    if (!known) throw new RangeError(`no such class: ${truth[i]} of ${classes}`);
  }
}
