import fc from "fast-check";
import { expect, test } from "vitest";
import { type SmoProblem, solveSmo } from "../../lib/models/smo.js";

test("two rows that are alike but for their class are both at their limits", () => {
  const { alphas, rho, loss } = solveSmo({
    ...{ kernel: Float32Array.of(1, 1, 1, 1), signs: [1, -1], limits: [2, 2] },
  });
  expect([...alphas]).toEqual([2, 2]);
  expect([rho, loss]).toEqual([0, 1]);
});

test("two rows apart meet in the middle", () => {
  const { alphas, rho, loss } = solveSmo({
    ...{ kernel: Float32Array.of(1, 0, 0, 1), signs: [1, -1], limits: [10, 10] },
  });
  expect([...alphas]).toEqual([1, 1]);
  expect([rho, loss]).toEqual([0, 0]);
});

/** Points on a line with an RBF kernel, which is positive definite. */
const problems = fc
  .array(fc.record({ at: fc.float({ min: -3, max: 3, noNaN: true }), sign: fc.constantFrom(1, -1) }), {
    minLength: 2,
    maxLength: 25,
  })
  .filter((rows) => new Set(rows.map(({ sign }) => sign)).size === 2)
  .chain((rows) =>
    fc.record({ rows: fc.constant(rows), cost: fc.constantFrom(0.1, 1, 10), share: fc.constantFrom(0.3, 1) }),
  )
  .map(
    ({ rows, cost, share }): SmoProblem => ({
      kernel: Float32Array.from(
        rows.flatMap(({ at }) => rows.map((other) => Math.exp(-((at - other.at) ** 2)))),
      ),
      signs: rows.map(({ sign }) => sign),
      limits: rows.map(({ sign }) => (sign > 0 ? cost : cost * share)),
    }),
  );

test("the alphas are within their limits, cancel, and meet the conditions of the minimum", () => {
  fc.assert(
    fc.property(problems, (problem) => {
      const { kernel, signs, limits } = problem;
      const tolerance = 1e-4;
      const { alphas, rho, loss } = solveSmo(problem, tolerance);
      const n = signs.length;
      const decision = (i: number) =>
        alphas.reduce((sum, alpha, j) => sum + signs[j]! * alpha * kernel[i * n + j]!, -rho);
      expect(Math.abs(alphas.reduce((sum, alpha, i) => sum + signs[i]! * alpha, 0))).toBeLessThan(1e-9);
      let hinges = 0;
      for (const [i, alpha] of alphas.entries()) {
        expect(alpha).toBeGreaterThanOrEqual(0);
        expect(alpha).toBeLessThanOrEqual(limits[i]!);
        const margin = signs[i]! * decision(i);
        hinges += Math.max(0, 1 - margin);
        if (alpha < limits[i]!) expect(margin).toBeGreaterThan(1 - 2 * tolerance);
        if (alpha > 0) expect(margin).toBeLessThan(1 + 2 * tolerance);
      }
      expect(loss).toBeCloseTo(hinges / n, 6);
    }),
    { seed: 1 },
  );
});
