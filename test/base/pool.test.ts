import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { type PoolOptions, runPool } from "../../lib/base/pool.js";
import { projectRoot } from "../../lib/base/root.js";

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
    expect([2, 4, 6]).toContain(result[0]);
    break;
  }
});

const threadsOf = async (tasks: number[], options?: PoolOptions) => {
  const ids = new Set<number>();
  for await (const { result } of runPool<number, Float32Array>(WORKER, tasks, options)) ids.add(result[1]!);
  return ids;
};

test("the next pool has the same threads; none of a pool that failed or was left", async () => {
  await doubled([1, 2, 3, 4], { threads: 2 });
  const [first] = await threadsOf([1], { threads: 1 });
  expect([...(await threadsOf([1], { threads: 1 }))]).toEqual([first]);
  const both = Array.from({ length: 100 }, () => 1);
  const known = await threadsOf(both, { threads: 2 });
  await expect(doubled([-1, -1], { threads: 2 })).rejects.toThrow("negative");
  for (const id of await threadsOf(both, { threads: 2 })) expect(known).not.toContain(id);
});

test("two pools at a time have threads of their own", async () => {
  const tasks = Array.from({ length: 50 }, (_, i) => 100 + i);
  const all = await Promise.all([doubled(tasks, { threads: 2 }), doubled(tasks, { threads: 2 })]);
  expect(all).toEqual([tasks.map((task) => 2 * task), tasks.map((task) => 2 * task)]);
});

test("threads that wait for tasks do not keep the process from ending", () => {
  const pool = join(projectRoot(), "lib", "base", "pool.ts");
  const script = `
    require("tsx/cjs");
    const { runPool } = require(${JSON.stringify(pool)});
    (async () => {
      for (const round of [1, 2])
        for await (const { result } of runPool(${JSON.stringify(WORKER)}, [round, round], { threads: 2 }))
          console.log(result[0]);
    })();`;
  const options = { cwd: projectRoot(), encoding: "utf8", timeout: 60_000 } as const;
  expect(execFileSync(process.execPath, ["-e", script], options)).toBe("2\n2\n4\n4\n");
});
