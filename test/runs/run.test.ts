import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readAudio } from "../../lib/audio/read.js";
import { writeWav } from "../../lib/audio/write.js";
import { Interrupted } from "../../lib/base/errors.js";
import { random } from "../../lib/base/random.js";
import type { Clip } from "../../lib/corpora/clip.js";
import { applyTemperature } from "../../lib/evaluation/calibration.js";
import { RUN_FEATURES } from "../../lib/features/presets.js";
import { loadModel, readCard, weightsDigest } from "../../lib/inference/model.js";
import { Ledger } from "../../lib/protocols/ledger.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { PICTURES } from "../../lib/runs/pictures.js";
import { readRun } from "../../lib/runs/record.js";
import { type RunChoices, type RunOptions, run } from "../../lib/runs/run.js";
import { type EpochLog, SMALL_TRAINING } from "../../lib/training/train.js";

const EMOTIONS = ["anger", "sadness", "neutral"] as const;
const SETTINGS: RunChoices = {
  features: RUN_FEATURES.mfcc,
  training: { ...SMALL_TRAINING, frames: 16, epochs: 4, learningRate: 0.01 },
  target: "intended",
  score: "test",
};

let folder: string;
let clips: Clip[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-run-"));
  const rng = random(1);
  clips = [];
  for (let i = 0; i < 45; i++) {
    const pitch = [150, 400, 1100][i % 3]! * rng.uniform(0.9, 1.1);
    const samples = Float32Array.from(
      { length: 8000 },
      (_, n) => 0.4 * Math.sin((2 * Math.PI * pitch * n) / 16_000),
    );
    const path = join(folder, `${i}.wav`);
    await writeWav(path, samples, 16_000);
    const name = {
      id: `own/${i}`,
      corpus: "own",
      speaker: `s${i % 5}`,
      emotion: EMOTIONS[i % 3]!,
      label: "",
    };
    clips.push({ ...name, path, synthetic: false });
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A run under a protocol of one fold, or its first. */
function runOn(list: readonly Clip[], choices: RunChoices, options: RunOptions, protocol = "held-out") {
  const plan = protocolNamed(protocol).plan(list);
  return run(plan, plan.folds[0]!, choices, options);
}

const withoutSeconds = <T extends { history: EpochLog[] }>(record: T) => ({
  ...record,
  history: record.history.map((log) => ({ ...log, seconds: 0 })),
});

const ledgerOf = (name: string) => new Ledger(join(folder, "readings", name));
const options = (name: string) => ({
  ...{ folder: () => join(folder, name), quiet: true, pictures: false, ledger: ledgerOf(name) },
});

test("leaves a whole folder, and reads it the second time unless forced", async () => {
  const log: string[] = [];
  const first = await runOn(clips, SETTINGS, {
    ...options("run"),
    pictures: true,
    log: (line) => log.push(line),
  });
  expect(first.reused).toBe(false);
  expect(first.record.split).toMatchObject({ train: 27, validation: 9, test: 9 });
  expect(first.record.test!.uar).toBeGreaterThan(0.6);
  expect(log.some((line) => line.startsWith("epoch  1"))).toBe(true);
  const files = await readdir(first.folder);
  expect(files.sort()).toEqual([...PICTURES, "history.csv", "model", "predictions.csv", "run.json"].sort());

  const second = await runOn(clips, SETTINGS, options("run"));
  expect(second).toEqual({ folder: first.folder, record: first.record, reused: true });

  const forced = await runOn(clips, SETTINGS, { ...options("run"), force: true });
  expect(forced.reused).toBe(false);
  expect(forced.record.test).toEqual(first.record.test);
});

test("a folder that holds something else is not replaced", async () => {
  await mkdir(join(folder, "thesis"));
  await writeFile(join(folder, "thesis", "thesis.tex"), "years of work");
  await expect(runOn(clips, SETTINGS, options("thesis"))).rejects.toThrow("holds something other than a run");
  expect(await readdir(join(folder, "thesis"))).toEqual(["thesis.tex"]);
});

test("refit takes the first training from the finished run without it, unread or not, and ends alike", async () => {
  const store = (name: string): RunOptions => ({
    ...options(name),
    folder: (run) => join(folder, name, run),
  });
  const refit = { ...SETTINGS, training: { ...SETTINGS.training, refit: true } };
  const alone = await runOn(clips, refit, store("alone"));
  expect(alone.record.audit.checks.some(({ name }) => name.startsWith("trained once more"))).toBe(true);
  await runOn(clips, { ...SETTINGS, score: "validation" }, store("after"));
  const log: string[] = [];
  const epochs: number[] = [];
  const after = await runOn(clips, refit, {
    ...store("after"),
    log: (line) => log.push(line),
    onEpoch: ({ epoch }) => epochs.push(epoch),
  });
  expect(log.some((line) => line.startsWith("the first training is that of own-cnn-small-"))).toBe(true);
  expect(epochs).toEqual([]);
  const { seconds: _, ...found } = after.record;
  const { seconds: __, ...expected } = alone.record;
  expect(withoutSeconds(found)).toEqual(withoutSeconds(expected));
  const weights = (run: { folder: string }) => readFile(join(run.folder, "model", "weights.bin"));
  expect(await weights(after)).toEqual(await weights(alone));
});

test("a refit on another engine than its first training names both", async () => {
  const store: RunOptions = { ...options("engines"), folder: (run) => join(folder, "engines", run) };
  await runOn(clips, { ...SETTINGS, score: "validation" }, { ...store, engine: "wasm" });
  const refit = { ...SETTINGS, training: { ...SETTINGS.training, refit: true } };
  const { record } = await runOn(clips, refit, { ...store, engine: "tfjs" });
  expect(record.engine).toMatch(/^wasm .*, then tfjs /);
});

test("a run that goes on from another names it, in audit, record and card, and its name holds the weights", async () => {
  const first = await runOn(clips, SETTINGS, options("first"));
  const from = await weightsDigest(join(first.folder, "model"));
  const training = { ...SETTINGS.training, from, epochs: 2, learningRate: 1e-3 };
  const begun = { ...SETTINGS, training };
  const second = await runOn(clips, begun, { ...options("second"), from: join(first.folder, "model") });
  const { record } = second;
  const origin = { sha256: from, run: first.record.name, corpora: ["own"], clips: first.record.clips };
  expect(record.from).toEqual([expect.objectContaining(origin)]);
  expect(record.settings.training.from).toBe(from);
  expect(record.name).not.toBe(first.record.name);
  expect(record.audit.checks.find(({ name }) => name.startsWith("the weights it began with"))).toEqual({
    name: "the weights it began with heard neither test nor validation",
    passed: true,
    detail: `began with ${first.record.name} (${from.slice(0, 12)}), trained under held-out@2, fold 1`,
  });
  expect((await readCard(join(second.folder, "model"))).from).toEqual(record.from);
  expect(JSON.stringify(record)).not.toContain(folder);
  expect(record.history[0]!.trainLoss).toBeLessThan(first.record.history[0]!.trainLoss);

  const third = await runOn(
    clips,
    { ...begun, training: { ...training, from: await weightsDigest(join(second.folder, "model")) } },
    { ...options("third"), from: join(second.folder, "model") },
  );
  expect(third.record.from!.map(({ run }) => run)).toEqual([record.name, first.record.name]);

  const refit = { ...begun, training: { ...training, refit: true } };
  const again = await runOn(clips, refit, { ...options("again"), from: join(first.folder, "model") });
  expect(again.record.audit.passed).toBe(true);
  // It heard the validation part.
  const after = { ...training, from: await weightsDigest(join(again.folder, "model")) };
  await expect(
    runOn(clips, { ...begun, training: after }, { ...options("leak"), from: join(again.folder, "model") }),
  ).rejects.toThrow(/the audit found leakage.*heard 9 of the 9 validation clips/s);
});

test("clips that cannot be read are recorded, and fatal only when asked", async () => {
  const path = join(folder, "broken.wav");
  await writeFile(path, "text");
  const broken = [...clips, { ...clips[0]!, id: "own/broken", path }];
  const { record } = await runOn(broken, SETTINGS, options("with-broken"));
  expect(record.broken.map(({ id }) => id)).toEqual(["own/broken"]);
  expect(record.split).toMatchObject({ train: 27, validation: 9, test: 9 });
  await expect(runOn(broken, SETTINGS, { ...options("strict"), strict: true })).rejects.toThrow(path);
});

test("an interrupted run leaves no record", async () => {
  const controller = new AbortController();
  const stopped = runOn(clips, SETTINGS, {
    ...options("stopped"),
    signal: controller.signal,
    log: (line) => line.startsWith("epoch") && controller.abort(),
  });
  await expect(stopped).rejects.toThrow(Interrupted);
  expect(await readdir(folder)).not.toContain("stopped");
  const files = await readdir(join(folder, "stopped.partial"));
  expect(files.sort()).toEqual(["checkpoint.bin", "history.csv"]);

  const log: string[] = [];
  const resumed = await runOn(clips, SETTINGS, {
    ...options("stopped"),
    resume: true,
    log: (line) => log.push(line),
  });
  expect(log.filter((line) => line.startsWith("epoch")).length).toBe(3);
  const whole = await runOn(clips, SETTINGS, options("whole"));
  expect(resumed.record.test).toEqual(whole.record.test);
  expect(resumed.record.name).toBe(whole.record.name);
  expect(await readdir(resumed.folder)).not.toContain("checkpoint.bin");
  expect(await readdir(folder)).not.toContain("stopped.partial");
});

test("a baseline leaves the same folder, and its model predicts recordings", async () => {
  for (const model of ["majority", "linear"] as const) {
    const settings = { ...SETTINGS, training: { ...SETTINGS.training, model } };
    const { folder: results, record } = await runOn(clips, settings, options(model));
    expect(record.name).toMatch(new RegExp(`^own-${model}-`));
    const { card, judge } = await loadModel(join(results, "model"));
    expect(card).toMatchObject({ model, input: "statistics", frames: 1 });
    const [, line] = (await readFile(join(results, "predictions.csv"), "utf8")).split("\n");
    const [id, , , , , , , , ...stored] = line!.split(",");
    const answer = await judge(await readAudio(clips.find((clip) => clip.id === id)!.path));
    const calibrated = applyTemperature(Float32Array.from(stored, Number), 3, card.temperature);
    const said = EMOTIONS.map((name) => answer[name]!);
    for (const [i, p] of said.entries()) expect(p).toBeCloseTo(calibrated[i]!, 4);
  }
});

test("validation leaves the test part unread, and calibrates on what it read", async () => {
  const choices = { ...SETTINGS, score: "validation" } as const;
  const { record, folder: results } = await runOn(clips, choices, options("unread"));
  expect([record.test, record.testByCorpus]).toEqual([undefined, undefined]);
  expect(await ledgerOf("unread").entries()).toEqual([]);
  const { predictions } = (await readRun(results))!;
  expect(predictions.every(({ part }) => part === "validation")).toBe(true);
  const { card } = await loadModel(join(results, "model"));
  expect(card.metrics.test).toBeUndefined();
  expect([card.temperature, card.threshold]).toEqual([record.temperature, record.threshold]);
  expect(record.validation.calibrated!.temperature).toBe(record.temperature);

  const tested = await runOn(clips, SETTINGS, options("read"));
  const [entry, ...others] = await ledgerOf("read").entries();
  expect(others).toEqual([]);
  expect(entry).toMatchObject({ run: tested.record.name, protocol: "held-out@2", fold: "1", clips: 9 });
  expect(tested.record.validation).toEqual(record.validation);
});

test("a leak stops the run with the clips, unless the protocol is leaky, and is marked then", async () => {
  const copy = { ...clips[2]!, id: "own/copy", speaker: clips[3]!.speaker };
  await expect(runOn([...clips, copy], SETTINGS, options("leak"))).rejects.toThrow(
    /audit found leakage[\s\S]*own\/2[\s\S]*own\/copy/,
  );
  expect(await readdir(folder)).not.toContain("leak");
  const plan = { ...protocolNamed("held-out").plan([...clips, copy]), leaky: true };
  const { record } = await run(plan, plan.folds[0]!, SETTINGS, options("leaky"));
  expect([record.leaky, record.audit.passed, record.audit.leaky]).toEqual([true, false, true]);
});

test("normalisation by speaker is marked as transductive", async () => {
  const training = { ...SETTINGS.training, normalisation: "speaker", epochs: 1 } as const;
  const { record } = await runOn(clips, { ...SETTINGS, training }, options("own"));
  expect([record.transductive, record.audit.passed]).toEqual([true, true]);
});

test("a checkpoint that is damaged or another engine's does not stop an experiment", async () => {
  const partial = join(folder, "again.partial");
  const log: string[] = [];
  const again = { ...options("again"), log: (line: string) => log.push(line) };
  await mkdir(partial);
  await writeFile(join(partial, "checkpoint.bin"), "torn");
  await writeFile(join(partial, "checkpoint.bin.12-ab.tmp"), "half");
  await expect(runOn(clips, SETTINGS, { ...again, resume: true })).rejects.toThrow("damaged");
  const { folder: results } = await runOn(clips, SETTINGS, { ...again, resume: "or-restart" });
  expect(log.some((line) => line.endsWith("training from the start"))).toBe(true);
  expect((await readdir(results)).filter((file) => /checkpoint|tmp/.test(file))).toEqual([]);
});

test("a run that was killed before it was renamed is whole all the same", async () => {
  const first = await runOn(clips, SETTINGS, options("named"));
  await rename(join(folder, "named"), join(folder, "named.partial"));
  const second = await runOn(clips, SETTINGS, options("named"));
  expect(second).toEqual({ ...first, reused: true });
});

test("a reading that cannot be written down stops the run before the test part", async () => {
  await writeFile(join(folder, "full"), "a file, not a folder");
  const ledger = new Ledger(join(folder, "full"));
  await expect(runOn(clips, SETTINGS, { ...options("unlogged"), ledger })).rejects.toThrow(
    /cannot write .*full.*read only if the reading can be recorded/,
  );
  expect(await readdir(folder)).not.toContain("unlogged");
});
