import type { Tensor } from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { compile } from "../../../lib/engine/compile.js";
import { groupedConv } from "../../../lib/engine/layers/grouped-conv.js";
import { startTfjs } from "../../../lib/engine/tfjs.js";
import { network } from "../networks.js";
import { reloaded } from "./reloaded.js";

const tf = await startTfjs();

describe("worked out by hand", () => {
  test("an even kernel has one zero more before than behind", async () => {
    const layer = groupedConv({ filters: 1, kernelSize: 4, groups: 1 });
    layer.apply(tf.input({ shape: [null, 1] }));
    layer.setWeights([tf.tensor3d([1000, 100, 10, 1], [4, 1, 1]), tf.tensor1d([0.5])]);
    const found = await (layer.apply(tf.tensor3d([1, 2, 3, 4, 5], [1, 5, 1])) as Tensor).data();
    expect(Array.from(found)).toEqual([12.5, 123.5, 1234.5, 2345.5, 3450.5]);
  });

  test("a group of columns does not see the others", async () => {
    const layer = groupedConv({ filters: 4, kernelSize: 1, groups: 2 });
    layer.apply(tf.input({ shape: [null, 4] }));
    // Columns 0 and 1 of the output take 0 and 1 of the input; 2 and 3 take 2 and 3.
    layer.setWeights([tf.tensor3d([1, 2, 3, 4, 10, 20, 30, 40], [1, 2, 4]), tf.zeros([4])]);
    const found = await (layer.apply(tf.tensor3d([1, 2, 3, 4], [1, 1, 4])) as Tensor).data();
    expect(Array.from(found)).toEqual([1 + 20, 2 + 40, 9 + 120, 12 + 160]);
  });
});

test("sizes that make no sense are refused", () => {
  expect(() => groupedConv({ filters: 4, kernelSize: 0, groups: 2 })).toThrow("kernelSize is 0");
  expect(() => groupedConv({ filters: 5, kernelSize: 3, groups: 2 })).toThrow(
    "5 filters cannot be divided into 2",
  );
  const layer = groupedConv({ filters: 4, kernelSize: 3, groups: 2 });
  expect(() => layer.apply(tf.input({ shape: [null, 5] }))).toThrow("5 columns cannot be divided into 2");
});

test("more groups than the core takes are named", async () => {
  const layer = groupedConv({ filters: 64, kernelSize: 3, groups: 64, name: "many" });
  const model = await network((x) => layer.apply(x) as typeof x, [5, 64]);
  expect(() => compile(model)).toThrow('GroupedConv1D with 64 groups (layer "many")');
});

test("saved and loaded it is the same", async () => {
  const args = { filters: 8, kernelSize: 4, groups: 2, seed: 3 };
  const model = await network((x) => groupedConv(args).apply(x) as typeof x, [5, 6]);
  const loaded = await reloaded(model);
  const x = tf.randomNormal([2, 5, 6], 0, 1, "float32", 1);
  const [first, second] = [model, loaded].map((one) => (one.predict(x) as Tensor).dataSync());
  expect(second).toEqual(first);
});

test("the seed makes the kernel, which without one is zeros", () => {
  const kernel = (seed?: number) => {
    const layer = groupedConv({ filters: 8, kernelSize: 4, groups: 2, seed });
    layer.apply(tf.input({ shape: [null, 6] }));
    return layer.getWeights()[0]!.dataSync();
  };
  expect(kernel(1)).toEqual(kernel(1));
  expect(kernel(1)).not.toEqual(kernel(2));
  expect(kernel().every((value) => value === 0)).toBe(true);
});
