import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Interrupted } from "../../lib/base/errors.js";
import { detectEngines } from "../../lib/engine/detect.js";
import { heldOutSpeakers } from "../../lib/protocols/split.js";
import { readCheckpoint, writeCheckpoint } from "../../lib/training/checkpoint.js";
import { CHECKPOINT } from "../../lib/training/loop.js";
import {
  type Trained,
  type TrainFoldOptions,
  type TrainingSettings,
  trainFold,
} from "../../lib/training/train.js";
import { CLASSES, SETTINGS, speech } from "./speech.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const features = speech(90);
const split = heldOutSpeakers(features.clips);
const THREE_EPOCHS: TrainingSettings = { ...SETTINGS, epochs: 3 };
const STEPS_PER_EPOCH = Math.ceil(split.train.length / THREE_EPOCHS.batchSize);

const runOf = (settings: TrainingSettings, options: TrainFoldOptions = {}) =>
  trainFold(features, split, CLASSES, settings, { quiet: true, engine: "tfjs", ...options });

/** All that a training gives but the time it took. */
function resultOf({ network, history, bestEpoch, validation }: Trained) {
  const weights = network.weights.map((weight) => Float32Array.from(weight.read().dataSync()));
  const figures = history.map((log) => ({ ...log, seconds: 0 }));
  return { weights, figures, bestEpoch, validation };
}

const EVERYTHING: TrainingSettings = {
  ...THREE_EPOCHS,
  model: "cnn",
  augmentation: { timeMasks: 1, timeMaskWidth: 6, shift: 4, gain: 3 },
  mixup: 0.3,
  labelSmoothing: 0.1,
  balance: "sampling",
  schedule: { name: "cosine", warmup: 1 },
  optimizer: { name: "adamw", weightDecay: 0.01, clipNorm: 1 },
};

test.each([
  ["in the middle of an epoch", THREE_EPOCHS, STEPS_PER_EPOCH + 2],
  ["at the end of an epoch", THREE_EPOCHS, STEPS_PER_EPOCH],
  ["after one update, with everything switched on", EVERYTHING, 1],
])("stopped %s and resumed, it ends as if it had not been", async (_, settings, steps) => {
  const whole = resultOf(await runOf(settings));
  const controller = new AbortController();
  const onStep = (step: number) => void (step === steps && controller.abort());
  const stopped = runOf(settings, {
    folder,
    signal: controller.signal,
    onStep,
  });
  await expect(stopped).rejects.toThrow(Interrupted);
  await expect(stopped).rejects.toThrow(/stopped in epoch \d.*the same command resumes it/);
  const log: string[] = [];
  const resumed = await runOf(settings, { folder, resume: true, log: (line) => log.push(line) });
  expect(resultOf(resumed)).toEqual(whole);
  expect(log[0]).toMatch(/^resuming in epoch \d, after \d of its/);
});

test("the epoch that all folds chose is kept and is the last, stopped and resumed or not", async () => {
  const settings = { ...THREE_EPOCHS, patience: 1 };
  const together = { epoch: 2, validationUar: 0.1, folds: 3 };
  const two = await runOf(settings, { together });
  expect([two.bestEpoch, two.history.length, two.together]).toEqual([2, 2, together]);
  // The same weights as those of the second epoch of a training that goes on.
  const first = await runOf({ ...settings, patience: 3 }, { together: { ...together, epoch: 3 } });
  expect(first.history.slice(0, 2).map((log) => log.validationUar)).toEqual(
    two.history.map((log) => log.validationUar),
  );
  const controller = new AbortController();
  const onStep = (step: number) => void (step === STEPS_PER_EPOCH + 1 && controller.abort());
  const stopped = runOf(settings, { folder, together, signal: controller.signal, onStep });
  await expect(stopped).rejects.toThrow(Interrupted);
  expect(resultOf(await runOf(settings, { folder, together, resume: true }))).toEqual(resultOf(two));
  // A checkpoint of another choice is another training's.
  const other = runOf(settings, { folder, together: { ...together, epoch: 1 }, resume: true });
  await expect(other).rejects.toThrow(/belongs to other settings or clips/);
});

test("stopped in the second training and resumed, it ends as if it had not been", async () => {
  const settings = { ...EVERYTHING, epochs: 2, refit: true };
  const whole = resultOf(await runOf(settings));
  const controller = new AbortController();
  let steps = 0;
  const onStep = () => void (++steps === 2 * STEPS_PER_EPOCH + 2 && controller.abort());
  const stopped = runOf(settings, { folder, signal: controller.signal, onStep });
  await expect(stopped).rejects.toThrow(/stopped in refit, epoch 1, after 2 of its/);
  const log: string[] = [];
  const again = { folder, resume: true, log: (line: string) => void log.push(line) };
  expect(resultOf(await runOf(settings, again))).toEqual(whole);
  expect(log[0]).toBe("resuming after the last epoch");
  expect(log[1]).toMatch(/^resuming in refit, epoch 1, after 2 of its/);
  // Both trainings are over.
  steps = 0;
  expect(resultOf(await runOf(settings, { ...again, onStep: () => void steps++ }))).toEqual(whole);
  expect(steps).toBe(0);
});

