import type { Tensor } from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { random } from "../../../lib/base/random.js";
import { createForward } from "../../../lib/engine/forward.js";
import { groupNorm } from "../../../lib/engine/layers/group-norm.js";
import { startTfjs } from "../../../lib/engine/tfjs.js";
import { network } from "../networks.js";
import { reloaded } from "./reloaded.js";

const tf = await startTfjs();

test("each column of each clip has its own mean and deviation over the frames", async () => {
  // Columns 1, 3, 5 (deviation sqrt(8 / 3)) and 2, 2, 2; of the other clip twice the first and 7 more.
  const clips = tf.tensor3d([1, 2, 3, 2, 5, 2, 9, 9, 13, 9, 17, 9], [2, 3, 2]);
  const layer = groupNorm({ epsilon: 1e-12 });
  const found = await (layer.apply(clips) as Tensor).data();
  const end = 2 / Math.sqrt(8 / 3);
  for (const [i, value] of [-end, 0, 0, 0, end, 0, -end, 0, 0, 0, end, 0].entries())
    expect(found[i]).toBeCloseTo(value, 5);
  layer.setWeights([tf.tensor1d([10, 1]), tf.tensor1d([0, 3])]);
  const scaled = await (layer.apply(clips) as Tensor).data();
  for (const [i, value] of [-10 * end, 3, 0, 3, 10 * end, 3].entries())
    expect(scaled[i]).toBeCloseTo(value, 4);
});

test("an epsilon that makes no sense is refused", () => {
  expect(() => groupNorm({ epsilon: 0 })).toThrow("epsilon is 0");
  expect(() => groupNorm({ epsilon: Number.NaN })).toThrow(RangeError);
});

test.each(["native", "wasm"] as const)("%s: a minute of frames far from zero", async (engine) => {
  const [frames, width] = [3001, 37];
  const rng = random("frames");
  const x = Float32Array.from({ length: frames * width }, (_, i) => rng.normal(100 + (i % width), 0.5));
  const input = tf.input({ shape: [null, width] });
  const model = tf.model({ inputs: input, outputs: groupNorm().apply(input) as typeof input });
  const weights = [2, 3].map((value) => new Float32Array(width).fill(value));
  const forward = await createForward(model, weights, { engine, threads: 2 });
  const { data } = await forward.run(x, frames);
  await forward.dispose();
  for (let column = 0; column < width; column++) {
    const values = Array.from({ length: frames }, (_, i) => x[i * width + column]!);
    const mean = values.reduce((sum, value) => sum + value) / frames;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / frames;
    const errors = values.map((value, i) =>
      Math.abs(2 * ((value - mean) / Math.sqrt(variance + 1e-5)) + 3 - data[i * width + column]!),
    );
    expect(Math.max(...errors)).toBeLessThan(1e-4);
  }
});

test("saved and loaded it is the same", async () => {
  const model = await network((x) => groupNorm({ epsilon: 0.5 }).apply(x) as typeof x, [5, 3]);
  const loaded = await reloaded(model);
  const x = tf.randomNormal([2, 5, 3], 0, 1, "float32", 1);
  const [first, second] = [model, loaded].map((one) => (one.predict(x) as Tensor).dataSync());
  expect(second).toEqual(first);
});
