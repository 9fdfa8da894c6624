import type { LayersModel } from "@tensorflow/tfjs";
import { startTfjs } from "../engine/tfjs.js";
import { type MinimiseOptions, minimise } from "./lbfgs.js";
import { LogisticLoss, type LogisticProblem } from "./logistic-loss.js";

/**
 * Multinomial logistic regression with an L2 penalty: the W and b that minimise
 *
 * sum_i w_i (-log softmax(W' x_i + b)[y_i]) / sum_i w_i + penalty / 2 * |W|^2
 *
 * The biases are not penalised. The loss is convex, so there is one minimum and no seed; it is found by L-BFGS. Equals
 * scikit-learn's `LogisticRegression` with C = 1 / (penalty * sum of weights).
 *
 * @param problem rows, labels and weights
 * @param penalty above 0
 * @param start initial parameters, such as those of a stronger penalty: `columns * classes` values of W, then b
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
  const loss = new LogisticLoss(problem);
  const parameters = await minimise((at) => loss.at(penalty, at), start, { tolerance: 1e-4, ...options });
  return { parameters, loss: loss.at(0, parameters).value };
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
