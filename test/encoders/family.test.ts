import { expect, test } from "vitest";
import { checkShapes, convKernel, denseKernel, make, same } from "../../lib/encoders/family.js";
import type { TensorFile } from "../../lib/encoders/tensor-file.js";

const file = (tensors: Record<string, [number[], number[]]>): TensorFile => ({
  ...{ path: "a.safetensors", format: "safetensors", close: async () => {} },
  shapes: new Map(Object.entries(tensors).map(([name, [shape]]) => [name, shape])),
  read: async (name) => Float32Array.from(tensors[name]![1]),
});

test("matrices become one dense kernel, side by side", () => {
  // [[1, 2], [3, 4], [5, 6]] and [[7, 8]]: 2 inputs, 3 and 1 outputs.
  const kernel = denseKernel(2, 3, 1)([Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(7, 8)]);
  expect([...kernel]).toEqual([1, 3, 5, 7, 2, 4, 6, 8]);
});

test("a convolution's kernel is turned around", () => {
  // [outputs 2, inputs 1, size 3]
  expect([...convKernel(3, 1, 2)([Float32Array.of(1, 2, 3, 4, 5, 6)])]).toEqual([1, 4, 2, 5, 3, 6]);
});

test("a tensor is made of its parts", async () => {
  const recipe = same("norm/gamma", [2], "ln.weight");
  const tensors = file({ "ln.weight": [[2], [3, 4]] });
  checkShapes([recipe], tensors);
  expect(await make(recipe, tensors)).toEqual({ shape: [2], data: Float32Array.of(3, 4) });
});

test("a missing tensor and one of another shape are named", () => {
  const recipe = same("norm/gamma", [2], "ln.weight");
  expect(() => checkShapes([recipe], file({}))).toThrow("a.safetensors has no tensor ln.weight");
  for (const shape of [[3], [2, 1], []]) {
    expect(() => checkShapes([recipe], file({ "ln.weight": [shape, []] }))).toThrow(
      `a.safetensors: ln.weight has the shape [${shape}] and should have [2]`,
    );
  }
});
