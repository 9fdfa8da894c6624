import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  countReadings,
  ledgerIn,
  mergeReadings,
  type Readings,
  readingsIfWhole,
  readingsIn,
  readingsLine,
} from "../../lib/experiments/readings.js";
import type { LedgerEntry } from "../../lib/protocols/ledger.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-readings-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ABOUT = { protocol: "savee/loso@1", fold: "1", clips: 120, synthetic: false, leaky: false };

test("a store's readings are its ledger's and those of the log from before", async () => {
  const ledger = ledgerIn(folder, "f00d");
  await ledger.enter({ run: "a", ...ABOUT });
  await ledger.enter({ run: "gone", ...ABOUT });
  await ledger.enter({ run: "a", ...ABOUT, synthetic: true });
  await ledger.enter({ run: "a", ...ABOUT, leaky: true });
  await ledger.enter(ABOUT);
  const lines = ["a", "b", "gone"].map((run) => JSON.stringify({ run, time: "2026-01-01T00:00:00.000Z" }));
  await writeFile(join(folder, "test-readings.jsonl"), `${lines.join("\n")}\n{"run": "a", "ti`);
  const experiment = { readings: await readingsIn(folder, ["a", "b"]), planned: ["a", "b"] };
  expect(countReadings(experiment)).toEqual({
    ...{ total: 7, shown: 3, notShown: 4, beforeLedger: 4, byHand: 0, synthetic: 1, leaky: 1 },
  });
  expect(readingsLine(experiment)).toBe(
    "test parts read: 7 times; besides 1 time of synthetic voices, 1 time under leaky protocols",
  );
});

const entry = (id: string) => ({ id, ...ABOUT, run: "a", command: "ser", time: "" });
const kept: Readings = {
  entries: [entry("1"), entry("2")],
  before: [
    { readings: 5, shown: true, note: "log" },
    { readings: 64, shown: false, byHand: true, note: "as README said" },
  ],
};

test("what a summary has kept and what a store has are counted once each", () => {
  const store: Readings = {
    entries: [entry("3"), entry("2")],
    before: [{ readings: 4, shown: true, note: "log" }],
  };
  const merged = mergeReadings(store, kept);
  expect(merged.entries.map(({ id }) => id)).toEqual(["1", "2", "3"]);
  expect(countReadings({ readings: merged, planned: ["a"] })).toMatchObject({
    total: 72,
    shown: 8,
    notShown: 64,
    byHand: 64,
  });
  expect(mergeReadings(merged, merged)).toEqual(merged);
  expect(mergeReadings({ entries: [], before: [] }, kept)).toEqual(kept);
});

test("an entry that was damaged in the store is taken from the summary, and the other way round", () => {
  const damaged = { ...entry("1"), protocol: "unknown", run: undefined };
  const [whole, other] = kept.entries as [LedgerEntry, LedgerEntry];
  for (const [store, summary] of [
    [
      [damaged, other],
      [whole, other],
    ],
    [
      [whole, other],
      [damaged, other],
    ],
  ] as const)
    expect(
      mergeReadings({ entries: [...store], before: [] }, { entries: [...summary], before: [] }).entries,
    ).toEqual([whole, other]);
});

test.each([
  "{",
  "null",
  "[]",
  '{"entries":[null],"before":[]}',
  '{"entries":[],"before":[null]}',
  '{"entries":[],"before":[{"readings":"9","note":""}]}',
])("%s are no readings", (text) => {
  expect(readingsIfWhole(text)).toBeUndefined();
});

test("readings are read as they were written", () => {
  expect(readingsIfWhole(JSON.stringify(kept))).toEqual(kept);
});
