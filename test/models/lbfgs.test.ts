import { expect, test } from "vitest";
import { minimise } from "../../lib/models/lbfgs.js";

test("finds the minimum of a badly scaled quadratic, which is its centre", async () => {
  const scales = [1e-3, 1, 1e3];
  const centre = [3, -2, 0.5];
  const found = await minimise(
    (x) => ({
      value: scales.reduce((sum, s, i) => sum + (s / 2) * (x[i]! - centre[i]!) ** 2, 0),
      gradient: Float64Array.from(scales, (s, i) => s * (x[i]! - centre[i]!)),
    }),
    new Float64Array(3),
    { tolerance: 1e-9 },
  );
  found.forEach((value, i) => {
    expect(value).toBeCloseTo(centre[i]!, 5);
  });
});

/** Rosenbrock's function is not convex, and has its only minimum at (1, 1). */
test("walks down Rosenbrock's valley", async () => {
  const found = await minimise(
    ([x, y]) => ({
      value: (1 - x!) ** 2 + 100 * (y! - x! * x!) ** 2,
      gradient: Float64Array.of(-2 * (1 - x!) - 400 * x! * (y! - x! * x!), 200 * (y! - x! * x!)),
    }),
    Float64Array.of(-1.2, 1),
    { tolerance: 1e-10 },
  );
  expect(found[0]).toBeCloseTo(1, 6);
  expect(found[1]).toBeCloseTo(1, 6);
});

test("a minimum is left where it is, and the start is not changed", async () => {
  const start = Float64Array.of(0);
  expect(await minimise((x) => ({ value: x[0]! ** 2, gradient: Float64Array.of(2 * x[0]!) }), start)).toBe(
    start,
  );
  const far = Float64Array.of(5);
  await minimise((x) => ({ value: x[0]! ** 2, gradient: Float64Array.of(2 * x[0]!) }), far);
  expect(far[0]).toBe(5);
});

test("it tells of every iteration, and stops between two", async () => {
  const square = (x: Float64Array) => ({ value: x[0]! ** 4, gradient: Float64Array.of(4 * x[0]! ** 3) });
  const slopes: number[] = [];
  await minimise(square, Float64Array.of(2.5), { onIteration: (_, slope) => slopes.push(slope) });
  expect(slopes[0]).toBe(62.5);
  expect(slopes.length).toBeGreaterThan(3);
  const stop = new AbortController();
  const onIteration = (done: number) => done === 2 && stop.abort();
  await expect(minimise(square, Float64Array.of(2.5), { signal: stop.signal, onIteration })).rejects.toThrow(
    "aborted",
  );
});
