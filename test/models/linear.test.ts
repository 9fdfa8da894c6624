import { expect, test } from "vitest";
import { random } from "../../lib/base/random.js";
import { predict } from "../../lib/engine/engine.js";
import { fitLogistic, linear } from "../../lib/models/linear.js";
import { LogisticLoss } from "../../lib/models/logistic-loss.js";
import reference from "../fixtures/scikit-learn/logistic_regression.json";
import { problem } from "./problem.js";

/** The biases are not penalised, so that only their differences are told by the loss. */
test.each(reference.fits)("scikit-learn's LogisticRegression with the penalty $penalty", async (fit) => {
  const { columns, classes, labels, weights } = reference;
  const own = { x: Float32Array.from(reference.x), columns, classes, labels, weights };
  const { parameters } = await fitLogistic(own, fit.penalty, undefined, { tolerance: 1e-9 });
  const biases = parameters.subarray(columns * classes);
  const mean = biases.reduce((a, b) => a + b) / classes;
  const found = [...parameters.subarray(0, columns * classes), ...biases.map((bias) => bias - mean)];
  [...fit.kernel, ...fit.bias].forEach((value, i) => {
    expect(found[i]).toBeCloseTo(value, 6);
  });
});

test("at what is found the slope is zero in every direction, so it is the minimum of a convex loss", async () => {
  const base = problem(60, 5, 3);
  const { parameters } = await fitLogistic(base, 0.05, undefined, { tolerance: 1e-7 });
  const loss = new LogisticLoss(base);
  const at = loss.at(0.05, parameters);
  expect(Math.max(...at.gradient.map(Math.abs))).toBeLessThanOrEqual(1e-7);
  const rng = random(5);
  for (let i = 0; i < 20; i++) {
    const away = parameters.map((value) => value + 0.01 * rng.normal());
    expect(loss.at(0.05, away).value).toBeGreaterThan(at.value);
  }
});

/**
 * By hand: two classes, x = +-1 with 3 of 4 right, no
 * intercept by symmetry and no penalty to speak of: the odds at x = 1 are 3, so w_1 - w_0 = ln(3).
 */
test("a problem solved by hand: three of four right gives the log odds of 3", async () => {
  const x = Float32Array.of(1, 1, 1, 1, -1, -1, -1, -1);
  const labels = [1, 1, 1, 0, 0, 0, 0, 1];
  const { parameters, loss } = await fitLogistic({ x, columns: 1, labels, classes: 2 }, 1e-9, undefined, {
    tolerance: 1e-8,
  });
  expect(parameters[1]! - parameters[0]!).toBeCloseTo(Math.log(3), 3);
  expect(parameters[3]! - parameters[2]!).toBeCloseTo(0, 3);
  expect(loss).toBeCloseTo(-0.75 * Math.log(0.75) - 0.25 * Math.log(0.25), 6);
});

test("a weight of 2 is the same as the row twice", async () => {
  const base = problem(12, 2, 3);
  const weights = new Float32Array(12).fill(1);
  weights[4] = 2;
  const twice = {
    ...base,
    x: Float32Array.of(...base.x, base.x[8]!, base.x[9]!),
    labels: [...base.labels, base.labels[4]!],
  };
  const a = (await fitLogistic({ ...base, weights }, 0.1)).parameters;
  const b = (await fitLogistic(twice, 0.1)).parameters;
  a.forEach((value, i) => {
    expect(value).toBeCloseTo(b[i]!, 3);
  });
});

test("as a tf.layers model it gives the same probabilities", async () => {
  const base = problem(30, 4, 3);
  const { parameters, loss } = await fitLogistic(base, 0.1);
  const model = await linear(parameters, 4, 3);
  const probabilities = await predict(model, { x: base.x, shape: [1, 4], count: 30 });
  const entropy =
    base.labels.reduce((sum, label, i) => sum - Math.log(probabilities[3 * i + label]!), 0) / 30;
  expect(entropy).toBeCloseTo(loss, 5);
});
