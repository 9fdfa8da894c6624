import { argmax } from "./metrics.js";

/** Probabilities row by row: one row a clip, one column a class. */
export type Probabilities = Float32Array | Float64Array;

/** Clips whose confidence falls into (`low`, `high`]. */
export interface ReliabilityBin {
  low: number;
  high: number;
  /** Clips. */
  count: number;
  /** Mean confidence; NaN-free: 0 in an empty bin. */
  confidence: number;
  /** Share that was right; 0 in an empty bin. */
  accuracy: number;
}

/** Probabilities of 0 count as this much, as in the training's own loss. */
const SMALLEST = 1e-7;

/** Temperatures are looked for between these. */
const COLDEST = 0.05;
const HOTTEST = 20;

/**
 * Clips by their confidence (the largest probability), in bins of equal width, closed on the right.
 *
 * @param bins default 10
 * @throws {RangeError} when lengths do not match
 * @example reliability(Float32Array.of(0.9, 0.1, 0.4, 0.6), [0, 0], 2).filter((bin) => bin.count > 0).length // 2
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
    // Rounding may lift a probability of 1 a little above it.
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
 * Expected calibration error: the mean over clips of |accuracy - confidence| of the clip's bin (Guo et al.
 * 2017, "On calibration of modern neural networks"), with 10 right-closed bins.
 *
 * @returns a share in [0, 1]; 0 is best
 * @example calibrationError(Float32Array.of(0.75, 0.25), [0], 2) // 0.25
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
 * Brier score: the mean over clips of the squared distance of the probabilities from the truth, summed over
 * classes (Brier 1950), so between 0 and 2. Some programs halve it or take the mean over classes.
 *
 * @example brierScore(Float32Array.of(0.75, 0.25), [0], 2) // 0.125
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
 * Cross-entropy: the mean over clips of -ln of the true class's probability; a probability of 0 counts as
 * 1e-7.
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
 * The temperature T at which softmax(ln p / T) has the smallest cross-entropy (Guo et al. 2017). The
 * logarithms of a softmax's probabilities are its logits up to a constant, so probabilities suffice. To be
 * fitted on validation clips. Above 1 the network was too sure of itself, below 1 not sure enough; which
 * class is the largest stays as it is.
 *
 * The derivative of the cross-entropy grows with 1/T, so its zero is found by bisection; between 0.05 and 20,
 * the ends of which are returned where all clips are right or the network knows nothing.
 *
 * @throws {RangeError} without clips
 * @example const temperature = fitTemperature(validation.probabilities, validation.truth, 7);
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
    // Beyond this the probabilities, which are single precision, know nothing.
    if (high - low < 1e-12 * high) break;
  }
  return 1 / high;
}

/**
 * Probabilities at a temperature: softmax(ln p / T), row by row. A probability of 0 counts as 1e-7.
 *
 * @throws {RangeError} unless the temperature is above 0
 * @example applyTemperature(Float32Array.of(0.8, 0.2), 2, 2) // [0.667, 0.333]
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

/** The confidence of each clip and whether it is right; the first of equal probabilities is the answer. */
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

/** The derivative of the mean cross-entropy by 1/T: the mean of E_p[logit] less the true class's logit. */
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
