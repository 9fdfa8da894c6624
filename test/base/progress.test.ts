import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Display, setNotebookHost } from "../../lib/base/notebook.js";
import { duration, Progress, progressLine } from "../../lib/base/progress.js";

function stream(isTTY: boolean) {
  const through = Object.assign(new PassThrough(), { isTTY, columns: 80 });
  return { target: through as unknown as NodeJS.WriteStream, text: () => String(through.read() ?? "") };
}

/** The clock stands still but where a test moves it. */
beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

test("a line says label, share, counts, pace and time left, or without a pace the time so far", () => {
  expect(progressLine("features", 30, 120, 3000, "tess", 10)).toBe(
    "features ██████░░░░░░░░░░░░░░░░░░  25 % 30/120, 10/s, 9.0 s left  tess",
  );
  expect(progressLine("features", 30, 120, 3000)).toMatch(/ 25 % 30\/120, 3\.0 s$/);
  expect(progressLine("features", 120, 120, 12_000, "", 10)).toMatch(/100 % 120\/120, 10\/s, 12 s$/);
  expect(progressLine("features", 0, 0, 0)).toContain("100 % 0/0");
});

test("slow work is counted by the minute or the hour", () => {
  expect(progressLine("runs", 3, 9, 6000, "", 0.5)).toContain("3/9, 30/min, 12 s left");
  expect(progressLine("runs", 1, 3, 3.6e6, "", 1 / 3600)).toContain("1/3, 1.0/h, 2 h 0 min left");
});

/** The lines of a progress where each step takes so many milliseconds. */
function linesOf(total: number, steps: readonly number[], skipped = 0): string[] {
  const { target, text } = stream(false);
  const progress = new Progress("work", total, { stream: target, lineEvery: 0 });
  if (skipped > 0) progress.skip(skipped);
  for (const ms of steps) {
    vi.advanceTimersByTime(ms);
    progress.step();
  }
  return text().trimEnd().split("\n");
}

/** Seconds left that a line says; `undefined` if it says none. */
function leftIn(line: string): number | undefined {
  const [, minutes, seconds] = /(?:(\d+) min )?([\d.]+) s left/.exec(line) ?? [];
  return seconds === undefined ? undefined : 60 * Number(minutes ?? 0) + Number(seconds);
}

test("the time left is not guessed from the first second, nor from one step", () => {
  const quick = linesOf(1000, Array(60).fill(100));
  expect(quick.slice(0, 30).map(leftIn)).toEqual(Array(30).fill(undefined));
  expect(quick[9]).toMatch(/ {2}1 % 10\/1000, 1\.0 s$/);
  expect(leftIn(quick[30]!)).toBeCloseTo(97, -1);
  expect(linesOf(3, [3.6e6])[0]).not.toContain("left");
  expect(linesOf(3, [3.6e6, 3.6e6])[1]).toContain("2/3, 1.0/h, 1 h 0 min left");
});

test("a slow first step, or one from a cache, does not count", () => {
  const warmUp = linesOf(200, [30_000, ...Array(199).fill(500)]);
  const known = warmUp.flatMap((line, i) => {
    const left = leftIn(line);
    return left === undefined ? [] : [{ left, truth: (199 - i) / 2 }];
  });
  expect(known.length).toBeGreaterThan(100);
  for (const { left, truth } of known) expect(Math.abs(left - truth)).toBeLessThan(1);
  const cached = linesOf(20, [1, ...Array(19).fill(4000)]);
  expect(cached.slice(0, 3).map(leftIn)).toEqual([undefined, 72, 68]);
});

test("one odd step in between changes the time left little", () => {
  const lefts = linesOf(100, [...Array(40).fill(1000), 10_000, 10, ...Array(58).fill(1000)]).map(leftIn);
  for (let i = 5; i < 98; i++) expect(lefts[i]).toBeLessThan(1.5 * (99 - i) + 1);
  for (let i = 5; i < 98; i++) expect(lefts[i]).toBeGreaterThan(0.75 * (99 - i) - 1);
});

