import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../lib/base/random.js";
import { mixup } from "../../lib/training/mixup.js";

/** A batch whose inputs are one-hot, so that what was mixed can be read off them. */
function oneHot(count: number) {
  const x = new Float32Array(count * count);
  for (let i = 0; i < count; i++) x[i * count + i] = 1;
  return { x, y: x.slice(), weights: Float32Array.from({ length: count }, (_, i) => i), count };
}

test("inputs, targets and weights are mixed alike, and no probability is lost", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.double({ min: 0.01, max: 5, noNaN: true }),
      (n, alpha) => {
        const batch = oneHot(n);
        mixup(batch, alpha, random(`${n}/${alpha}`));
        expect(batch.y).toEqual(batch.x);
        for (let i = 0; i < n; i++) {
          const row = batch.y.subarray(i * n, (i + 1) * n);
          expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
          expect(row[i]!).toBeGreaterThanOrEqual(0.5);
          expect(batch.weights[i]!).toBeCloseTo(
            row.reduce((sum, p, j) => sum + p * j, 0),
            4,
          );
        }
      },
    ),
  );
});

/** E max(l, 1 - l) for l of Beta(a, a): 3/4 for a = 1 (uniform), 1/2 + 1/pi for a = 1/2 (arcsine). */
test.each([
  [1, 0.75],
  [0.5, 0.5 + 1 / Math.PI],
])("the shares are those of Beta(%d, %d)", (alpha, expected) => {
  const n = 400;
  const rng = random("shares");
  let sum = 0;
  let count = 0;
  for (let round = 0; round < 20; round++) {
    const batch = oneHot(n);
    mixup(batch, alpha, rng);
    for (let i = 0; i < n; i++) {
      const own = batch.y[i * n + i]!;
      if (own === 1) continue; // mixed with itself
      sum += own;
      count++;
    }
  }
  expect(sum / count).toBeCloseTo(expected, 2);
});
