import { expect, test } from "vitest";
import { predict } from "../../lib/engine/engine.js";
import { majority } from "../../lib/models/majority.js";

test("answers with the shares of the classes, whatever it hears", async () => {
  const model = await majority([2, 0, 0, 0], 5, 4);
  const x = Float32Array.from({ length: 10 }, (_, i) => 1000 * Math.sin(i));
  const [a, b, c, d, ...second] = await predict(model, { x, shape: [1, 5], count: 2 });
  expect(a).toBeCloseTo(0.75, 6);
  expect([b, d].every((share) => share! < 1e-6)).toBe(true);
  expect(c).toBeCloseTo(0.25, 6);
  expect(second).toEqual([a, b, c, d]);
});
