import type { LayersModel } from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { random } from "../../lib/base/random.js";
import { createTrainer, predict } from "../../lib/engine/engine.js";
import { weightedLayers } from "../../lib/models/weighted-layers.js";

const [ROWS, COLS, CLASSES] = [4, 3, 2];
const SHAPE = [ROWS, COLS];
const make = () =>
  weightedLayers({ frames: ROWS, bands: COLS, classes: CLASSES, seed: 1, size: { dropout: 0 } });

/** Clips whose class is to be heard in one column of the third row alone, under an offset of every place of its own. */
function clips(count: number) {
  const rng = random("layers");
  const y = new Float32Array(count * CLASSES);
  const x = new Float32Array(count * ROWS * COLS);
  for (let i = 0; i < count; i++) {
    const truth = rng.int(CLASSES);
    y[i * CLASSES + truth] = 1;
    for (let p = 0; p < ROWS * COLS; p++)
      x[i * ROWS * COLS + p] = 3 * p + (1 + p) * (rng.normal() + (p === 2 * COLS ? 3 * truth : 0));
  }
  return { x, y, count };
}

/** The shares of the rows, which are the same for every clip: the softmax of the mean of the kernel's rows. */
function shares(model: LayersModel): number[] {
  const kernel = model.weights
    .find(({ shape }) => shape[0] === ROWS && shape[1] === ROWS)!
    .read()
    .dataSync();
  const scores = Array.from({ length: ROWS }, (_, row) => {
    const column = Array.from({ length: ROWS }, (_, i) => kernel[i * ROWS + row]!);
    return column.reduce((a, b) => a + b) / ROWS;
  });
  const powers = scores.map(Math.exp);
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

test("untrained it gives every layer the same weight: the answer is that of the rows' mean", async () => {
  const model = await make();
  expect(shares(model)).toEqual(new Array(ROWS).fill(1 / ROWS));
  const { x, count } = clips(3);
  const found = await predict(model, { x, shape: SHAPE, count });
  const judge = model.weights.find(({ shape }) => shape[0] === COLS && shape[1] === CLASSES)!;
  const kernel = judge.read().dataSync();
  for (let i = 0; i < count; i++) {
    // The running statistics of an untrained batch normalisation are 0 and 1, its epsilon 1e-3.
    const mean = Array.from({ length: COLS }, (_, j) =>
      Array.from({ length: ROWS }, (_, row) => x[(i * ROWS + row) * COLS + j]!).reduce(
        (sum, value) => sum + value / Math.sqrt(1.001) / ROWS,
        0,
      ),
    );
    const logits = [0, 1].map((c) =>
      mean.reduce((sum, value, j) => sum + value * kernel[j * CLASSES + c]!, 0),
    );
    expect(found[i * CLASSES]).toBeCloseTo(1 / (1 + Math.exp(logits[1]! - logits[0]!)), 4);
  }
  model.dispose();
});

test("it learns which layer tells the class", async () => {
  const model = await make();
  const trainer = await createTrainer(model, {
    optimizer: { name: "adam" },
    seed: 1,
    maxBatch: 64,
    threads: 1,
  });
  const batch = clips(64);
  for (let step = 0; step < 150; step++) await trainer.step(batch, 0.03);
  await trainer.sync();
  await trainer.dispose();
  const found = shares(model);
  expect(found.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
  expect(found.indexOf(Math.max(...found))).toBe(2);
  expect(found[2]).toBeGreaterThan(0.5);
  model.dispose();
});
