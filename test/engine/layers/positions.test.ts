import type { Tensor } from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { positions, sinusoids } from "../../../lib/engine/layers/positions.js";
import { startTfjs } from "../../../lib/engine/tfjs.js";
import { reloaded } from "./reloaded.js";

const tf = await startTfjs();

test("the sinusoids are Whisper's: sines of falling frequency, then cosines", () => {
  const table = sinusoids(3, 6);
  // By openai-whisper 20240930's sinusoids(3, 6).
  const expected = [
    [0, 0, 0, 1, 1, 1],
    [0.84147098, 0.00999983, 1e-4, 0.54030231, 0.99995, 1],
    [0.90929743, 0.01999867, 2e-4, -0.41614684, 0.99980001, 1],
  ].flat();
  table.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 6);
  });
});

test("each frame gets the row of its place; the table does not learn unless it is told to", () => {
  const layer = positions({ positions: 4 });
  const found = (layer.apply(tf.zeros([2, 3, 6])) as Tensor).dataSync();
  expect(Array.from(found)).toEqual([...sinusoids(3, 6), ...sinusoids(3, 6)]);
  expect(layer.trainableWeights).toHaveLength(0);
  const learning = positions({ positions: 4, trainable: true });
  learning.apply(tf.zeros([1, 2, 6]));
  expect(learning.trainableWeights.map(({ originalName }) => originalName.split("/").at(-1))).toEqual([
    "table",
  ]);
});

test("more frames than positions, and a number of them that makes no sense, are refused", () => {
  expect(() => positions({ positions: 0 })).toThrow("positions is 0");
  expect(() => positions({ positions: 2.5 })).toThrow(RangeError);
  expect(() => positions({ positions: 4, name: "p" }).apply(tf.input({ shape: [5, 2] }))).toThrow(
    '5 frames are more than the 4 positions of "p"',
  );
});

test("a saved model that holds it loads, with its table", async () => {
  const input = tf.input({ shape: [3, 2] });
  const model = tf.model({
    inputs: input,
    outputs: positions({ positions: 5 }).apply(input) as typeof input,
  });
  model.setWeights([tf.ones([5, 2])]);
  const loaded = await reloaded(model);
  expect(Array.from((loaded.predict(tf.zeros([1, 3, 2])) as Tensor).dataSync())).toEqual([1, 1, 1, 1, 1, 1]);
  expect(loaded.trainableWeights).toHaveLength(0);
});
