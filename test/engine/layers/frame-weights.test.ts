import type { SymbolicTensor, Tensor } from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { createCoreTrainer } from "../../../lib/engine/core-trainer.js";
import { frameWeights } from "../../../lib/engine/layers/frame-weights.js";
import { startTfjs } from "../../../lib/engine/tfjs.js";
import { cores } from "../gradients.js";
import { chain, network, randomBatch } from "../networks.js";
import { reloaded } from "./reloaded.js";

const tf = await startTfjs();

/** Two clips of five frames: three real ones, the middle of which holds one 0; and none. */
const CLIPS = tf.tensor3d([1, 2, 0, 3, -1, 0, 0, 0, 0, 0, ...new Array<number>(10).fill(0)], [2, 5, 2]);

describe("weights worked out by hand", () => {
  test.each([
    [{}, [1 / 3, 1 / 3, 1 / 3, 0, 0, 0, 0, 0, 0, 0]],
    [{ stride: 2 }, [2 / 3, 1 / 3, 0, 0]], // the fifth frame has no partner and counts nowhere
    [{ stride: 5 }, [1, 0]],
    [{ stride: 2, output: "log" }, [0, Math.log(1 / 2), -1e9, -1e9]],
  ] as const)("%j", async (args, expected) => {
    const found = frameWeights(args).apply(CLIPS) as Tensor;
    expect(found.shape).toEqual([2, expected.length / 2]);
    const values = Array.from(await found.data());
    values.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 6);
    });
  });
});

test("a stride or an output that makes no sense is refused", () => {
  expect(() => frameWeights({ stride: 0 })).toThrow(RangeError);
  expect(() => frameWeights({ stride: 1.5 })).toThrow("stride is 1.5");
  expect(() => frameWeights({ output: "sum" as never })).toThrow("output is sum");
});

type Layers = typeof tf.layers;

/** Networks that leave padding out: by a mean, by attention, and by recurrent layers that stand still. */
const NETWORKS: Record<string, (x: SymbolicTensor, layers: Layers) => SymbolicTensor> = {
  "convolutions and a mean": (x, layers) => {
    const features = chain(
      x,
      layers.conv1d({ filters: 8, kernelSize: 5, padding: "same", activation: "relu" }),
      layers.maxPooling1d({ poolSize: 2 }),
    );
    return layers
      .dot({ axes: [1, 1] })
      .apply([chain(x, frameWeights({ stride: 2 })), features]) as SymbolicTensor;
  },
  "LSTM and a mean": (x, layers) => {
    const states = chain(x, layers.masking({}), layers.lstm({ units: 9, returnSequences: true }));
    return layers.dot({ axes: [1, 1] }).apply([chain(x, frameWeights()), states]) as SymbolicTensor;
  },
  "Bi-LSTM and attention": (x, layers) => {
    const lstm = layers.lstm({ units: 5, returnSequences: true }) as never;
    const states = chain(x, layers.masking({}), layers.bidirectional({ layer: lstm, mergeMode: "concat" }));
    const scores = chain(states, layers.dense({ units: 1 }), layers.flatten());
    const masked = layers.add().apply([scores, chain(x, frameWeights({ output: "log" }))]) as SymbolicTensor;
    return layers
      .dot({ axes: [1, 1] })
      .apply([chain(masked, layers.softmax({ axis: -1 })), states]) as SymbolicTensor;
  },
  "GRU and its last state": (x, layers) => chain(x, layers.masking({}), layers.gru({ units: 7 })),
};

/** Noise of 20 to 40 frames and zeros after it. */
function paddedClips(count: number, frames: number, bands: number): Float32Array {
  const { x } = randomBatch(count, frames * bands);
  for (let clip = 0; clip < count; clip++)
    x.fill(0, (clip * frames + 20 + clip * 4) * bands, (clip + 1) * frames * bands);
  return x;
}

describe.each(Object.entries(NETWORKS))("%s", (_, body) => {
  const [frames, bands, count] = [40, 13, 6];
  const x = paddedClips(count, frames, bands);
  const make = (length: number) => network((input) => body(input, tf.layers), [length, bands], 7);

  test("saved, loaded and run by tfjs it says on padded clips what the core says", async () => {
    const model = await make(frames);
    const loaded = await reloaded(model);
    const expected = (loaded.predict(tf.tensor3d(x, [count, frames, bands])) as Tensor).dataSync();
    for (const core of cores()) {
      const trainer = await createCoreTrainer(core, model, {
        optimizer: { name: "adam" },
        seed: 1,
        maxBatch: 4,
      });
      const found = await trainer.predict({ x, shape: [frames, bands], count });
      const error = Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)));
      expect(error, core.engine).toBeLessThan(1e-5);
      await trainer.dispose();
    }
  });

  test("it says the same of a clip however much padding follows it", async () => {
    const answers = await Promise.all(
      [40, 64].map(async (length) => {
        const model = await make(length);
        const padded = new Float32Array(length * bands);
        padded.set(x.subarray(0, frames * bands));
        return (model.predict(tf.tensor3d(padded, [1, length, bands])) as Tensor).dataSync();
      }),
    );
    answers[0]!.forEach((value, i) => {
      expect(value).toBeCloseTo(answers[1]![i]!, 5);
    });
  });

  test("a clip of nothing but padding gives numbers", async () => {
    const model = await make(frames);
    const nothing = tf.zeros([1, frames, bands]);
    const answer = (model.predict(nothing) as Tensor).dataSync();
    expect(answer.every(Number.isFinite)).toBe(true);
  });
});
