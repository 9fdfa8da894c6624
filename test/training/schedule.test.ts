import { expect, test } from "vitest";
import { learningRate, type ScheduleSettings } from "../../lib/training/schedule.js";

/** The rates of all steps of a training of 10 epochs of 10 steps. */
function rates(settings: ScheduleSettings, rate = 2): number[] {
  return Array.from({ length: 100 }, (_, step) =>
    learningRate(settings, rate, { step, stepsPerEpoch: 10, epochs: 10, uars: [] }),
  );
}

test("constant stays", () => {
  expect(new Set(rates({ name: "constant" }))).toEqual(new Set([2]));
});

test("a warm-up rises linearly and reaches the rate in its last step", () => {
  const all = rates({ name: "constant", warmup: 0.5 });
  expect(all.slice(0, 6)).toEqual([0.4, 0.8, 1.2, 1.6, 2, 2]);
});

test("cosine: (1 + cos(pi t)) / 2 between the rate and its floor", () => {
  const all = rates({ name: "cosine", floor: 0.1 });
  expect(all[0]).toBe(2);
  expect(all[50]).toBeCloseTo(2 * 0.55, 12);
  expect(all[25]).toBeCloseTo(2 * (0.1 + (0.9 * (1 + Math.SQRT1_2)) / 2), 12);
  expect(all[99]!).toBeGreaterThan(0.2);
  expect(all[99]!).toBeLessThan(0.201);
});

test("cosine after a warm-up starts from the rate", () => {
  const all = rates({ name: "cosine", warmup: 2 });
  expect([all[19], all[20]]).toEqual([2, 2]);
  expect(Math.max(...all)).toBe(2);
});

/**
 * OneCycleLR(max_lr=2, total_steps=100): PyTorch's documented curve, two half cosines that meet at step
 * 0.3 * 100 - 1, from max / 25 to max / 25e4.
 */
test("one-cycle: two half cosines, a rise over 30 % of the steps and a fall over the rest", () => {
  const all = rates({ name: "one-cycle" });
  expect(all[0]).toBeCloseTo(2 / 25, 12);
  expect(all[29]).toBeCloseTo(2, 12);
  expect(all[99]).toBeCloseTo(2 / 25e4, 12);
  const half = (from: number, to: number, t: number) => to + ((from - to) * (1 + Math.cos(Math.PI * t))) / 2;
  expect(all[10]).toBeCloseTo(half(0.08, 2, 10 / 29), 12);
  expect(all[64]).toBeCloseTo((2 + 2 / 25e4) / 2, 12);
});

test("plateau halves after so many epochs without a rise, each time counted anew", () => {
  const rate = (uars: number[], patience = 2) =>
    learningRate({ name: "plateau", patience }, 1, { step: 90, stepsPerEpoch: 10, epochs: 10, uars });
  expect(rate([])).toBe(1);
  expect(rate([0.3, 0.4, 0.4])).toBe(1);
  expect(rate([0.3, 0.4, 0.4, 0.39])).toBe(0.5);
  expect(rate([0.3, 0.4, 0.4, 0.39, 0.41])).toBe(0.5);
  expect(rate([0.3, 0.4, 0.4, 0.39, 0.1, 0.2])).toBe(0.25);
  expect(rate(new Array(100).fill(0.3))).toBe(0.01);
});
