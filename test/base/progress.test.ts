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

test("a line says label, share, counts, rate and time left", () => {
  expect(progressLine("features", 30, 120, 3000, "tess")).toBe(
    "features ██████░░░░░░░░░░░░░░░░░░  25 % 30/120, 10/s, 9.0 s left  tess",
  );
  expect(progressLine("features", 0, 0, 0)).toContain("100 % 0/0");
});

test("slow work is counted by the minute or the hour", () => {
  expect(progressLine("runs", 3, 9, 6000)).toContain("3/9, 30/min, 12 s left");
  expect(progressLine("runs", 1, 3, 3.6e6)).toContain("1/3, 1.0/h, 2 h 0 min left");
});

test("what was done before says nothing about the speed", () => {
  expect(progressLine("runs", 76, 78, 90_000, "", 76)).toMatch(/ 97 % 76\/78, 1 min 30 s$/);
  expect(progressLine("runs", 77, 78, 90_000, "", 76)).toContain("77/78, 40/h, 1 min 30 s left");
  const { target, text } = stream(false);
  const progress = new Progress("runs", 78, { stream: target, lineEvery: 0 });
  progress.skip(76);
  progress.done();
  expect(progress.count).toBe(76);
  expect(text()).toMatch(/^runs .* 97 % 76\/78, \d+\.\d s\n$/);
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
