import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { parseGrid } from "../../lib/experiments/grid.js";
import { countReadings } from "../../lib/experiments/readings.js";
import { openStored, readStored, Store } from "../../lib/experiments/store.js";
import { writeSummary } from "../../lib/experiments/summary.js";
import { writeRecord } from "../../lib/runs/record.js";
import { clipsExample, partExample, recordExample, SETTINGS } from "../runs/examples.js";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "ser-summary-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** A store with two runs and a failure; of another machine where `other` is true. */
async function storeIn(folder: string, other = false): Promise<void> {
  const grid = parseGrid({ name: "trial", runs: [{ protocols: ["held-out"], models: ["cnn"] }] });
  const store = new Store(join(folder, "trial"));
  const names = ["own-a", "own-b", "own-c"];
  await store.open(grid, other ? names : names.reverse());
  const { history, ...record } = recordExample();
  const here = other
    ? {
        engine: "wasm",
        seconds: { features: 7, training: 8 },
        environment: { ...record.environment, cores: 9 },
      }
    : {};
  for (const name of other ? ["own-b", "own-a"] : ["own-a", "own-b"]) {
    const logs = history.map((log) => ({ ...log, seconds: other ? 9 : log.seconds }));
    const third = 1 / 3;
    const part = partExample();
    part.probabilities.set([third, 1 - third, 1e-7, 1 - 1e-7]);
    await writeRecord(
      store.runFolder(name),
      { ...record, ...here, name, history: logs },
      { validation: part, test: partExample() },
      clipsExample(),
    );
    await store
      .ledger(grid)
      .enter({ run: name, protocol: "held-out@1", fold: "1", clips: 3, synthetic: false, leaky: false });
  }
  await store.fail("own-c", SETTINGS, "it diverged");
}

test("an experiment is the same from its store and from its summary", async () => {
  await storeIn(root);
  const experiment = await readStored("trial", root);
  await writeSummary(experiment, join(root, "summary", "trial"));
  expect(await readStored("trial", join(root, "summary"))).toEqual(experiment);
  await rm(join(root, "summary", "trial", "machines.jsonl.gz"));
  const without = await readStored("trial", join(root, "summary"));
  expect(without.runs[0]!.record.engine).toBe("not recorded");
  expect(without.runs[0]!.predictions).toEqual(experiment.runs[0]!.predictions);
});

test("a summary whose lines end as on Windows is the same", async () => {
  await storeIn(root);
  const folder = join(root, "summary", "trial");
  await writeSummary(await readStored("trial", root), folder);
  const written = await readStored("trial", join(root, "summary"));
  for (const name of (await readdir(folder)).filter((file) => file.endsWith(".json"))) {
    const text = await readFile(join(folder, name), "utf8");
    await writeFile(join(folder, name), text.replaceAll("\n", "\r\n"));
  }
  expect(await readStored("trial", join(root, "summary"))).toEqual(written);
});

test("its bytes do not depend on the machine, on times, or on what was there before", async () => {
  await storeIn(join(root, "1"));
  await storeIn(join(root, "2"), true);
  const folder = join(root, "summary");
  const written = [];
  for (const store of ["1", "2"]) {
    const { sha256 } = await writeSummary(await readStored("trial", join(root, store)), folder);
    const files = (await readdir(folder, { recursive: true })).sort();
    written.push({ sha256, files });
    await writeFile(join(folder, "own-z.json"), "{}");
  }
  expect(written[1]).toEqual(written[0]);
  expect(written[0]!.files).toEqual([
    ...["clips.csv.gz", "machines.jsonl.gz", "parts.jsonl.gz", "predictions.jsonl.gz", "readings.json"],
    ...["records.jsonl.gz", "summary.json"],
  ]);
  expect(await readdir(root)).not.toContain("summary.partial");
});

test("what runs share stands once: clips, and the lists of them", async () => {
  await storeIn(root);
  const folder = join(root, "summary", "trial");
  const { runs } = await writeSummary(await readStored("trial", root), folder);
  expect(runs).toBe(2);
  const lines = async (name: string) =>
    gunzipSync(await readFile(join(folder, `${name}.gz`)))
      .toString()
      .trimEnd()
      .split("\n");
  const { validation, test: tested } = { validation: partExample(), test: partExample() };
  expect(await lines("parts.jsonl")).toHaveLength(1);
  expect(await lines("clips.csv")).toHaveLength(1 + new Set([...validation.ids, ...tested.ids]).size);
  expect((await lines("records.jsonl")).map((line) => JSON.parse(line).name)).toEqual(["own-a", "own-b"]);
});