const ENGINES_HERE = (await detectEngines()).filter(({ available }) => available).map(({ engine }) => engine);

test.each(ENGINES_HERE)("stopped and resumed on %s, it ends as if it had not been", async (engine) => {
  const settings = { ...EVERYTHING, model: "clstm" as const, epochs: 2 };
  const whole = resultOf(await runOf(settings, { engine }));
  const controller = new AbortController();
  const onStep = (step: number) => void (step === STEPS_PER_EPOCH + 1 && controller.abort());
  const { signal } = controller;
  await expect(runOf(settings, { engine, folder, signal, onStep })).rejects.toThrow(Interrupted);
  expect(resultOf(await runOf(settings, { engine, folder, resume: true }))).toEqual(whole);
});

test("a checkpoint of another engine is gone on with, and one line says that the bits may differ", async () => {
  await runOf({ ...THREE_EPOCHS, epochs: 1 }, { folder });
  const path = join(folder, CHECKPOINT);
  const checkpoint = (await readCheckpoint(path))!;
  await writeCheckpoint(path, { ...checkpoint, engine: "native", instructionSet: "AVX-512" });
  const log: string[] = [];
  await runOf({ ...THREE_EPOCHS, epochs: 1 }, { folder, resume: true, log: (line) => log.push(line) });
  expect(log[0]).toMatch(/made by native \(AVX-512\), this is tfjs \(wasm\): the weights will differ/);
  expect(log[1]).toMatch(/^resuming/);
});

test.each([
  ["a checkpoint after every update", 0, STEPS_PER_EPOCH + 3],
  ["a checkpoint after every epoch", 1000, 2 * STEPS_PER_EPOCH + 1],
  ["none yet", 1000, 2],
])("killed with %s and resumed, it ends as if it had not been", async (_, every, steps) => {
  const script = join(import.meta.dirname, "killed.ts");
  const args = ["--import", "tsx", script, folder, String(every), String(steps)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.once("data", () => child.kill("SIGKILL"));
  const [, signal] = await once(child, "exit");
  expect(signal).toBe("SIGKILL");
  const resumed = resultOf(await runOf(THREE_EPOCHS, { folder, resume: true }));
  expect(resumed).toEqual(resultOf(await runOf(THREE_EPOCHS)));
});

test("a finished training, resumed, is over at once with the same result", async () => {
  const whole = resultOf(await runOf(THREE_EPOCHS, { folder }));
  let steps = 0;
  const again = await runOf(THREE_EPOCHS, { folder, resume: true, onStep: () => steps++ });
  expect(steps).toBe(0);
  expect(resultOf(again)).toEqual(whole);
});

test("the history is on the disk after every epoch", async () => {
  const seen: number[] = [];
  const counts: Promise<number>[] = [];
  await runOf(THREE_EPOCHS, {
    folder,
    onEpoch: ({ epoch }) => {
      seen.push(epoch);
      counts.push(readFile(join(folder, "history.csv"), "utf8").then((text) => text.split("\n").length - 2));
    },
  });
  expect(seen).toEqual([1, 2, 3]);
  expect(await counts[0]).toBeGreaterThanOrEqual(1);
  expect(await counts[2]).toBe(3);
});

test("a checkpoint of other settings is refused, and of none it starts anew", async () => {
  await runOf({ ...THREE_EPOCHS, epochs: 1 }, { folder });
  await expect(runOf(THREE_EPOCHS, { folder, resume: true })).rejects.toThrow(
    /checkpoint.bin belongs to other settings or clips: remove it/,
  );
  const log: string[] = [];
  const other = join(folder, "other");
  await runOf({ ...THREE_EPOCHS, epochs: 1 }, { folder: other, resume: true, log: (line) => log.push(line) });
  expect(log).toEqual([]);
});

test("ends when validation has not risen for so many epochs", async () => {
  const log: string[] = [];
  const settings = { ...THREE_EPOCHS, epochs: 30, patience: 2, learningRate: 1e-30 };
  const { history, bestEpoch } = await runOf(settings, { log: (line) => log.push(line) });
  expect(bestEpoch).toBeLessThan(history.length);
  expect(history.length).toBe(bestEpoch + 2);
  expect(log).toEqual([
    `stopped after epoch ${history.length}: no better validation UAR for 2 epochs (patience); the best was epoch ${bestEpoch}`,
  ]);
  // The last epoch is the last, whatever the patience.
  const quiet: string[] = [];
  await runOf({ ...settings, epochs: history.length }, { log: (line) => quiet.push(line) });
  expect(quiet).toEqual([]);
});
