import type { SymbolicTensor, Tensor } from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { createForward } from "../../../lib/engine/forward.js";
import { frameWeights } from "../../../lib/engine/layers/frame-weights.js";
import { selfAttention } from "../../../lib/engine/layers/self-attention.js";
import { startTfjs } from "../../../lib/engine/tfjs.js";
import { cores } from "../gradients.js";
import { randomBatch } from "../networks.js";
import { reloaded } from "./reloaded.js";

const tf = await startTfjs();

/** By PyTorch 2.13's scaled_dot_product_attention: three frames, two heads of two columns. */
const QKV = [
  [0.5, -1, 1.5, 0.25, 1, 0, -0.5, 2, 0.1, 0.2, 0.3, 0.4],
  [-0.25, 2, 0, 1, 0.5, 0.5, 1, -1, -0.5, 0.6, -0.7, 0.8],
  [1, 1, -1, 0.5, -1, 1.5, 0.75, 0.25, 0.9, -1, 1.1, -1.2],
];
const KNOWN = [
  -0.02305861, 0.21734258, 0.19813897, -0.09102534, 0.64153294, -0.68568226, 0.37959451, 0.10478461,
  0.0858451, 0.03619714, 0.34332986, 0.17046645,
];
const MASKED = [
  0.16291526, 0.10562711, 0.76410629, -0.52821258, 0.78472794, -0.82709192, 0.40134876, 0.19730248,
  0.30788735, -0.11183102, 0.3801063, 0.2397874,
];

describe("values of PyTorch", () => {
  test("without weights", () => {
    const found = (selfAttention({ heads: 2 }).apply(tf.tensor3d([QKV])) as Tensor).dataSync();
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(KNOWN[i]!, 5);
    });
  });

  test("with the second frame masked and half of the third one there", () => {
    const weights = tf.tensor2d([[0, -1e9, Math.log(0.5)]]);
    const found = (selfAttention({ heads: 2 }).apply([tf.tensor3d([QKV]), weights]) as Tensor).dataSync();
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(MASKED[i]!, 5);
    });
  });
});

/** A model of it behind a dense layer, whose padding gets no attention. */
function masked() {
  const input = tf.input({ shape: [null, 5] });
  const kernelInitializer = tf.initializers.glorotNormal({ seed: 4 });
  const qkv = tf.layers.dense({ units: 36, kernelInitializer }).apply(input) as SymbolicTensor;
  const weights = frameWeights({ output: "log" }).apply(input) as SymbolicTensor;
  const outputs = selfAttention({ heads: 3, name: "a" }).apply([qkv, weights]) as SymbolicTensor;
  return tf.model({ inputs: input, outputs });
}

test.each(cores().map((core) => [core.engine, core] as const))(
  "padding changes nothing to the bit, however many blocks of rows there are (%s)",
  async (_, core) => {
    const model = masked();
    const weights = model.weights.map((weight) => weight.read().dataSync() as Float32Array);
    const forward = await createForward(model, weights, { engine: core.engine });
    const { x } = randomBatch(1, 70 * 5);
    const alone = await forward.run(x, 70);
    const expected = await (model.predict(tf.tensor(x, [1, 70, 5])) as Tensor).data();
    alone.data.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 5);
    });
    const padded = new Float32Array(101 * 5);
    padded.set(x);
    const long = await forward.run(padded, 101);
    alone.data.forEach((value, i) => {
      expect(long.data[i]).toBeCloseTo(value, 6);
    });
    await forward.dispose();
  },
);

test("a number of heads that makes no sense is refused", () => {
  expect(() => selfAttention({ heads: 0 })).toThrow("heads is 0");
  expect(() => selfAttention({ heads: 1.5 })).toThrow(RangeError);
  expect(() => selfAttention({ heads: 4, name: "a" }).apply(tf.input({ shape: [5, 18] }))).toThrow(
    '18 columns are not queries, keys and values of 4 heads ("a")',
  );
});

test("a saved model that holds it says the same", async () => {
  const model = masked();
  const x = tf.randomNormal([2, 6, 5], 0, 1, "float32", 3);
  const loaded = await reloaded(model);
  expect((loaded.predict(x) as Tensor).dataSync()).toEqual((model.predict(x) as Tensor).dataSync());
});
