import type { LayersModel, Tensor } from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { random } from "../../lib/base/random.js";
import { startTfjs } from "../../lib/engine/tfjs.js";
import { createTfjsTrainer } from "../../lib/engine/tfjs-trainer.js";
import type { Batch, OptimizerSettings } from "../../lib/engine/trainer.js";

const WIDTH = 5;
const CLASSES = 3;

/** A batch of noise with a rule in its first column. */
function batchOf(count: number, seed: number): Batch {
  const rng = random(seed);
  const x = Float32Array.from({ length: count * WIDTH }, () => rng.normal());
  const y = new Float32Array(count * CLASSES);
  for (let i = 0; i < count; i++) {
    y[i * CLASSES + (i % CLASSES)] = 1;
    x[i * WIDTH]! += 2 * (i % CLASSES);
  }
  return { x, y, count };
}

async function network(dropout = 0): Promise<LayersModel> {
  const tf = await startTfjs();
  const glorot = (seed: number) => tf.initializers.glorotUniform({ seed });
  const layers = [
    // A bias before a normalisation has no gradient but rounding, which Adam blows up to full steps.
    tf.layers.dense({ units: 8, inputShape: [WIDTH], useBias: false, kernelInitializer: glorot(1) }),
    tf.layers.batchNormalization({}),
    tf.layers.reLU(),
    ...(dropout > 0 ? [tf.layers.dropout({ rate: dropout })] : []),
    tf.layers.dense({ units: CLASSES, activation: "softmax", kernelInitializer: glorot(2) }),
  ];
  return tf.sequential({ layers });
}

const trainerOf = (model: LayersModel, optimizer: OptimizerSettings = { name: "adam" }) =>
  createTfjsTrainer(model, { optimizer, seed: 7, maxBatch: 16 });

test("Adam's steps are those of TensorFlow.js's own optimizer", async () => {
  const tf = await startTfjs();
  const [ours, theirs] = [await network(), await network()];
  const trainer = await trainerOf(ours);
  const optimizer = tf.train.adam(0.01, 0.9, 0.999, 1e-7);
  for (let step = 0; step < 10; step++) {
    const batch = batchOf(12, step);
    const found = await trainer.step(batch, 0.01);
    const expected = tf.tidy(() => {
      const x = tf.tensor2d(batch.x, [12, WIDTH]);
      const y = tf.tensor2d(batch.y, [12, CLASSES]);
      const loss = () =>
        tf.metrics
          .categoricalCrossentropy(y, theirs.apply(x, { training: true }) as Tensor)
          .mean()
          .asScalar();
      return optimizer
        .minimize(
          loss,
          true,
          theirs.trainableWeights.map((w) => w.read() as never),
        )!
        .dataSync()[0]!;
    });
    expect(found).toBeCloseTo(expected, 5);
  }
  ours.weights.forEach((weight, i) => {
    const expected = theirs.weights[i]!.read().dataSync();
    weight
      .read()
      .dataSync()
      .forEach((value, k) => {
        expect(value).toBeCloseTo(expected[k]!, 4);
      });
  });
});

test("AdamW shrinks kernels and nothing else, whatever the gradient", async () => {
  const step = async (optimizer: OptimizerSettings) => {
    const model = await network();
    const before = model.trainableWeights.map((weight) => weight.read().dataSync().slice());
    const trainer = await trainerOf(model, optimizer);
    await trainer.step(batchOf(12, 1), 0.01);
    return { model, before };
  };
  const plain = await step({ name: "adam" });
  const decayed = await step({ name: "adamw", weightDecay: 0.5 });
  plain.model.trainableWeights.forEach((weight, i) => {
    const kernel = weight.shape.length > 1;
    const without = weight.read().dataSync();
    const shrunk = decayed.model.trainableWeights[i]!.read().dataSync();
    without.forEach((value, k) => {
      expect(shrunk[k]).toBeCloseTo(value - (kernel ? 0.01 * 0.5 * plain.before[i]![k]! : 0), 6);
    });
  });
});

test("the gradient over all weights is scaled to the norm asked for, by the first moments", async () => {
  const norm = async (clipNorm?: number) => {
    const trainer = await trainerOf(await network(), { name: "adam", clipNorm });
    await trainer.step(batchOf(12, 1), 0.01);
    const squares = (await trainer.state()).m.flatMap((m) => [...m]).map((m) => (m / 0.1) ** 2);
    return Math.sqrt(squares.reduce((a, b) => a + b));
  };
  const free = await norm();
  expect(await norm(free / 3)).toBeCloseTo(free / 3, 5);
  expect(await norm(free * 3)).toBeCloseTo(free, 5);
});

test("restored, it goes on bit for bit, dropout and all", async () => {
  const trainer = await trainerOf(await network(0.5));
  const run = async (from: number, to: number) => {
    for (let step = from; step < to; step++) await trainer.step(batchOf(16, step), 0.01);
  };
  await run(0, 5);
  const middle = await trainer.state();
  await run(5, 9);
  const end = await trainer.state();
  expect(end.step).toBe(9);

  const other = await createTfjsTrainer(await network(0.5), {
    optimizer: { name: "adam" },
    seed: 7,
    maxBatch: 16,
  });
  other.restore(middle);
  for (let step = 5; step < 9; step++) await other.step(batchOf(16, step), 0.01);
  expect(await other.state()).toEqual(end);
});

test("dropout draws another mask at every step, and for every seed", async () => {
  const losses = async (seed: number) => {
    const trainer = await createTfjsTrainer(await network(0.5), {
      optimizer: { name: "adam" },
      seed,
      maxBatch: 16,
    });
    const out: number[] = [];
    for (let step = 0; step < 4; step++) out.push(await trainer.step(batchOf(16, 1), 0));
    return out;
  };
  const first = await losses(1);
  expect(new Set(first).size).toBe(4);
  expect(await losses(1)).toEqual(first);
  expect(await losses(2)).not.toEqual(first);
});

test("a clip of weight 0 counts for nothing but the running statistics", async () => {
  const model = await network();
  const trainer = await trainerOf(model);
  const before = model.trainableWeights.map((weight) => weight.read().dataSync().slice());
  expect(await trainer.step({ ...batchOf(12, 1), weights: new Float32Array(12) }, 0.01)).toBe(0);
  model.trainableWeights.forEach((weight, i) => {
    expect(weight.read().dataSync()).toEqual(before[i]);
  });
});

test("holds no tensors of its own", async () => {
  const tf = await startTfjs();
  const trainer = await trainerOf(await network(0.5));
  await trainer.step(batchOf(16, 1), 0.01);
  const before = tf.memory().numTensors;
  for (let step = 0; step < 5; step++) await trainer.step(batchOf(16 - step, step), 0.01);
  await trainer.predict({ ...batchOf(100, 1), shape: [WIDTH] });
  trainer.restore(await trainer.state());
  expect(tf.memory().numTensors).toBe(before);
});
