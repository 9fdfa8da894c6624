import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Clip } from "../../lib/corpora/clip.js";
import { RUN_FEATURES } from "../../lib/features/presets.js";
import { readRecord, readRun, runName, writeRecord } from "../../lib/runs/record.js";
import { TRAINING } from "../../lib/training/train.js";
import { clipsExample, partExample, recordExample, SETTINGS } from "./examples.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const SPLIT = { name: "1", description: "", train: ["a/1"], validation: ["a/2"], test: ["a/3"] };

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
  expect(name({ ...SETTINGS, training: { ...TRAINING } })).toBe(name());
  expect(name(SETTINGS, { ...SPLIT, description: "other words" })).toBe(name());
  const usual = { filters: [32, 64, 128, 128], units: 128 };
  expect(name({ ...SETTINGS, training: { ...TRAINING, size: usual } })).toBe(name());
  expect(name({ ...SETTINGS, training: { ...TRAINING, size: {}, refit: undefined } })).toBe(name());
  const others = [
    name({ ...SETTINGS, training: { ...TRAINING, size: { ...usual, units: 64 } } }),
    name({ ...SETTINGS, training: { ...TRAINING, seed: 2 } }),
    name({ ...SETTINGS, features: RUN_FEATURES.logmel }),
    name({ ...SETTINGS, protocol: "held-out@2" }),
    name({ ...SETTINGS, fold: "2" }),
    name({ ...SETTINGS, target: "perceived" }),
    name({ ...SETTINGS, score: "validation" }),
    name(SETTINGS, { ...SPLIT, train: ["a/1", "a/4"] }),
    name(SETTINGS, SPLIT, { synthetic: true }),
    name(SETTINGS, SPLIT, { emotion: "calm" }),
  ];
  expect(new Set([name(), ...others]).size).toBe(11);
  const soft = { ...SETTINGS, training: { ...TRAINING, softLabels: true } };
  const votes = { neutral: 2, fear: 1 };
  expect(name(SETTINGS, SPLIT, { votes })).toBe(name());
  expect(new Set([name(), name(soft), name(soft, SPLIT, { votes })]).size).toBe(3);
  const two = [CLIPS[0]!, { ...CLIPS[1]!, corpus: "savee" }];
  expect(runName(SETTINGS, SPLIT, two).name).toMatch(/^combined-/);
  const grouped = { ...SETTINGS, protocol: "grouped/tess?group=sex&folds=2@1", fold: "2" };
  expect(name(grouped)).toMatch(/^grouped-tess-group-sex-folds-2-2-cnn-[0-9a-f]{12}$/);
});

test("a record is read back as it was written, with its predictions", async () => {
  const record = recordExample();
  const parts = { validation: partExample(), test: partExample() };
  await writeRecord(folder, record, parts, clipsExample());
  expect(await readRecord(folder)).toEqual(record);
  const { predictions } = (await readRun(folder))!;
  expect(predictions.length).toBe(6);
  expect(predictions[0]).toEqual({
    ...{ id: "own/1", part: "validation", corpus: "own", speaker: "own/s0", sex: "female" },
    ...{ sentence: 'Say, "dog"', intensity: "strong", truth: 0, predicted: 0, probabilities: [0.75, 0.25] },
  });
  expect(predictions[4]).toMatchObject({ id: "own/2", part: "test", sex: "", predicted: 1 });
  const history = await readFile(join(folder, "history.csv"), "utf8");
  expect(history).toBe(
    "epoch,trainLoss,validationLoss,validationUar,learningRate,seconds\n1,0.7,0.6,0.75,0.001,0.5\n",
  );
});

test("a run whose test part was not read has no predictions of it", async () => {
  const { test: _, testByCorpus: __, ...record } = recordExample();
  await writeRecord(folder, record, { validation: partExample() }, clipsExample());
  const { predictions } = (await readRun(folder))!;
  expect(new Set(predictions.map(({ part }) => part))).toEqual(new Set(["validation"]));
});

test("a folder without a whole record of this schema has none", async () => {
  expect(await readRecord(join(folder, "nowhere"))).toBeUndefined();
  expect(await readRun(join(folder, "nowhere"))).toBeUndefined();
  await mkdir(join(folder, "half"));
  await writeFile(join(folder, "half", "run.json"), '{"schema": 1');
  expect(await readRecord(join(folder, "half"))).toBeUndefined();
  await writeFile(join(folder, "half", "run.json"), '{"schema": 0}');
  expect(await readRecord(join(folder, "half"))).toBeUndefined();
});
