import type { LayersModel } from "@tensorflow/tfjs";
import { startTfjs } from "../engine/tfjs.js";
import { type MinimiseOptions, minimise } from "./lbfgs.js";

/** A problem for {@link fitLogistic}. */
export interface LogisticProblem {
  /** `count * columns` standardised values. */
  x: Float32Array;
  columns: number;
  /** Class index of each row. */
  labels: readonly number[];
  classes: number;
  /** Of each row in the loss; default 1. */
  weights?: ArrayLike<number>;
}

/**
 * Multinomial logistic regression with an L2 penalty: the W and b that minimise
 *
 * sum_i w_i (-log softmax(W' x_i + b)[y_i]) / sum_i w_i + penalty / 2 * |W|^2
 *
 * The biases are not penalised. The loss is convex, so that there is one minimum and no seed; it is found by L-BFGS.
 * scikit-learn's `LogisticRegression` has the same minimum at C = 1 / (penalty * sum of weights).
 *
 * @param problem rows, labels and weights
 * @param penalty above 0
 * @param start parameters to start from, such as those of a stronger penalty: `columns * classes` of W, then b
 * @param options of the solver; tolerance 1e-4 by default, scikit-learn's
 * @returns the parameters in that order, and the loss without the penalty
 * @example const { parameters } = await fitLogistic({ x, columns: 2, labels: [0, 1, 1], classes: 2 }, 0.01);
 */
export async function fitLogistic(
  problem: LogisticProblem,
  penalty: number,
  start: Float64Array = new Float64Array((problem.columns + 1) * problem.classes),
  options: MinimiseOptions = {},
): Promise<{ parameters: Float64Array; loss: number }> {
  const objective = (at: Float64Array) => logisticLoss(problem, penalty, at);
  const parameters = await minimise(objective, start, { tolerance: 1e-4, ...options });
  return { parameters, loss: logisticLoss(problem, 0, parameters).value };
}

/** The penalised loss of {@link fitLogistic} and its gradient. */
export function logisticLoss(
  { x, columns, labels, classes, weights }: LogisticProblem,
  penalty: number,
  parameters: Float64Array,
): { value: number; gradient: Float64Array } {
  const gradient = new Float64Array(parameters.length);
  const logits = new Float64Array(classes);
  const biases = columns * classes;
  let value = 0;
  let total = 0;
  for (let i = 0; i < labels.length; i++) {
    const weight = weights ? weights[i]! : 1;
    for (let c = 0; c < classes; c++) logits[c] = parameters[biases + c]!;
    for (let j = 0, p = 0; j < columns; j++) {
      const xj = x[i * columns + j]!;
      for (let c = 0; c < classes; c++, p++) logits[c]! += xj * parameters[p]!;
    }
    value += weight * softmaxError(logits, labels[i]!);
    total += weight;
    for (let j = 0, p = 0; j < columns; j++) {
      const xj = weight * x[i * columns + j]!;
      for (let c = 0; c < classes; c++, p++) gradient[p]! += xj * logits[c]!;
    }
    for (let c = 0; c < classes; c++) gradient[biases + c]! += weight * logits[c]!;
  }
  value /= total;
  for (let p = 0; p < gradient.length; p++) {
    gradient[p]! /= total;
    if (p >= biases) continue;
    value += (penalty / 2) * parameters[p]! ** 2;
    gradient[p]! += penalty * parameters[p]!;
  }
  return { value, gradient };
}

/** Turns logits into probabilities minus the truth, in place; returns the cross-entropy. */
function softmaxError(logits: Float64Array, truth: number): number {
  const highest = logits.reduce((a, b) => Math.max(a, b));
  const entropy = highest - logits[truth]!;
  let sum = 0;
  for (let c = 0; c < logits.length; c++) {
    logits[c] = Math.exp(logits[c]! - highest);
    sum += logits[c]!;
  }
  for (let c = 0; c < logits.length; c++) logits[c]! /= sum;
  logits[truth]! -= 1;
  return entropy + Math.log(sum);
}

/**
 * A linear model of a clip's statistics as a tf.layers model: an input of `[1, columns]`, a dense layer, softmax.
 *
 * @param parameters from {@link fitLogistic}
 * @example const model = await linear(parameters, 448, 7);
 */
export function linear(parameters: Float64Array, columns: number, classes: number): Promise<LayersModel> {
  const all = Float32Array.from(parameters);
  return affine("linear", all.subarray(0, columns * classes), all.subarray(columns * classes));
}

/** softmax(x W + b) as a tf.layers model. */
export async function affine(name: string, kernel: Float32Array, bias: Float32Array): Promise<LayersModel> {
  const tf = await startTfjs();
  const classes = bias.length;
  const columns = kernel.length / classes;
  const model = tf.sequential({ name });
  model.add(tf.layers.flatten({ inputShape: [1, columns] }));
  model.add(tf.layers.dense({ units: classes, activation: "softmax", kernelInitializer: "zeros" }));
  tf.tidy(() => model.setWeights([tf.tensor2d(kernel, [columns, classes]), tf.tensor1d(bias)]));
  return model;
}
