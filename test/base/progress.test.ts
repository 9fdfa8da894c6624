import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { duration, Progress, progressLine } from "../../lib/base/progress.js";

function stream(isTTY: boolean) {
  const through = Object.assign(new PassThrough(), { isTTY, columns: 80 });
  return { target: through as unknown as NodeJS.WriteStream, text: () => String(through.read() ?? "") };
}

test("a line says label, share, counts, rate and time left", () => {
  expect(progressLine("features", 30, 120, 3000, "tess")).toBe(
    "features ██████░░░░░░░░░░░░░░░░░░  25 % 30/120, 10/s, 9.0 s left  tess",
  );
  expect(progressLine("features", 0, 0, 0)).toContain("100 % 0/0");
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
  expect(lines).toHaveLength(3);
  expect(lines[2]).toMatch(/^work .* 100 % 2\/2.*last$/);
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
