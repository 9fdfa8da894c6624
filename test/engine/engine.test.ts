import type { LayersModel } from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { random } from "../../lib/base/random.js";
import { createTrainer, predict } from "../../lib/engine/engine.js";
import { startTfjs } from "../../lib/engine/tfjs.js";
import type { EngineName } from "../../lib/engine/trainer.js";
import { models } from "../../lib/models/models.js";
import { fit, type LabelledInputs } from "./fit.js";
import { cores } from "./gradients.js";
import { chain, network as functional, randomBatch } from "./networks.js";

const tf = await startTfjs();
const ENGINES: EngineName[] = [...cores().map(({ engine }) => engine), "tfjs"];

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

const copyWeights = (model: LayersModel) =>
  model.weights.map((weight) => Float32Array.from(weight.read().dataSync()));

const network = (seed: number) => models["cnn-small"]({ frames: 8, bands: 3, classes: 2, seed });

let err = "";
beforeEach(() => {
  err = "";
  vi.stubEnv("SER_ENGINE", "");
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe.each(ENGINES)("on %s", (engine) => {
  test("learns, and predicts probabilities for any count", async () => {
    const model = await network(1);
    const losses: number[] = [];
    await fit(model, problem(70, 1), {
      epochs: 8,
      batchSize: 16,
      learningRate: 0.01,
      engine,
      onEpoch: (_, loss) => losses.push(loss),
    });
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
    const unseen = problem(41, 2);
    const probabilities = await predict(model, unseen, { batchSize: 16, engine });
    expect(probabilities.length).toBe(82);
    let right = 0;
    for (let i = 0; i < 41; i++) {
      expect(probabilities[2 * i]! + probabilities[2 * i + 1]!).toBeCloseTo(1, 5);
      if (probabilities[2 * i + (i % 2)]! > 0.5) right++;
    }
    expect(right).toBeGreaterThan(36);
  });

  test("the trained model is TensorFlow.js's own: saved and read there, it predicts the same", async () => {
    const model = await network(1);
    const data = problem(40, 1);
    await fit(model, data, { epochs: 2, batchSize: 16, engine });
    const found = await predict(model, data, { engine });
    let saved: unknown;
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
      }),
    );
    const read = await tf.loadLayersModel(tf.io.fromMemory(saved as never));
    const expected = tf.tidy(() =>
      (read.predict(tf.tensor(data.x, [40, 8, 3])) as ReturnType<typeof tf.tensor>).dataSync(),
    );
    found.forEach((p, i) => {
      expect(Math.abs(p - expected[i]!)).toBeLessThan(1e-4);
    });
  });

  test("the same seed gives the same weights, another seed others", async () => {
    const trained = async (seed: number) => {
      const model = await network(3);
      await fit(model, problem(40, 1), { epochs: 2, batchSize: 16, seed, engine });
      return copyWeights(model);
    };
    const first = await trained(1);
    expect(await trained(1)).toEqual(first);
    expect(await trained(2)).not.toEqual(first);
  });

  test("weights of clips count in the loss", async () => {
    const data = problem(40, 1);
    const model = await network(1);
    const before = copyWeights(model);
    await fit(model, { ...data, weights: new Float32Array(40) }, { epochs: 1, engine });
    const after = copyWeights(model);
    model.weights.forEach((weight, i) => {
      if (!/moving_/.test(weight.name)) expect(after[i]).toEqual(before[i]);
    });
  });

  test("what cannot be trained on says so: an empty set, NaN, labels out of range", async () => {
    const data = problem(20, 1);
    const empty = { ...data, x: new Float32Array(0), y: new Float32Array(0), count: 0 };
    await expect(fit(await network(1), empty, { epochs: 1, engine })).rejects.toThrow(/the batch is empty/);
    const spoilt = { ...data, x: data.x.map((value, i) => (i === 3 * 24 ? Number.NaN : value)) };
    await expect(fit(await network(1), spoilt, { epochs: 1, engine })).rejects.toThrow(
      /input \d+ of the batch is not finite/,
    );
    const unlabelled = { ...data, y: data.y.map((p, i) => (i < 2 ? 0 : p)) };
    await expect(fit(await network(1), unlabelled, { epochs: 1, engine })).rejects.toThrow(
      /not a distribution over the 2/,
    );
  });

  test("holds no tensors after training", async () => {
    const model = await network(1);
    const data = problem(33, 1);
    await fit(model, data, { epochs: 1, engine });
    const before = tf.memory().numTensors;
    await fit(model, data, { epochs: 2, engine });
    await predict(model, data, { engine });
    expect(tf.memory().numTensors).toBe(before);
  });
});

test.each(ENGINES)(
  "a learning rate of a million on %s ends the training with a word on what to do",
  async (engine) => {
    // TensorFlow.js's probabilities keep the loss finite, whatever the weights, until they are NaN themselves.
    const learningRate = engine === "tfjs" ? 1e38 : 1e6;
    const training = fit(await network(1), problem(40, 1), { epochs: 9, batchSize: 4, learningRate, engine });
    await expect(training).rejects.toThrow(/training diverged after \d+ updates .*lower the learning rate/);
  },
);

async function withNoise(): Promise<LayersModel> {
  return functional((x, { layers }) => chain(x, layers.gaussianNoise({ stddev: 0.1, name: "hiss" })), [4, 3]);
}

test("a layer that the core does not know is named in one line, and the same call runs on tfjs", async () => {
  for (const core of cores()) {
    err = "";
    const trainer = await createTrainer(await withNoise(), {
      engine: core.engine,
      optimizer: { name: "adam" },
      seed: 1,
      maxBatch: 4,
    });
    expect(trainer.engine).toBe("tfjs");
    expect(await trainer.step(randomBatch(4, 12), 1e-3)).toBeGreaterThan(0);
    expect(err).toBe(
      'ser: the core does not support GaussianNoise (layer "hiss"): using tfjs, which is slow\n',
    );
    await trainer.dispose();
  }
});

test("without any core, and with a CUDA device: the trainer of TensorFlow.js on that backend", async () => {
  const options = { optimizer: { name: "adam" }, seed: 1, maxBatch: 4 } as const;
  const none = () => ({ reason: "not here" });
  const plain = await createTrainer(await network(1), options, {
    gpu: () => {
      throw new Error("no");
    },
    native: none,
    wasm: none,
  });
  expect(plain.engine).toBe("tfjs");
  // The package's backend becomes the current one when it loads: here plain JavaScript stands in its place.
  const gpu = () => {
    tf.setBackend("cpu");
    return { backend: () => ({ isUsingGpuDevice: true }) };
  };
  const model = await network(1);
  const trainer = await createTrainer(model, options, { gpu });
  expect(trainer.engine).toBe("tensorflow-gpu");
  expect(trainer.detail).toMatch(/cpu/);
  const before = copyWeights(model);
  await trainer.step(randomBatch(4, 24, 2), 1e-2);
  await trainer.sync();
  expect(copyWeights(model)).not.toEqual(before);
  await tf.setBackend("wasm");
});

test("a regularizer, which no engine applies, is refused", async () => {
  const model = await functional(
    (x, { layers, regularizers }) =>
      chain(x, layers.dense({ units: 2, kernelRegularizer: regularizers.l2({ l2: 0.1 }) })),
    [4, 3],
  );
  await expect(predict(model, { x: new Float32Array(12), shape: [4, 3], count: 1 })).rejects.toThrow(
    /weightDecay/,
  );
});
