import { describe, expect, test } from "vitest";
import { UserError } from "../../../lib/base/errors.js";
import { ACTIVATION, CORE_MAGIC, NONE, OP } from "../../../lib/engine/core.js";
import { onAdapter } from "../../adapter.js";
import { needs } from "../../needs.js";

/** A dense layer of ci x co, and a softmax. */
function program(ci: number, co: number): Int32Array {
  return Int32Array.from([
    ...[CORE_MAGIC, 3, 1, 2, 0, 2, ci, co, co, 0, ci * co, 1],
    ...[OP.dense, 9, 0, 1, 1, ci, co, 0, NONE],
    ...[OP.activation, 8, 1, 2, 1, co, ACTIVATION.softmax, 0],
  ]);
}

describe("arrays and products", needs("webgpu"), () => {
  test.each([
    [1, 1, 1],
    [17, 65, 70],
    [130, 3, 33],
    [64, 64, 64],
  ])("a product of %i x %i x %i", async (count, ci, co) => {
    const weights = Float32Array.from({ length: ci * co }, (_, i) => Math.sin(i));
    const x = Float32Array.from({ length: count * ci }, (_, i) => Math.cos(3 * i));
    const net = await onAdapter().create(program(ci, co), weights, { maxBatch: count, seed: 1 });
    const found = await net.predict(x, count);
    for (const clip of [0, count - 1]) {
      const logits = Array.from({ length: co }, (_, j) =>
        Math.exp(
          Array.from({ length: ci }, (_, i) => x[clip * ci + i]! * weights[i * co + j]!).reduce(
            (a, b) => a + b,
          ),
        ),
      );
      const total = logits.reduce((a, b) => a + b);
      for (const j of [0, co - 1]) expect(found[clip * co + j]).toBeCloseTo(logits[j]! / total, 5);
    }
    await net.destroy();
  });

  test("an array larger than the GPU allows is refused with a word on what to do", async () => {
    const size = 1 << 24;
    const made = onAdapter().create(program(size, 3), new Float32Array(1), { maxBatch: 64, seed: 1 });
    await expect(made).rejects.toThrow(UserError);
    await expect(made).rejects.toThrow(/an array of 4096 MiB is larger than .* use a smaller batch size/);
  });
});
