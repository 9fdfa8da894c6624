import type { SymbolicTensor, Tensor } from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { frameWeights } from "../../lib/engine/layers/frame-weights.js";
import { startTfjs } from "../../lib/engine/tfjs.js";
import { type TransformerBlockOptions, transformerBlock } from "../../lib/models/transformer.js";

const tf = await startTfjs();
const SIZES = { index: 3, heads: 2, width: 8, hidden: 12 };

function block(options: Partial<TransformerBlockOptions> = {}, masked = false) {
  const input = tf.input({ shape: [null, 8] });
  const mask = masked ? (frameWeights({ output: "log" }).apply(input) as SymbolicTensor) : undefined;
  return tf.model({
    inputs: input,
    outputs: transformerBlock(tf, input, { ...SIZES, norm: "before", mask, ...options }),
  });
}

test("its weights have the names and shapes that files of encoders have", () => {
  const names = block().weights.map(({ originalName, shape }) => `${originalName} [${shape}]`);
  expect(names).toEqual([
    ...[
      "block3.norm1/gamma [8]",
      "block3.norm1/beta [8]",
      "block3.qkv/kernel [8,24]",
      "block3.qkv/bias [24]",
    ],
    ...["block3.out/kernel [8,8]", "block3.out/bias [8]", "block3.norm2/gamma [8]", "block3.norm2/beta [8]"],
    ...[
      "block3.up/kernel [8,12]",
      "block3.up/bias [12]",
      "block3.down/kernel [12,8]",
      "block3.down/bias [8]",
    ],
  ]);
});

describe("of zeros", () => {
  const x = tf.randomNormal([2, 5, 8], 3, 2, "float32", 1);

  test("with the norm before its branches it is the identity", () => {
    expect((block().predict(x) as Tensor).dataSync()).toEqual(x.dataSync());
  });

  test("with the norm after its sums every row has mean 0 and variance 1", () => {
    const y = block({ norm: "after" }).predict(x) as Tensor;
    const { mean, variance } = tf.moments(y, -1);
    for (const value of mean.dataSync()) expect(value).toBeCloseTo(0, 5);
    for (const value of variance.dataSync()) expect(value).toBeCloseTo(1, 4);
  });
});

test("with a mask, real frames say the same however much padding follows them", () => {
  const model = block({ seed: 1 }, true);
  const clip = tf.randomNormal([1, 4, 8], 0, 1, "float32", 2);
  const padded = tf.pad(clip, [
    [0, 0],
    [0, 3],
    [0, 0],
  ]);
  const [alone, long] = [clip, padded].map((x) => (model.predict(x) as Tensor).dataSync());
  alone!.forEach((value, i) => {
    expect(long![i]).toBeCloseTo(value, 5);
  });
});

test("the same seed gives the same weights, another index others", () => {
  const kernel = (options: Partial<TransformerBlockOptions>) =>
    Array.from(
      block({ seed: 1, ...options })
        .weights[2]!.read()
        .dataSync(),
    );
  expect(kernel({})).toEqual(kernel({}));
  expect(kernel({ index: 4 })).not.toEqual(kernel({}));
});

test("a share of clips goes without the branches in training", () => {
  const kinds = block({ drop: 0.2 }).layers.map((layer) => layer.getClassName());
  expect(kinds.filter((kind) => kind === "StochasticDepth")).toHaveLength(2);
});
