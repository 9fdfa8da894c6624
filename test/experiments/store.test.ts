import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseGrid } from "../../lib/experiments/grid.js";
import { experimentOf, readExperiment, Store } from "../../lib/experiments/store.js";
import { type RunRecord, writeRecord } from "../../lib/runs/record.js";
import { clipsExample, partExample, recordExample, SETTINGS } from "../runs/examples.js";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "ser-store-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const GRID = parseGrid({ name: "trial", runs: [{ protocols: ["held-out"], models: ["cnn"] }] });

const finish = (store: Store, record: RunRecord) =>
  writeRecord(
    store.runFolder(record.name),
    record,
    { validation: partExample(), test: partExample() },
    clipsExample(),
  );

test("an experiment is what its runs, failures and readings are", async () => {
  const store = new Store(join(root, "trial"));
  await store.open(GRID, ["own-b", "own-a", "own-c"]);
  for (const name of ["own-a", "of-another-grid"]) await finish(store, { ...recordExample(), name });
  await store.fail("own-b", SETTINGS, new Error("cannot read /home/me/clip.wav: 1/2"));
  for (const name of ["own-a", "own-a", "of-another-grid"]) await store.logReading(name);

  const experiment = await readExperiment("trial", root);
  expect(experiment.planned).toEqual(["own-a", "own-b", "own-c"]);
  expect(experiment.runs.map(({ record }) => record.name)).toEqual(["own-a"]);
  expect(experiment.runs[0]!.predictions.length).toBe(6);
  expect(experiment.failures).toEqual([
    {
      name: "own-b",
      protocol: "held-out@1",
      fold: "1",
      model: "cnn",
      seed: 1,
      error: "cannot read clip.wav: 1/2",
    },
  ]);
  expect(experiment.testReadings).toBe(2);
  expect(experiment.grid).toEqual(GRID);
});

test("a run that was done at last has not failed, and one that is forgotten is neither", async () => {
  const store = new Store(join(root, "trial"));
  await store.open(GRID, ["own-a"]);
  await store.fail("own-a", SETTINGS, "once");
  await finish(store, { ...recordExample(), name: "own-a" });
  expect((await readExperiment("trial", root)).failures).toEqual([]);
  await store.forget("own-a");
  expect([await store.isDone("own-a"), await store.failure("own-a")]).toEqual([false, undefined]);
});

test("a record under another's name is not taken for it", async () => {
  const store = new Store(join(root, "trial"));
  await finish(store, recordExample());
  expect(await store.isDone(recordExample().name)).toBe(true);
  await writeFile(
    join(store.runFolder(recordExample().name), "run.json"),
    JSON.stringify({ ...recordExample(), name: "other" }),
  );
  expect(await store.isDone(recordExample().name)).toBe(false);
});

test("what is not there or damaged is named, with what there is", async () => {
  const store = new Store(join(root, "trial"));
  await store.open(GRID, []);
  await expect(readExperiment("trail", root)).rejects.toThrow(/no experiment trail in .*there are trial/);
  await expect(readExperiment("x", join(root, "none"))).rejects.toThrow("no experiment x");
  await writeFile(join(root, "trial", "experiment.json"), "{");
  await expect(readExperiment("trial", root)).rejects.toThrow(/experiment.json is damaged/);
});

test("readings are appended, one line each", async () => {
  const store = new Store(join(root, "trial"));
  await Promise.all(Array.from({ length: 20 }, () => store.logReading("own-a")));
  const lines = (await readFile(join(root, "trial", "test-readings.jsonl"), "utf8")).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line).run)).toEqual(new Array(20).fill("own-a"));
  expect(await store.testReadings(["own-a", "own-b"])).toBe(20);
});

test("a run knows its experiment by the file beside it; a run by itself has none", async () => {
  const store = new Store(join(root, "trial"));
  await store.open(GRID, ["own-a"]);
  expect(await experimentOf(store.runFolder("own-a"), "own-a")).toBe("trial");
  expect(await experimentOf(store.runFolder("own-z"), "own-z")).toBeUndefined();
  expect(await experimentOf(join(root, "own-a"), "own-a")).toBeUndefined();
});
