import { describe, expect, test } from "vitest";
import { sha256 } from "../../lib/base/hash.js";
import { createCoreTrainer } from "../../lib/engine/core-trainer.js";
import { startTfjs } from "../../lib/engine/tfjs.js";
import { createTfjsTrainer } from "../../lib/engine/tfjs-trainer.js";
import type { OptimizerSettings, Trainer, TrainerState } from "../../lib/engine/trainer.js";
import { cores, gradientError } from "./gradients.js";
import { type Body, chain, network, randomBatch } from "./networks.js";

const tf = await startTfjs();
const [FRAMES, WIDTH] = [10, 6];
const INPUT = FRAMES * WIDTH;
const ADAM: OptimizerSettings = { name: "adam" };

/** Convolution, normalisation, dropout and recurrence: all that has a state or a mask. */
const BODY: Body = (x, { layers }) =>
  chain(
    x,
    layers.conv1d({ filters: 8, kernelSize: 3, padding: "same" }),
    layers.batchNormalization({ momentum: 0.9 }),
    layers.reLU(),
    layers.dropout({ rate: 0.3 }),
    layers.bidirectional({
      layer: layers.lstm({ units: 5, recurrentActivation: "sigmoid" }) as never,
      mergeMode: "concat",
    }),
  );
/** Convolutions of so many channels that they are made from tiles, of odd height and width. */
const TILES: Body = (x, { layers }) =>
  chain(
    x,
    layers.reshape({ targetShape: [FRAMES / 2, WIDTH / 2, 4] }),
    layers.conv2d({ filters: 24, kernelSize: 1 }),
    layers.conv2d({ filters: 40, kernelSize: 3, padding: "same" }),
    layers.conv2d({ filters: 25, kernelSize: 3, padding: "same" }),
    layers.batchNormalization({}),
    layers.reLU(),
    layers.maxPooling2d({ poolSize: 2 }),
  );
const PLAIN: Body = (x, { layers }) =>
  chain(
    x,
    layers.conv1d({ filters: 8, kernelSize: 3, useBias: false }), // a bias there has no gradient but rounding, which Adam enlarges

    layers.batchNormalization({ momentum: 0.9 }),
    layers.gru({ units: 5 }),
  );

const hash = ({ weights, m, v }: TrainerState) =>
  sha256(
    Buffer.concat(
      [...weights, ...m, ...v].map(({ buffer, byteOffset, byteLength }) =>
        Buffer.from(buffer, byteOffset, byteLength),
      ),
    ),
  );

/** Steps on batches of 8, but 3 at the end of each four: the last one of an epoch is smaller. */
async function steps(trainer: Trainer, from: number, to: number): Promise<number[]> {
  const losses: number[] = [];
  for (let i = from; i < to; i++)
    losses.push(await trainer.step(randomBatch(i % 4 === 3 ? 3 : 8, INPUT, 3, i), 1e-2));
  return losses;
}

