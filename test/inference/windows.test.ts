import fc from "fast-check";
import { expect, test } from "vitest";
import { type PlannedWindow, WindowPlanner } from "../../lib/inference/windows.js";

const RATE = 1000;

/** Frames of 40 samples every 20, voiced in the given stretches (samples). */
function frames(total: number, voiced: readonly [number, number][]) {
  return Array.from({ length: Math.floor((total - 40) / 20) + 1 }, (_, i) => {
    const [start, end] = [20 * i, 20 * i + 40];
    return { start, end, level: 0, voiced: voiced.some(([from, to]) => start >= from && end <= to) };
  });
}

function plan(total: number, length: number, voiced: readonly [number, number][]): PlannedWindow[] {
  const planner = new WindowPlanner(RATE, length);
  return [...planner.push(frames(total, voiced)), ...planner.end(total)];
}

const spans = (windows: readonly PlannedWindow[]) => windows.map(({ start, end }) => [start, end]);
const heard = (windows: readonly PlannedWindow[]) => windows.map(({ from, to }) => [from, to]);

test("a piece of speech becomes windows that overlap by half, the last ending with it", () => {
  // From 1000 - 150 to 3000 + 150: windows of 1000 at 850, 1350, 1850, and the last from 3150 back.
  const windows = plan(5000, 1000, [[1000, 3000]]);
  const wanted = [
    [850, 1850],
    [1350, 2350],
    [1850, 2850],
    [2150, 3150],
  ];
  expect(spans(windows)).toEqual(wanted);
  expect(heard(windows)).toEqual(wanted);
});

test("a short piece is one window, heard with up to a second of the silence around it; a click is none", () => {
  const windows = plan(4000, 1000, [[1200, 1500]]);
  expect(spans(windows)).toEqual([[1050, 1650]]);
  expect(heard(windows)).toEqual([[200, 2500]]);
  expect(plan(3000, 1000, [[1000, 1100]])).toEqual([]);
  expect(plan(3000, 1000, [])).toEqual([]);
});

test("no window crosses a pause of more than 0.4 s or hears its neighbours; a shorter one divides nothing", () => {
  const windows = plan(3000, 2000, [
    [200, 600],
    [1100, 1500],
  ]);
  expect(spans(windows)).toEqual([
    [50, 750],
    [950, 1650],
  ]);
  expect(heard(windows)).toEqual([
    [0, 1100],
    [600, 2500],
  ]);
  const one = plan(3000, 2000, [
    [200, 600],
    [900, 1500],
  ]);
  expect(spans(one)).toEqual([[50, 1650]]);
});

test("margins end at the recording's ends", () => {
  expect(plan(1000, 2000, [[0, 1000]])).toEqual([{ start: 0, end: 1000, from: 0, to: 1000 }]);
});

test("windows are in order, no longer than asked, in the recording, cover all speech, and keepFrom is kept", () => {
  const stretch = fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 6, max: 300 }));
  fc.assert(
    fc.property(
      fc.array(stretch, { maxLength: 8 }),
      fc.integer({ min: 100, max: 3000 }),
      (stretches, length) => {
        let at = 0;
        const voiced = stretches.map(([gap, size]): [number, number] => {
          const start = at + 20 * gap;
          at = start + 20 * size;
          return [start, at];
        });
        const total = at + 500;
        const planner = new WindowPlanner(RATE, length);
        const windows: PlannedWindow[] = [];
        for (const frame of frames(total, voiced)) {
          const keep = planner.keepFrom;
          const now = planner.push([frame]);
          for (const { from, to } of now) {
            expect(from).toBeGreaterThanOrEqual(keep);
            expect(to).toBeLessThanOrEqual(frame.end);
          }
          windows.push(...now);
        }
        const keep = planner.keepFrom;
        for (const window of planner.end(total)) {
          expect(window.from).toBeGreaterThanOrEqual(keep);
          windows.push(window);
        }
        windows.forEach(({ start, end, from, to }, i) => {
          expect(from).toBeLessThanOrEqual(start);
          expect(to).toBeGreaterThanOrEqual(end);
          expect(end - start).toBeLessThanOrEqual(length + 150); // the margin of one short piece
          expect(end).toBeLessThanOrEqual(total);
          if (i > 0) expect(start).toBeGreaterThanOrEqual(windows[i - 1]!.start);
        });
        for (const [from, to] of voiced)
          for (let t = from; t < to; t += 10)
            if (length > 300) expect(windows.some(({ start, end }) => start <= t && t < end)).toBe(true);
      },
    ),
    { seed: 5, numRuns: 30 },
  );
});
