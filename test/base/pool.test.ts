import { expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { type PoolOptions, runPool } from "../../lib/base/pool.js";

const WORKER = "../test/base/double.worker";

async function doubled(tasks: number[], options?: PoolOptions): Promise<number[]> {
  const out: number[] = [];
  for await (const { index, result } of runPool<number, Float32Array>(WORKER, tasks, options)) {
    out[index] = result[0]!;
  }
  return out;
}

test("every task is done once, whatever the number of threads", async () => {
  const tasks = Array.from({ length: 100 }, (_, i) => i + 100);
  const expected = tasks.map((task) => 2 * task);
  expect(await doubled(tasks, { threads: 1 })).toEqual(expected);
  expect(await doubled(tasks, { threads: 3 })).toEqual(expected);
});

test("no tasks, no threads", async () => {
  expect(await doubled([])).toEqual([]);
});

test("what a task throws comes out", async () => {
  await expect(doubled([1, -1, 2])).rejects.toThrow("negative: -1");
});

test("a user's mistake stays one on its way between threads", async () => {
  await expect(doubled([7])).rejects.toThrow(UserError);
});

test("a thread that dies is reported, not waited for", async () => {
  await expect(doubled([13, 1, 2], { threads: 1 })).rejects.toThrow("a worker thread ended with code 3");
});

test("stops when told to", async () => {
  await expect(doubled([1, 2], { signal: AbortSignal.abort() })).rejects.toThrow("stopped");
  const controller = new AbortController();
  const results = runPool<number, Float32Array>(
    WORKER,
    Array.from({ length: 1000 }, (_, i) => 100 + i),
    {
      signal: controller.signal,
    },
  );
  await results.next();
  controller.abort();
  await expect(
    (async () => {
      for await (const _ of results);
    })(),
  ).rejects.toThrow("stopped");
});

test("a reader that leaves early ends the threads", async () => {
  for await (const { result } of runPool<number, Float32Array>(WORKER, [1, 2, 3])) {
    expect(result.length).toBe(1);
    break;
  }
});
