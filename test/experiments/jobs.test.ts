import { ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Interrupted } from "../../lib/base/errors.js";
import { loadClips } from "../../lib/corpora/registry.js";
import { type Work, workOf } from "../../lib/experiments/experiment.js";
import { parseGrid } from "../../lib/experiments/grid.js";
import { canFork, doInJobs } from "../../lib/experiments/jobs.js";
import type { RunEvent } from "../../lib/experiments/runner.js";
import { commandText } from "../../lib/protocols/ledger.js";
import { toneCorpus } from "../runs/examples.js";

// The command line's tests kill processes, share a store and see one fail: test/cli/ablate.test.ts.

let folder: string;
let work: Work;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-jobs-"));
  await toneCorpus(join(folder, "data"));
  const grid = parseGrid({
    ...{ name: "trial", score: "test" },
    runs: [{ protocols: ["savee/loso"], models: ["majority"], features: ["mfcc"] }],
  });
  const clips = await loadClips(join(folder, "data"), { calm: "keep" });
  work = workOf(grid, clips, { folder: join(folder, "trial") });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("processes do each run once and tell of it; readings are those of the command that started them", async () => {
  const { grid, clips, store, runs } = work;
  expect(canFork()).toBe(true);
  const events: RunEvent[] = [];
  const job = { grid, clips, engine: "wasm", threads: 1 } as const;
  await doInJobs(store, runs, { jobs: 2, job, onEvent: (event) => events.push(event) });
  const names = runs.map(({ name }) => name).sort();
  for (const kind of ["start", "done"])
    expect(
      events
        .filter((event) => event.kind === kind)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(names);
  const entries = await store.ledger().entries();
  expect(entries.map(({ run }) => run).sort()).toEqual(names);
  expect(new Set(entries.map(({ command }) => command))).toEqual(new Set([commandText()]));
});

test("processes know where a table is, which their runs name by its numbers", async () => {
  const { clips } = work;
  const lines = clips.map(({ id, emotion }, i) => `${id},${emotion.length + i / 100}`);
  await writeFile(join(folder, "x.csv"), `id,x\n${lines.join("\n")}\n`);
  const features = [{ kind: "table", file: join(folder, "x.csv") }];
  const runs = [{ protocols: ["savee/loso"], models: ["svm"], features }];
  const own = workOf(parseGrid({ name: "table", runs }), clips, { folder: join(folder, "table") });
  const job = { grid: own.grid, clips, engine: "wasm", threads: 1 } as const;
  await doInJobs(own.store, own.runs, { jobs: 2, job });
  const outcomes = await Promise.all(own.runs.map(({ name }) => own.store.isDone(name)));
  expect(outcomes).toEqual([true, true, true, true]);
  expect(JSON.stringify(own.grid)).not.toContain(folder);
});

test("a signal stops them", async () => {
  const { grid, clips, store, runs } = work;
  const job = { grid, clips, engine: "wasm", threads: 1 } as const;
  const stopped = doInJobs(store, runs, { jobs: 2, job, signal: AbortSignal.abort() });
  await expect(stopped).rejects.toThrow(Interrupted);
});

test("they are stopped by a message, since on Windows a signal leaves no time for a checkpoint", async () => {
  const { grid, clips } = work;
  const blocks = [{ protocols: ["savee/loso"], models: ["cnn-small"], features: ["mfcc"] }];
  const own = workOf(parseGrid({ ...grid, runs: blocks }), clips, { folder: join(folder, "stopped") });
  const kill = vi.spyOn(ChildProcess.prototype, "kill");
  const controller = new AbortController();
  const events: RunEvent[] = [];
  const stopped = doInJobs(own.store, own.runs, {
    ...{ jobs: 1, signal: controller.signal },
    job: { grid: own.grid, clips, engine: "wasm", threads: 1 },
    onEvent: (event) => {
      events.push(event);
      controller.abort();
    },
  });
  await expect(stopped).rejects.toThrow(Interrupted);
  expect(events.map(({ kind }) => kind)).not.toContain("failed");
  expect(await own.store.isDone(own.runs.at(-1)!.name)).toBe(false);
  expect(kill).not.toHaveBeenCalled();
  kill.mockRestore();
});
