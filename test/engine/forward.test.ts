import type { LayersModel, SymbolicTensor, Tensor } from "@tensorflow/tfjs";
import { describe, expect, test, vi } from "vitest";
import { createForward, type Forward } from "../../lib/engine/forward.js";
import { frameWeights } from "../../lib/engine/layers/frame-weights.js";
import { startTfjs } from "../../lib/engine/tfjs.js";
import { transformerBlock } from "../../lib/models/transformer.js";
import { cores } from "./gradients.js";
import { type Body, chain, randomBatch, randomise } from "./networks.js";

const tf = await startTfjs();
const WIDTH = 6;

/** A model of open length, with seeded noise as weights. */
function open(body: Body, length: number | null = null): LayersModel {
  const input = tf.input({ shape: [length, WIDTH] });
  const model = tf.model({ inputs: input, outputs: body(input, tf) });
  randomise(model, tf, 1);
  return model;
}

const weightsOf = (model: LayersModel) =>
  model.weights.map((weight) => Float32Array.from(weight.read().dataSync()));

/** By TensorFlow.js, in the shape [rows, cols]. */
async function expected(model: LayersModel, x: Float32Array, frames: number): Promise<ArrayLike<number>> {
  return tf.tidy(() => (model.predict(tf.tensor(x, [1, frames, WIDTH])) as Tensor).dataSync());
}

/** Networks whose ops share rows, need all rows, do work alone, or read what was written long before. */
const NETWORKS: Record<string, Body> = {
  "rows only": (x, { layers }) =>
    chain(
      x,
      layers.dense({ units: 7, activation: "relu" }),
      layers.layerNormalization({}),
      layers.dense({ units: 3 }),
    ),
  "convolutions and a sum of what went before": (x, { layers }) => {
    const convolution = (kernelSize: number, strides = 1) =>
      layers.conv1d({ filters: 5, kernelSize, strides, padding: "same" });
    const first = chain(x, convolution(5), layers.activation({ activation: "tanh" }));
    const second = chain(first, convolution(3), layers.dropout({ rate: 0.5 }), convolution(4));
    const sum = layers
      .add()
      .apply([first, second, chain(second, layers.dense({ units: 5 }))]) as SymbolicTensor;
    return chain(sum, convolution(3, 2));
  },
  "transformer blocks and all their states": (x, { layers }) => {
    const mask = chain(x, frameWeights({ output: "log" }));
    const states = [chain(x, layers.dense({ units: 8 }))];
    for (let index = 0; index < 3; index++)
      states.push(
        transformerBlock(tf, states[index]!, {
          ...{ index, heads: 2, width: 8, hidden: 16, mask, drop: 0.3, norm: index < 2 ? "before" : "after" },
        }),
      );
    return layers.concatenate().apply(states) as SymbolicTensor;
  },
  "recurrent layers, pooling and normalisation": (x, { layers }) => {
    const lstm = layers.lstm({ units: 5, returnSequences: true }) as never;
    return chain(
      x,
      layers.batchNormalization({}),
      layers.reLU(),
      layers.conv1d({ filters: 6, kernelSize: 3, padding: "same" }),
      layers.batchNormalization({}),
      layers.reLU(),
      layers.bidirectional({ layer: lstm, mergeMode: "concat" }),
      layers.dense({ units: 4 }),
    );
  },
  "one row": (x, { layers }) =>
    chain(x, layers.dense({ units: 9 }), layers.globalAveragePooling1d({}), layers.dense({ units: 3 })),
};

