import { createRequire } from "node:module";
import { expect, test } from "vitest";

test("danfo's data frame works, on the one TensorFlow.js there is", () => {
  const load = createRequire(import.meta.url);
  const danfo = load("danfojs-node");
  const frame = new danfo.DataFrame([
    { speaker: "DC", uar: 0.5 },
    { speaker: "KL", uar: 0.25 },
  ]);
  expect(frame.shape).toEqual([2, 2]);
  expect(frame.uar.mean()).toBe(0.375);
  expect(danfo.tensorflow).toBe(load("@tensorflow/tfjs"));
});
