import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { canonicalJson, sha256 } from "../../lib/base/hash.js";
import { publishedClips } from "../../lib/corpora/registry.js";
import { parseGrid } from "../../lib/experiments/grid.js";
import { planGrid } from "../../lib/experiments/plan.js";
import { countReadings } from "../../lib/experiments/readings.js";
import { experimentOf, openStored, readRuns, readStored, Store } from "../../lib/experiments/store.js";
import { writeSummary } from "../../lib/experiments/summary.js";
import { type RunRecord, readRecord, type StoredRun, writeRecord } from "../../lib/runs/record.js";
import { clipsExample, partExample, recordExample, SETTINGS } from "../runs/examples.js";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "ser-store-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** SAVEE's clips by their published names. */
const saveeClips = () =>
  publishedClips()
    .filter(({ corpus }) => corpus === "savee")
    .map((name) => ({ ...name, path: "", synthetic: false }));

const GRID = parseGrid({ name: "trial", runs: [{ protocols: ["held-out"], models: ["cnn"] }] });

const finish = (store: Store, record: RunRecord) =>
  writeRecord(
    store.runFolder(record.name),
    record,
    { validation: partExample(), test: partExample() },
    clipsExample(),
  );

test("a folder that cannot be written is refused with what to do; the same experiment is not written again", async () => {
  const store = new Store(join(root, "a", "trial"));
  await store.assertWritable();
  await store.open(GRID, ["own-a"]);
  const { ino } = await stat(join(store.folder, "experiment.json"));
  await store.assertWritable();
  await store.open(GRID, ["own-a"]);
  expect((await stat(join(store.folder, "experiment.json"))).ino).toBe(ino);
  const file = join(root, "file");
  await writeFile(file, "");
  for (const folder of [file, join(file, "trial")]) {
    const refusal = new Store(folder).assertWritable();
    await expect(refusal).rejects.toThrow(UserError);
    await expect(refusal).rejects.toThrow(
      /^cannot write .*file.*; choose another folder \(--out, or `results`/,
    );
  }
});

test("an experiment is what its runs, failures and readings are", async () => {
  const store = new Store(join(root, "trial"));
  await store.open(GRID, ["own-b", "own-a", "own-c"]);
  for (const name of ["own-a", "of-another-grid"]) await finish(store, { ...recordExample(), name });
  await store.fail("own-b", SETTINGS, new Error("cannot read /home/me/clip.wav: 1/2"));
  const about = { protocol: "held-out@1", fold: "1", clips: 3, synthetic: false, leaky: false };
  for (const run of ["own-a", "own-a", "of-another-grid"]) await store.ledger(GRID).enter({ run, ...about });

  const experiment = await readStored("trial", root);
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
  expect(countReadings(experiment)).toMatchObject({ total: 3, shown: 2 });
  expect(experiment.readings.entries.every(({ grid }) => grid === sha256(canonicalJson(GRID)))).toBe(true);
  expect(experiment.grid).toEqual(GRID);
});

test("the runs of a large experiment are read one by one, as often as they are asked for", async () => {
  const store = new Store(join(root, "trial"));
  const names = Array.from({ length: 20 }, (_, i) => `own-${String.fromCharCode(97 + i)}`);
  await store.open(GRID, names);
  const done = names.filter((_, i) => i % 3 !== 0);
  for (const name of done) await finish(store, { ...recordExample(), name });
  const { runs, ...rest } = await openStored("trial", root);
  for (let time = 1; time <= 2; time++) {
    const found: StoredRun[] = [];
    for await (const run of runs) found.push(run);
    expect(found.map(({ record }) => record.name)).toEqual(done);
    expect({ ...rest, runs: found }).toEqual(await readStored("trial", root));
    // What runs say of the same clips stands in memory once.
    expect(Object.is(found[0]!.predictions[0]!.id, found[1]!.predictions[0]!.id)).toBe(true);
  }
  // Its neighbours are read at the same time; the error is that of the damaged one, at its turn.
  await writeFile(join(store.runFolder(done[2]!), "predictions.csv"), "id\n");
  const before: string[] = [];
  const reading = async () => {
    for await (const { record } of runs) before.push(record.name);
  };
  await expect(reading()).rejects.toThrow(new RegExp(`${done[2]}.*is damaged`));
  expect(before).toEqual(done.slice(0, 2));
});

test("a run that was done at last has not failed; one that is set aside is neither, and comes back", async () => {
  const store = new Store(join(root, "trial"));
  await store.open(GRID, ["own-a"]);
  await store.fail("own-a", SETTINGS, "once");
  await finish(store, { ...recordExample(), name: "own-a" });
  expect((await readStored("trial", root)).failures).toEqual([]);
  await store.setAside("own-a");
  expect([await store.isDone("own-a"), await store.failure("own-a")]).toEqual([false, undefined]);
  expect(await store.failed()).toEqual(new Set());
  await store.fail("own-b", SETTINGS, "twice");
  expect(await store.failed()).toEqual(new Set(["own-b"]));
  await store.bringBack("own-a");
  expect(await store.isDone("own-a")).toBe(true);
  // What was done again meanwhile stays.
  await store.setAside("own-a");
  await finish(store, { ...recordExample(), name: "own-a", parameters: 99 });
  await store.bringBack("own-a");
  expect((await readRecord(store.runFolder("own-a")))!.parameters).toBe(99);
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
  await expect(readStored("trail", root)).rejects.toThrow(/experiment trail not found in .*found: trial/);
  await expect(readStored("x", join(root, "none"))).rejects.toThrow("experiment x not found");
  for (const text of ["{", '{"grid": {}, "runs": [3]}']) {
    await writeFile(join(root, "trial", "experiment.json"), text);
    await expect(readStored("trial", root)).rejects.toThrow(/experiment.json is damaged/);
  }
});

test("runs by themselves are an experiment, whose grid does them again", async () => {
  const store = new Store(join(root, "runs"));
  const clips = saveeClips();
  const grid = parseGrid({
    ...{ name: "own", score: "test" },
    runs: [{ protocols: ["savee/loso"], folds: ["1", "2"], models: ["cnn"], augment: [["masks", "gain"]] }],
  });
  const planned = planGrid(grid, clips);
  for (const { name, settings } of planned) {
    await finish(store, { ...recordExample(), name, settings });
    await store
      .ledger()
      .enter({ run: name, protocol: "savee/loso@1", fold: "1", clips: 3, synthetic: false, leaky: false });
  }
  const [first, second] = planned.map(({ name }) => store.runFolder(name)) as [string, string];
  const both = await readRuns([first, second]);
  expect(both.name).toBe(`${both.planned[0]}-and-1-more`);
  expect((await readRuns([first, second, first])).planned).toEqual(both.planned);
  expect(
    planGrid(parseGrid(both.grid), clips)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(both.planned);
  expect(countReadings(both).shown).toBe(2);
  expect((await readRuns([first])).readings.entries.length).toBe(1);
  await expect(readRuns([join(root, "none")])).rejects.toThrow("has no finished run");
});

test("a run knows its experiment by the file beside it; a run by itself has none", async () => {
  const store = new Store(join(root, "trial"));
  await store.open(GRID, ["own-a"]);
  expect(await experimentOf(store.runFolder("own-a"), "own-a")).toBe("trial");
  expect(await experimentOf(store.runFolder("own-z"), "own-z")).toBeUndefined();
  expect(await experimentOf(join(root, "own-a"), "own-a")).toBeUndefined();
});

test("the message of a failure has names of files in the place of their paths, of any system", async () => {
  const store = new Store(join(root, "trial"));
  const told = async (text: string) => (await store.fail("own-a", SETTINGS, new Error(text))).error;
  expect(await told("C:\\Users\\Ada L\\a.wav: cannot read D:/x/b.wav")).toBe("a.wav: cannot read b.wav");
  expect(await told("cannot read \\\\server\\share\\a.wav: half of 1/2")).toBe(
    "cannot read a.wav: half of 1/2",
  );
});

test("a store whose folder is a file, or whose failures are, says so", async () => {
  await writeFile(join(root, "file"), "");
  await expect(new Store(join(root, "file")).forgive("own-a")).rejects.toThrow(
    /cannot write .*file.failures/,
  );
  await expect(new Store(join(root, "file")).setAside("own-a")).rejects.toThrow(UserError);
});

test("readings that only the summary beside the stores knows of are counted as well", async () => {
  const about = { protocol: "held-out@1", fold: "1", clips: 3, synthetic: false, leaky: false };
  for (const place of ["here", "there"]) {
    const store = new Store(join(root, place, "trial"));
    await store.open(GRID, ["own-a"]);
    await finish(store, { ...recordExample(), name: "own-a" });
    await store.ledger().enter({ run: "own-a", ...about });
    await writeSummary(await readStored("trial", join(root, place)), join(root, "summary", "trial"));
  }
  const total = async (place: string) => countReadings(await readStored("trial", join(root, place))).total;
  expect(await total("summary")).toBe(2);
  expect(await total("here")).toBe(2);
});