describe.each(cores().map((core) => [core.engine, core] as const))("%s", (_, core) => {
  const create = async (
    body: Body,
    options: { threads?: number; optimizer?: OptimizerSettings; maxBatch?: number } = {},
  ) => {
    const model = await network(body, [FRAMES, WIDTH]);
    const trainer = await createCoreTrainer(core, model, {
      optimizer: ADAM,
      seed: 5,
      maxBatch: 8,
      ...options,
    });
    return { model, trainer };
  };

  test.each([
    ["recurrence", BODY],
    ["tiles", TILES],
  ])("%s: any number of threads gives the same weights to the bit", async (_, body) => {
    const hashes: string[] = [];
    for (const threads of [1, 2, 2, 3, 7]) {
      const { trainer } = await create(body, { threads });
      await steps(trainer, 0, 9);
      hashes.push(hash(await trainer.state()));
      await trainer.dispose();
    }
    expect(new Set(hashes).size).toBe(1);
  });

  test("a restored state goes on as if nothing had happened, also in another trainer", async () => {
    const { trainer } = await create(BODY);
    await steps(trainer, 0, 5);
    const state = await trainer.state();
    expect(state.step).toBe(5);
    await steps(trainer, 5, 9);
    const uninterrupted = hash(await trainer.state());
    trainer.restore(state);
    await steps(trainer, 5, 9);
    expect(hash(await trainer.state())).toBe(uninterrupted);
    await trainer.dispose();
    const { trainer: other } = await create(BODY);
    other.restore(state);
    await steps(other, 5, 9);
    expect(hash(await other.state())).toBe(uninterrupted);
    await other.dispose();
  });

  test.each<[string, OptimizerSettings]>([
    ["adam", ADAM],
    ["adamw", { name: "adamw", weightDecay: 0.1 }],
    ["adam with a decay that is adamw's", { name: "adam", weightDecay: 0.1 }],
    ["clipped", { name: "adam", clipNorm: 0.05, beta1: 0.8, beta2: 0.9, epsilon: 1e-5 }],
  ])("%s: updates are those of TensorFlow.js's automatic differentiation", async (_name, optimizer) => {
    const { model, trainer } = await create(PLAIN, { optimizer });
    const before = await trainer.state();
    const losses = await steps(trainer, 0, 6);
    const found = await trainer.state();
    await trainer.dispose();
    await tf.setBackend("cpu");
    const reference = await createTfjsTrainer(model, { optimizer, seed: 5, maxBatch: 8 });
    const expected = await steps(reference, 0, 6);
    losses.forEach((loss, i) => {
      expect(Math.abs(loss - expected[i]!), `loss ${i}`).toBeLessThan(1e-4);
    });
    const moved = (to: TrainerState) =>
      to.weights.map((w, i) => w.map((value, j) => value - before.weights[i]![j]!));
    expect(gradientError(moved(found), moved(await reference.state()))).toBeLessThan(0.02); // Adam divides rounding by rounding
    await tf.setBackend("wasm");
  });

  test("predictions are TensorFlow.js's, for any count, before and after training", async () => {
    const { model, trainer } = await create(BODY);
    const { x } = randomBatch(21, INPUT);
    for (let round = 0; round < 2; round++) {
      await trainer.sync();
      const expected = tf.tidy(() =>
        (model.predict(tf.tensor(x, [21, FRAMES, WIDTH])) as ReturnType<typeof tf.tensor>).dataSync(),
      );
      for (const count of [1, 8, 21]) {
        const found = await trainer.predict({
          x: x.subarray(0, count * INPUT),
          shape: [FRAMES, WIDTH],
          count,
        });
        expect(found).toHaveLength(count * 3);
        found.forEach((p, i) => {
          expect(Math.abs(p - expected[i]!)).toBeLessThan(1e-5);
        });
      }
      await steps(trainer, 0, 10);
    }
    await trainer.dispose();
  });

  test("a model that TensorFlow.js has trained trains on in the core", async () => {
    const { model, trainer } = await create(PLAIN);
    await trainer.dispose();
    const first = await createTfjsTrainer(model, { optimizer: ADAM, seed: 5, maxBatch: 8 });
    await steps(first, 0, 3);
    const second = await createCoreTrainer(core, model, { optimizer: ADAM, seed: 5, maxBatch: 8 });
    second.restore(await first.state());
    const losses = await steps(second, 3, 6);
    const expected = await steps(first, 3, 6);
    losses.forEach((loss, i) => {
      expect(Math.abs(loss - expected[i]!)).toBeLessThan(1e-3);
    });
    await second.dispose();
  });

  test("a model for inputs of any length takes each length, with the weights it has", async () => {
    const body: Body = (x, { layers }) =>
      chain(
        x,
        layers.conv1d({ filters: 4, kernelSize: 3, padding: "same" }),
        layers.globalAveragePooling1d({}),
      );
    const model = await network(body, [null, WIDTH]);
    const trainer = await createCoreTrainer(core, model, { optimizer: ADAM, seed: 1, maxBatch: 4 });
    for (const frames of [5, 9, 5]) {
      await trainer.step(randomBatch(3, frames * WIDTH), 0.01);
      await trainer.sync();
      const { x } = randomBatch(2, 7 * WIDTH);
      const expected = tf.tidy(() =>
        (model.predict(tf.tensor(x, [2, 7, WIDTH])) as ReturnType<typeof tf.tensor>).dataSync(),
      );
      const found = await trainer.predict({ x, shape: [7, WIDTH], count: 2 });
      found.forEach((p, i) => {
        expect(Math.abs(p - expected[i]!)).toBeLessThan(1e-5);
      });
    }
    expect((await trainer.state()).step).toBe(3);
    await trainer.dispose();
  });

  test("batches too large for the memory there is are refused with a word on what to do", async () => {
    await expect(create(PLAIN, { maxBatch: 2 ** 30 })).rejects.toThrow(
      /not enough memory for batches of 1073741824.*smaller/,
    );
  });

  test("weights that are frozen stay, the others move", async () => {
    const { model, trainer } = await create((x, { layers }) =>
      chain(x, layers.dense({ units: 5, trainable: false }), layers.dense({ units: 4 })),
    );
    const before = await trainer.state();
    await steps(trainer, 0, 3);
    const after = await trainer.state();
    model.weights.forEach((weight, i) => {
      const trained = model.trainableWeights.includes(weight);
      if (trained) expect(after.weights[i]).not.toEqual(before.weights[i]);
      else expect(after.weights[i]).toEqual(before.weights[i]);
    });
    await trainer.dispose();
  });

  test("300 steps, and 20 trainers one after another, hold no memory", async () => {
    const { trainer } = await create(BODY);
    await steps(trainer, 0, 50);
    const before = process.memoryUsage().rss;
    await steps(trainer, 0, 300);
    await trainer.dispose();
    for (let i = 0; i < 20; i++) {
      const { model, trainer: one } = await create(PLAIN, { maxBatch: 64 });
      await steps(one, 0, 1);
      await one.dispose();
      model.dispose();
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(80e6);
  });
});
