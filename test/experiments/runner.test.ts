import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { claim } from "../../lib/base/claims.js";
import { Interrupted, UserError } from "../../lib/base/errors.js";
import { loadClips } from "../../lib/corpora/registry.js";
import { doExperiment, type Work, workOf } from "../../lib/experiments/experiment.js";
import { parseGrid } from "../../lib/experiments/grid.js";
import { doRuns, type RunEvent } from "../../lib/experiments/runner.js";
import { writeRecord } from "../../lib/runs/record.js";
import { clipsExample, partExample, recordExample, toneCorpus } from "../runs/examples.js";

const GRID = parseGrid({
  ...{ name: "trial", score: "test" },
  runs: [{ protocols: ["savee/loso"], folds: ["1", "2"], models: ["majority"], features: ["mfcc"] }],
});
const DIVERGING = parseGrid({
  name: "diverging",
  runs: [
    {
      ...{ protocols: ["savee/loso"], folds: ["1"], models: ["lstm", "majority"], features: ["mfcc"] },
      training: { frames: 8, epochs: 2, learningRate: 1e38 },
    },
  ],
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-runner-"));
  await toneCorpus(join(folder, "data"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const workIn = async (name: string, grid = GRID): Promise<Work> =>
  workOf(grid, await loadClips(join(folder, "data"), { calm: "keep" }), { folder: join(folder, name) });
const HERE = { engine: "wasm", threads: 1, quiet: true, jobs: 1 } as const;

/** The kinds of the events that came, with their runs. */
function listener() {
  const events: string[] = [];
  const onEvent = ({ kind, name }: RunEvent) => void events.push(`${kind} ${name}`);
  return { events, onEvent };
}

test("two at once do each run once, and both end when all is done", async () => {
  const { store, runs, grid } = await workIn("twice");
  const { events, onEvent } = listener();
  await Promise.all([1, 2].map(() => doRuns(store, runs, { ...HERE, grid, onEvent })));
  const names = runs.map(({ name }) => name);
  expect(events.filter((event) => event.startsWith("start")).sort()).toEqual(
    names.map((name) => `start ${name}`).sort(),
  );
  expect(await Promise.all(names.map((name) => store.isDone(name)))).toEqual([true, true]);
  expect(await store.ledger().entries()).toHaveLength(2);
});

test("a run that fails is recorded and the next one begun; where it should stop, the error is thrown", async () => {
  const { store, runs } = await workIn("failing", DIVERGING);
  const { events, onEvent } = listener();
  await doRuns(store, runs, { ...HERE, onEvent });
  expect(events.filter((event) => !event.startsWith("epoch")).map((event) => event.split(" ")[0])).toEqual([
    ...["start", "failed", "start", "done"],
  ]);
  expect((await store.failure(runs[0]!.name))!.error).toContain("diverged");
  const other = await workIn("stopping", DIVERGING);
  await expect(doExperiment(other, { ...HERE, stopAtFailure: true })).rejects.toThrow("diverged");
  expect(await other.store.failure(runs[0]!.name)).toBeUndefined();
});

test("what another process is at is left to it, and a training of its own says so", async () => {
  const work = await workIn("claimed");
  const [first] = work.runs;
  const theirs = (await claim(work.store.claims, first!.name))!;
  const outcomes = await doExperiment(work, HERE);
  expect(outcomes.map(({ state }) => state)).toEqual(["elsewhere", "done"]);
  const alone = doExperiment({ ...work, runs: [first!] }, { ...HERE, own: false, stopAtFailure: true });
  await expect(alone).rejects.toThrow(UserError);
  await expect(alone).rejects.toThrow(/another process is working on .*claimed.*wait for it/);
  await theirs.release(false);
  const later = await doExperiment(work, HERE);
  expect(later.map(({ state, reused }) => [state, reused])).toEqual([
    ["done", false],
    ["done", true],
  ]);
});

test("force does again what is done; a signal stops before the next run", async () => {
  const work = await workIn("forced");
  const written = async () => (await stat(join(work.store.runFolder(work.runs[0]!.name), "run.json"))).ino;
  await doExperiment(work, HERE);
  const before = await written();
  await doExperiment(work, HERE);
  expect(await written()).toBe(before);
  expect((await doExperiment(work, { ...HERE, force: true })).every(({ reused }) => !reused)).toBe(true);
  expect(await written()).not.toBe(before);
  const stopped = doExperiment(work, { ...HERE, force: true, signal: AbortSignal.abort() });
  await expect(stopped).rejects.toThrow(Interrupted);
  await expect(stopped).rejects.toThrow("runs that were not done again stay as they were");
  expect((await doExperiment(work, HERE)).every(({ reused }) => reused)).toBe(true);
});

test.each([1, 2])(
  "a run that is done again and fails has failed, and the old one stays: %i processes",
  async (jobs) => {
    const work = await workIn(`redone-${jobs}`, DIVERGING);
    const { store, runs } = work;
    const { name } = runs[0]!;
    const parts = { validation: partExample(), test: partExample() };
    await writeRecord(store.runFolder(name), { ...recordExample(), name }, parts, clipsExample());
    const outcomes = await doExperiment(work, { ...HERE, jobs, force: true, log: () => {} });
    expect(outcomes.map(({ state }) => state)).toEqual(["failed", "done"]);
    expect(outcomes[0]!.error).toContain("diverged");
    expect(await store.isDone(name)).toBe(true);
  },
);
