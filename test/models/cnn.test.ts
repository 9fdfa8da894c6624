import { expect, test } from "vitest";
import { copyWeights, predict } from "../../lib/engine/engine.js";
import { cnn } from "../../lib/models/cnn.js";

test("is small", async () => {
  expect((await cnn({ frames: 100, bands: 40, classes: 7, seed: 1 })).countParams()).toBeLessThan(30_000);
});

test("takes any width, length and number of classes", async () => {
  for (const [frames, bands, classes] of [
    [16, 13, 2],
    [100, 120, 8],
  ] as const) {
    const model = await cnn({ frames, bands, classes, seed: 1 });
    const x = new Float32Array(2 * frames * bands).fill(0.1);
    const out = await predict(model, { x, shape: [frames, bands], count: 2 });
    expect(out.length).toBe(2 * classes);
    expect(out.subarray(0, classes).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  }
});

test("the seed decides the weights", async () => {
  const weights = async (seed: number) => copyWeights(await cnn({ frames: 20, bands: 5, classes: 3, seed }));
  expect(await weights(1)).toEqual(await weights(1));
  expect(await weights(1)).not.toEqual(await weights(2));
});
