import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Clip } from "../../lib/corpora/clip.js";
import { readRecord, runName, writeRecord } from "../../lib/experiments/record.js";
import { RUN_FEATURES } from "../../lib/experiments/settings.js";
import { TRAINING } from "../../lib/training/train.js";
import { partExample, recordExample } from "./examples.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const SETTINGS = { features: RUN_FEATURES.mfcc, training: TRAINING };
const SPLIT = {
  name: "held-out speakers",
  description: "",
  train: ["a/1"],
  validation: ["a/2"],
  test: ["a/3"],
};

const CLIPS: Clip[] = ["a/1", "a/2", "a/3"].map((id) => ({
  id,
  corpus: "tess",
  speaker: id,
  emotion: "neutral",
  label: "calm",
  path: "",
  synthetic: false,
}));

test("a run is named by all that decides its figures, and by nothing else", () => {
  const name = (settings = SETTINGS, split = SPLIT, clip: Partial<Clip> = {}) =>
    runName(
      settings,
      split,
      CLIPS.map((other) => ({ ...other, ...clip })),
    ).name;
  expect(name()).toMatch(/^tess-cnn-[0-9a-f]{12}$/);
  expect(name({ training: { ...TRAINING }, features: { ...RUN_FEATURES.mfcc } })).toBe(name());
  expect(name(SETTINGS, { ...SPLIT, description: "other words" })).toBe(name());
  const others = [
    name({ ...SETTINGS, training: { ...TRAINING, seed: 2 } }),
    name({ ...SETTINGS, features: RUN_FEATURES.logmel }),
    name(SETTINGS, { ...SPLIT, train: ["a/1", "a/4"] }),
    name(SETTINGS, SPLIT, { synthetic: true }),
    name(SETTINGS, SPLIT, { emotion: "calm" }),
  ];
  expect(new Set([name(), ...others]).size).toBe(6);
  const two = [CLIPS[0]!, { ...CLIPS[1]!, corpus: "savee" }];
  expect(runName(SETTINGS, SPLIT, two).name).toMatch(/^combined-/);
});

test("a record is read back as it was written", async () => {
  const record = recordExample();
  await writeRecord(folder, record, { validation: partExample(), test: partExample() });
  expect(await readRecord(folder)).toEqual(record);
  const predictions = await readFile(join(folder, "predictions.csv"), "utf8");
  expect(predictions.split("\n").slice(0, 2)).toEqual([
    "id,part,truth,predicted,anger,neutral",
    "own/1,validation,anger,anger,0.750000,0.250000",
  ]);
  const history = await readFile(join(folder, "history.csv"), "utf8");
  expect(history).toBe(
    "epoch,trainLoss,validationLoss,validationUar,learningRate,seconds\n1,0.7,0.6,0.75,0.001,0.5\n",
  );
});

test("a folder without a whole record of this schema has none", async () => {
  expect(await readRecord(join(folder, "nowhere"))).toBeUndefined();
  await mkdir(join(folder, "half"));
  await writeFile(join(folder, "half", "run.json"), '{"schema": 1');
  expect(await readRecord(join(folder, "half"))).toBeUndefined();
  await writeFile(join(folder, "half", "run.json"), '{"schema": 0}');
  expect(await readRecord(join(folder, "half"))).toBeUndefined();
});