test("what was done before says nothing about the speed", () => {
  const lines = linesOf(78, [60_000, 60_000], 74);
  expect(lines[0]).toMatch(/ 95 % 74\/78, 0\.0 s$/);
  expect(lines[2]).toContain("76/78, 1.0/min, 2 min 0 s left");
  const { target, text } = stream(false);
  const progress = new Progress("runs", 78, { stream: target, lineEvery: 0 });
  // Hashing the files of the cache took a minute.
  vi.advanceTimersByTime(60_000);
  progress.skip(76);
  progress.done();
  expect(progress.count).toBe(76);
  expect(text()).toMatch(/^runs .* 97 % 76\/78, 1 min 0 s\n$/);
});

test("quick work stays silent", () => {
  for (const isTTY of [true, false]) {
    const { target, text } = stream(isTTY);
    const progress = new Progress("quick", 3, { stream: target });
    for (let i = 0; i < 3; i++) progress.step();
    progress.done();
    expect(text()).toBe("");
    expect(progress.count).toBe(3);
  }
});

test("plain lines when piped, none when quiet", () => {
  const { target, text } = stream(false);
  const progress = new Progress("work", 2, { stream: target, lineEvery: 0 });
  progress.step();
  progress.step(1, "last");
  progress.done();
  const lines = text().trim().split("\n");
  // The end adds nothing to a line that already says so.
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/^work .* 100 % 2\/2.*last$/);
  expect(lines.join("")).not.toContain("\r");
  const silent = stream(false);
  const quiet = new Progress("work", 1, { stream: silent.target, lineEvery: 0, quiet: true });
  quiet.step();
  quiet.done();
  expect(silent.text()).toBe("");
});

test("a bar that is cleared leaves no trace on a terminal", () => {
  const { target, text } = stream(true);
  const progress = new Progress("work", 2, { stream: target });
  progress.step();
  progress.clear();
  expect(text()).toBe("");
});

test("a further step shows a bar that was cleared again", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    const { target, text } = stream(true);
    const progress = new Progress("work", 3, { stream: target });
    vi.advanceTimersByTime(600);
    progress.step();
    progress.clear();
    vi.advanceTimersByTime(600);
    progress.step();
    expect(text().replaceAll("\u001b[K", "<end>")).toMatch(/^\rwork .*1\/3.*<end>\r<end>\rwork .*2\/3/);
  } finally {
    vi.useRealTimers();
  }
});

test("durations in words", () => {
  expect([0.04, 9.94, 9.96, 59.6, 200, 3600, 3900].map(duration)).toEqual([
    "0.0 s",
    "9.9 s",
    "10 s",
    "1 min 0 s",
    "3 min 20 s",
    "1 h 0 min",
    "1 h 5 min",
  ]);
});

describe("in a notebook", () => {
  const shown: Display[] = [];
  afterEach(() => setNotebookHost(undefined));

  test("bars update in place, and one that was cleared leaves no trace but its place to the next of the same cell", () => {
    let cell = 1;
    setNotebookHost({
      display: (display) => shown.push(display),
      get cell() {
        return cell;
      },
    });
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      for (const label of ["epoch 1", "epoch 2"]) {
        const progress = new Progress(label, 2);
        vi.advanceTimersByTime(600);
        progress.step();
        vi.advanceTimersByTime(600);
        progress.step();
        progress.clear();
      }
      cell = 2;
      const progress = new Progress("other cell", 1);
      vi.advanceTimersByTime(600);
      progress.step();
      progress.done();
    } finally {
      vi.useRealTimers();
    }
    // One that was never drawn has nothing to clear.
    new Progress("quick", 2).clear();
    const texts = shown.map(({ data }) => String(data["text/plain"]).slice(0, 7));
    expect(texts).toEqual(["epoch 1", "epoch 1", "", "epoch 2", "epoch 2", "", "other c", "other c"]);
    expect(shown.map(({ update }) => update)).toEqual([false, true, true, true, true, true, false, true]);
    expect(new Set(shown.slice(0, 6).map(({ id }) => id)).size).toBe(1);
    expect(shown[6]!.id).not.toBe(shown[0]!.id);
  });
});
