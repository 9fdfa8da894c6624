import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRun, type StoredRun } from "../../lib/runs/record.js";
import { partsOfRun } from "../../lib/runs/run-parts.js";
import { shippableRun } from "../report/shippable.js";

let root: string;
let run: StoredRun;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ser-parts-"));
  const { name } = await shippableRun(root);
  run = (await readRun(join(root, name)))!;
});
afterAll(() => rm(root, { recursive: true, force: true }));

test("speakers and clips of each part, from the published counts", () => {
  // RAVDESS: 60 clips of each of 24 actors, 4 test and 4 validate. TESS: 200 words in 7 emotions of each of two actresses,
  // one tests, 40 words of the other validate. SAVEE: 120 clips of each of 4 men. CREMA-D: audEERING's lists.
  const size = (speakers: number, clips: number) => ({ speakers, clips });
  const expected = [
    { corpus: "ravdess", train: size(16, 960), validation: size(4, 240), test: size(4, 240) },
    { corpus: "tess", train: size(1, 1120), validation: size(1, 280), test: size(1, 1400) },
    { corpus: "savee", train: size(2, 240), validation: size(1, 120), test: size(1, 120) },
    { corpus: "cremad", train: size(56, 4573), validation: size(18, 1476), test: size(17, 1393) },
  ];
  expect(partsOfRun(run)).toEqual(expected);
  const backwards = { ...run.record, corpora: [...run.record.corpora].reverse() };
  expect(partsOfRun({ ...run, record: backwards })).toEqual(expected);
});

test("a training clip that could not be read did not train", () => {
  const id = "savee/DC_a01";
  const record = { ...run.record, broken: [{ id, error: "damaged" }] };
  const savee = partsOfRun({ ...run, record }).find(({ corpus }) => corpus === "savee");
  expect(savee?.train).toEqual({ speakers: 2, clips: 239 });
});

test("what the record does not prove is not told", () => {
  const { record } = run;
  const others = [
    { ...record, clips: "0123" },
    { ...record, split: { ...record.split, name: "gone/with-the-wind@1" } },
    { ...record, split: { ...record.split, fold: "9" } },
    { ...record, settings: { ...record.settings, target: "perceived" as const } },
  ];
  for (const other of others) {
    const parts = partsOfRun({ ...run, record: other });
    expect(parts.map(({ train }) => train)).toEqual([undefined, undefined, undefined, undefined]);
    expect(parts[2]!.test).toEqual({ speakers: 1, clips: 120 });
  }
});
