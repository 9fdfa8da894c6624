import fc from "fast-check";
import { expect, test } from "vitest";
import { Pace } from "../../lib/base/pace.js";

/** The pace after steps that took so many milliseconds each. */
function after(steps: readonly number[], total = 100): { pace: Pace; at: number } {
  const pace = new Pace(total, 0);
  let at = 0;
  for (const ms of steps) {
    at += ms;
    pace.step(1, at);
  }
  return { pace, at };
}

test("even steps give their own pace, once there is enough of them", () => {
  const { pace, at } = after([2000, 2000, 2000, 2000, 2000]);
  expect(pace.now(at)).toBeCloseTo(0.5, 9);
  expect(pace.overall(at)).toBeCloseTo(0.5, 9);
  expect(new Pace(10, 0).now(1e6)).toBeUndefined();
  expect(new Pace(10, 0).overall(1e6)).toBeUndefined();
});

test("processes that end their first steps together say nothing yet", () => {
  const hour = 3.6e6;
  const sixteen = [hour, ...Array(15).fill(1000)];
  const { pace, at } = after(sixteen, 200);
  expect(pace.now(at)).toBeUndefined();
  const later = after([...sixteen, hour - 15_000, ...Array(15).fill(1000)], 200);
  const perHour = 3600 * later.pace.now(later.at)!;
  expect(perHour).toBeGreaterThan(12);
  expect(perHour).toBeLessThan(40);
});

test("a step that is overdue slows it down", () => {
  const { pace, at } = after(Array(20).fill(1000));
  expect(pace.now(at + 900)).toBeCloseTo(1, 9);
  expect(pace.now(at + 60_000)!).toBeLessThan(0.3);
});

test("it stays between the slowest and the fastest step after the first, and is never NaN", () => {
  const steps = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 500 }), (taken, total) => {
      const { pace, at } = after(taken, total);
      const now = pace.now(at);
      if (now === undefined) return;
      expect(now).toBeGreaterThanOrEqual(1000 / Math.max(...taken.slice(1)) - 1e-9);
      expect(now).toBeLessThanOrEqual(1000 / Math.min(...taken.slice(1)) + 1e-9);
    }),
  );
});