describe.each(cores().map((core) => [core.engine, core] as const))("%s", (engine) => {
  const forwardOf = (model: LayersModel, threads?: number) =>
    createForward(model, weightsOf(model), { engine, threads });
  const run = async (forward: Forward, frames: number) =>
    forward.run(randomBatch(1, frames * WIDTH, 3, frames).x, frames);

  test.each(Object.entries(NETWORKS))(
    "%s: TensorFlow.js's output, for lengths that come and go",
    async (_, body) => {
      const model = open(body);
      const forward = await forwardOf(model);
      for (const frames of [40, 7, 133, 64, 1, 133]) {
        const { data, rows, cols } = await run(forward, frames);
        const values = await expected(model, randomBatch(1, frames * WIDTH, 3, frames).x, frames);
        expect([rows * cols, cols]).toEqual([values.length, model.outputs[0]!.shape.at(-1)]);
        data.forEach((value, i) => {
          expect(Math.abs(value - values[i]!), `${frames} frames, ${i}`).toBeLessThan(2e-5);
        });
      }
      await forward.dispose();
    },
  );

  test.each(Object.entries(NETWORKS))("%s: the number of threads changes no bit", async (_, body) => {
    const model = open(body);
    const outputs = await Promise.all(
      [1, 2, 3, 5].map(async (threads) => {
        const forward = await forwardOf(model, threads);
        const found = [await run(forward, 90), await run(forward, 11), await run(forward, 90)];
        await forward.dispose();
        return found.map(({ data }) => data);
      }),
    );
    for (const other of outputs) expect(other).toEqual(outputs[0]);
    expect(outputs[0]![0]).toEqual(outputs[0]![2]);
  });

  test("the model may be disposed, and be of a fixed length", async () => {
    const model = open(NETWORKS["rows only"]!, 9);
    const forward = await forwardOf(model);
    const values = await expected(model, randomBatch(1, 9 * WIDTH, 3, 9).x, 9);
    model.dispose();
    (await run(forward, 9)).data.forEach((value, i) => {
      expect(Math.abs(value - values[i]!)).toBeLessThan(1e-5);
    });
    await forward.dispose();
  });

  test("calls that do not wait for each other have each its own output", async () => {
    const forward = await forwardOf(open(NETWORKS["transformer blocks and all their states"]!));
    const lengths = [20, 31, 12, 31];
    const together = await Promise.all(lengths.map((frames) => run(forward, frames)));
    for (const [i, frames] of lengths.entries()) expect(together[i]).toEqual(await run(forward, frames));
    await forward.dispose();
  });

  test("what comes out is a copy", async () => {
    const forward = await forwardOf(open(NETWORKS["rows only"]!));
    const first = await run(forward, 5);
    const before = Float32Array.from(first.data);
    await forward.run(new Float32Array(5 * WIDTH), 5);
    expect(first.data).toEqual(before);
    await forward.dispose();
  });

  test("inputs that are too short, too long or of another size are told in words", async () => {
    const forward = await forwardOf(
      open((x, { layers }) => chain(x, layers.conv1d({ filters: 2, kernelSize: 5, name: "c" }))),
    );
    await expect(forward.run(new Float32Array(3 * WIDTH), 3)).rejects.toThrow(
      "an input of 3 frames is too short for the model",
    );
    await expect(forward.run(new Float32Array(7), 8)).rejects.toThrow("8 frames has 48 numbers, not 7");
    await expect(forward.run(new Float32Array(0), 0)).rejects.toThrow("an input cannot have 0 frames");
    expect((await run(forward, 5)).rows).toBe(1);
    await forward.dispose();
  });
});

test("weights that are not the model's are refused", async () => {
  const model = open(NETWORKS["rows only"]!);
  await expect(createForward(model, [])).rejects.toThrow("the weights do not fit the model");
  const cut = weightsOf(model);
  cut[0] = cut[0]!.subarray(1);
  await expect(createForward(model, cut)).rejects.toThrow("the weights do not fit the model");
});

test("stock TensorFlow.js runs what the core does not know, and says so", async () => {
  const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const model = open((x, { layers }) => chain(x, layers.dense({ units: 3, activation: "selu", name: "d" })));
  const { x } = randomBatch(1, 4 * WIDTH);
  const values = await expected(model, x, 4);
  const forward = await createForward(model, weightsOf(model), { engine: "wasm" });
  model.dispose();
  expect(said.mock.calls.flat().join("")).toContain('Dense with activation "selu" (layer "d"): using tfjs');
  said.mockRestore();
  const found = await forward.run(x, 4);
  expect([forward.engine, found.rows, found.cols]).toEqual(["tfjs", 4, 3]);
  found.data.forEach((value, i) => {
    expect(Math.abs(value - values[i]!)).toBeLessThan(1e-5);
  });
  await forward.dispose();
});