test("a run of any size at a time is enough", async () => {
  await storeIn(root);
  const experiment = await readStored("trial", root);
  async function* one() {
    yield* experiment.runs;
  }
  const whole = await writeSummary(experiment, join(root, "summary", "trial"));
  expect(await writeSummary({ ...experiment, runs: one() }, join(root, "summary", "trial"))).toEqual(whole);
});

test("a run that cannot be read is named, and the summary of before stays", async () => {
  await storeIn(root);
  const folder = join(root, "summary", "trial");
  const { sha256 } = await writeSummary(await readStored("trial", root), folder);
  const damaged = join(root, "trial", "own-b", "predictions.csv");
  await writeFile(damaged, "id\n");
  const open = await openStored("trial", root);
  await expect(writeSummary(open, folder)).rejects.toThrow(`${damaged} is damaged`);
  await expect(writeSummary(open, folder)).rejects.toThrow(/^(?!cannot write)/);
  expect((await writeSummary(await readStored("trial", join(root, "summary")), folder)).sha256).toBe(sha256);
});

test("a summary that was changed is refused", async () => {
  await storeIn(root);
  const folder = join(root, "summary", "trial");
  await writeSummary(await readStored("trial", root), folder);
  const predictions = join(folder, "predictions.jsonl.gz");
  const whole = await readFile(predictions);
  await writeFile(predictions, gzipSync(`${gunzipSync(whole)} `));
  await expect(readStored("trial", join(root, "summary"))).rejects.toThrow(
    /predictions.jsonl.gz has changed since it was summarized/,
  );
  await writeFile(predictions, whole.subarray(0, 40));
  await expect(readStored("trial", join(root, "summary"))).rejects.toThrow(/predictions.jsonl.gz is damaged/);
  await writeFile(predictions, whole);
  const text = await readFile(join(folder, "summary.json"), "utf8");
  await writeFile(join(folder, "summary.json"), text.slice(0, 40));
  await expect(readStored("trial", join(root, "summary"))).rejects.toThrow(/summary.json is damaged/);
});

test("neither a store nor anything else is replaced by a summary", async () => {
  await storeIn(root);
  const experiment = await readStored("trial", root);
  const before = await readdir(join(root, "trial"));
  await expect(writeSummary(experiment, join(root, "trial"))).rejects.toThrow(
    "something other than a summary",
  );
  expect(await readdir(join(root, "trial"))).toEqual(before);
});

test.each(["null", "{}", '{ "schema": 1 }', '{ "schema": 2 }', "[1]"])(
  "a summary.json of %s is damaged",
  async (text) => {
    await mkdir(join(root, "trial"), { recursive: true });
    await writeFile(join(root, "trial", "summary.json"), text);
    await expect(readStored("trial", root)).rejects.toThrow(UserError);
  },
);

test("a summary keeps the readings of an earlier one, which a store elsewhere may not know", async () => {
  await storeIn(join(root, "1"));
  await storeIn(join(root, "2"));
  const folder = join(root, "summaries", "trial");
  for (const store of ["1", "2", "2"])
    await writeSummary(await readStored("trial", join(root, store)), folder);
  const { readings, planned } = await readStored("trial", join(root, "summaries"));
  expect(countReadings({ readings, planned })).toMatchObject({ total: 4, shown: 4 });

  await writeFile(join(folder, "readings.json"), "{");
  const experiment = await readStored("trial", join(root, "1"));
  await expect(writeSummary(experiment, folder)).rejects.toThrow("Restore it from version control");
});

test("one from before the ledger knows a number", async () => {
  await storeIn(root);
  const folder = join(root, "summaries", "trial");
  await writeSummary(await readStored("trial", root), folder);
  await rm(join(folder, "readings.json"));
  const file = JSON.parse(await readFile(join(folder, "summary.json"), "utf8"));
  await writeFile(join(folder, "summary.json"), JSON.stringify({ ...file, testReadings: 9 }));
  const { readings } = await readStored("trial", join(root, "summaries"));
  expect(countReadings({ readings, planned: [] })).toMatchObject({ total: 9, shown: 9, beforeLedger: 9 });
});

test("one whose readings are gone counts one for each run that was tested", async () => {
  await storeIn(root);
  const folder = join(root, "summaries", "trial");
  await writeSummary(await readStored("trial", root), folder);
  await rm(join(folder, "readings.json"));
  const { readings, planned } = await readStored("trial", join(root, "summaries"));
  expect(countReadings({ readings, planned })).toMatchObject({ total: 2, shown: 2, beforeLedger: 2 });
});
