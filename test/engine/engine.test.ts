import { expect, test } from "vitest";
import { random } from "../../lib/base/random.js";
import { copyWeights, fit, type LabelledInputs, predict, restoreWeights } from "../../lib/engine/engine.js";
import { startTfjs } from "../../lib/engine/tfjs.js";
import { models } from "../../lib/models/models.js";

/** Two classes told apart by the sign of a column's mean. */
function problem(count: number, seed: number): LabelledInputs {
  const rng = random(seed);
  const x = Float32Array.from({ length: count * 8 * 3 }, () => rng.normal());
  const y = new Float32Array(count * 2);
  for (let i = 0; i < count; i++) {
    const shift = i % 2 === 0 ? 1 : -1;
    for (let t = 0; t < 8; t++) x[(i * 8 + t) * 3 + 1]! += shift;
    y[i * 2 + (i % 2)] = 1;
  }
  return { x, shape: [8, 3], count, y, classes: 2 };
}

const network = (seed: number) => models.cnn({ frames: 8, bands: 3, classes: 2, seed });

test("learns, and predicts probabilities for any count", async () => {
  const model = await network(1);
  const losses: number[] = [];
  await fit(model, problem(70, 1), {
    epochs: 6,
    batchSize: 16,
    learningRate: 0.01,
    onEpoch: (_, loss) => void losses.push(loss),
  });
  expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
  const unseen = problem(41, 2);
  const probabilities = await predict(model, unseen, 16);
  expect(probabilities.length).toBe(82);
  let right = 0;
  for (let i = 0; i < 41; i++) {
    expect(probabilities[2 * i]! + probabilities[2 * i + 1]!).toBeCloseTo(1, 5);
    if (probabilities[2 * i + (i % 2)]! > 0.5) right++;
  }
  expect(right).toBeGreaterThan(36);
});

test("the same seed gives the same weights, another seed others", async () => {
  const trained = async (seed: number) => {
    const model = await network(3);
    await fit(model, problem(40, 1), { epochs: 2, batchSize: 16, seed });
    return copyWeights(model);
  };
  const first = await trained(1);
  expect(await trained(1)).toEqual(first);
  expect(await trained(2)).not.toEqual(first);
});

test("weights are copied and restored exactly", async () => {
  const model = await network(1);
  const before = copyWeights(model);
  const data = problem(20, 1);
  const answer = await predict(model, data);
  await fit(model, data, { epochs: 1 });
  expect(await predict(model, data)).not.toEqual(answer);
  await restoreWeights(model, before);
  expect(await predict(model, data)).toEqual(answer);
});

test("weights of clips count in the loss", async () => {
  const data = problem(40, 1);
  const model = await network(1);
  const before = copyWeights(model);
  await fit(model, { ...data, weights: new Float32Array(40) }, { epochs: 1 });
  const trainable = model.trainableWeights.length;
  expect(trainable).toBeGreaterThan(0);
  const after = copyWeights(model);
  model.weights.forEach((weight, i) => {
    if (!/moving_/.test(weight.name)) expect(after[i]).toEqual(before[i]);
  });
});

test("a loss that is no number ends the training with a word on what to do", async () => {
  const training = fit(await network(1), problem(40, 1), { epochs: 9, batchSize: 4, learningRate: 1e38 });
  await expect(training).rejects.toThrow(/diverged in epoch \d.*lower the learning rate/);
});

test("an input that is not finite is refused by number", async () => {
  const data = problem(20, 1);
  data.x[3 * 24] = Number.NaN;
  await expect(fit(await network(1), data, { epochs: 1 })).rejects.toThrow("input 3 of the training part");
});

test("stops when onEpoch says so, and when the signal does", async () => {
  const epochs: number[] = [];
  await fit(await network(1), problem(20, 1), {
    epochs: 9,
    onEpoch: (epoch) => epochs.push(epoch) < 2,
  });
  expect(epochs).toEqual([1, 2]);
  const signal = AbortSignal.abort();
  await expect(fit(await network(1), problem(20, 1), { epochs: 1, signal })).rejects.toThrow();
});

test("holds no tensors after training", async () => {
  const tf = await startTfjs();
  const model = await network(1);
  const data = problem(33, 1);
  await fit(model, data, { epochs: 1 });
  const before = tf.memory().numTensors;
  await fit(model, data, { epochs: 2 });
  await predict(model, data);
  expect(tf.memory().numTensors).toBe(before);
});
