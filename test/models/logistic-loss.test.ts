import { expect, test } from "vitest";
import { random } from "../../lib/base/random.js";
import { LogisticLoss, type LogisticProblem } from "../../lib/models/logistic-loss.js";
import { problem } from "./problem.js";

test("the gradient is that of the loss, by finite differences", async () => {
  const base = problem(20, 3, 4);
  const weights = Float32Array.from({ length: 20 }, (_, i) => 0.5 + (i % 3));
  const rng = random(3);
  const at = Float64Array.from({ length: 16 }, () => rng.normal());
  const loss = new LogisticLoss({ ...base, weights });
  const { gradient } = loss.at(0.1, at);
  gradient.forEach((slope, i) => {
    const value = (shift: number) => {
      const moved = at.slice();
      moved[i]! += shift;
      return loss.at(0.1, moved).value;
    };
    expect(slope).toBeCloseTo((value(1e-5) - value(-1e-5)) / 2e-5, 7);
  });
});

/** The loops without a kernel, a row and a class at a time. */
function plainly(
  { x, columns, labels, classes, weights }: LogisticProblem,
  penalty: number,
  at: Float64Array,
): { value: number; gradient: Float64Array } {
  const gradient = new Float64Array(at.length);
  const biases = columns * classes;
  let [value, total] = [0, 0];
  labels.forEach((label, i) => {
    const weight = weights?.[i] ?? 1;
    const logits = at.slice(biases);
    for (let p = 0; p < biases; p++)
      logits[p % classes]! += x[i * columns + Math.floor(p / classes)]! * at[p]!;
    const highest = Math.max(...logits);
    const powers = logits.map((logit) => Math.exp(logit - highest));
    const sum = powers.reduce((a, b) => a + b);
    value += weight * (highest - logits[label]! + Math.log(sum));
    total += weight;
    const errors = powers.map((power, c) => power / sum - (c === label ? 1 : 0));
    for (let p = 0; p < biases; p++)
      gradient[p]! += weight * x[i * columns + Math.floor(p / classes)]! * errors[p % classes]!;
    for (let c = 0; c < classes; c++) gradient[biases + c]! += weight * errors[c]!;
  });
  value /= total;
  for (let p = 0; p < at.length; p++) {
    gradient[p]! /= total;
    if (p >= biases) continue;
    value += (penalty / 2) * at[p]! ** 2;
    gradient[p]! += penalty * at[p]!;
  }
  return { value, gradient };
}

/** So that a run gives the digits that it gave before there was a kernel. */
test.each([
  [1, 1, 2],
  [7, 5, 3],
  [20, 3, 4],
  [9, 17, 7],
  [30, 11, 8],
])("%d rows of %d columns and %d classes: the plain loops to the bit", (count, columns, classes) => {
  const base = problem(count, columns, classes);
  const weights = Float32Array.from({ length: count }, (_, i) => 0.3 + (i % 3));
  const rng = random("plainly");
  const at = Float64Array.from({ length: (columns + 1) * classes }, () => rng.normal());
  for (const own of [base, { ...base, weights }])
    expect(new LogisticLoss(own).at(0.1, at)).toEqual(plainly(own, 0.1, at));
});
