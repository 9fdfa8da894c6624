import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeWav } from "../../lib/audio/write.js";
import { Interrupted } from "../../lib/base/errors.js";
import { random } from "../../lib/base/random.js";
import type { Clip } from "../../lib/corpora/clip.js";
import { PICTURES } from "../../lib/experiments/pictures.js";
import { run } from "../../lib/experiments/run.js";
import { RUN_FEATURES } from "../../lib/experiments/settings.js";
import { loadModel } from "../../lib/inference/model.js";
import { SMALL_TRAINING } from "../../lib/training/train.js";

const EMOTIONS = ["anger", "sadness", "neutral"] as const;
const SETTINGS = {
  features: RUN_FEATURES.mfcc,
  training: { ...SMALL_TRAINING, frames: 16, epochs: 4, learningRate: 0.01 },
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

const options = (name: string) => ({ folder: () => join(folder, name), quiet: true });

test("leaves a whole folder, and reads it the second time unless forced", async () => {
  const log: string[] = [];
  const first = await run(clips, SETTINGS, { ...options("run"), log: (line) => log.push(line) });
  expect(first.reused).toBe(false);
  expect(first.record.split).toMatchObject({ train: 27, validation: 9, test: 9 });
  expect(first.record.test.uar).toBeGreaterThan(0.6);
  expect(log.some((line) => line.startsWith("epoch  1"))).toBe(true);
  const files = await readdir(first.folder);
  expect(files.sort()).toEqual([...PICTURES, "history.csv", "model", "predictions.csv", "run.json"].sort());

  const second = await run(clips, SETTINGS, options("run"));
  expect(second).toEqual({ folder: first.folder, record: first.record, reused: true });

  const forced = await run(clips, SETTINGS, { ...options("run"), force: true });
  expect(forced.reused).toBe(false);
  expect(forced.record.test).toEqual(first.record.test);
});

test("clips that cannot be read are recorded, and fatal only when asked", async () => {
  const path = join(folder, "broken.wav");
  await writeFile(path, "text");
  const broken = [...clips, { ...clips[0]!, id: "own/broken", path }];
  const { record } = await run(broken, SETTINGS, options("with-broken"));
  expect(record.broken.map(({ id }) => id)).toEqual(["own/broken"]);
  expect(record.split).toMatchObject({ train: 27, validation: 9, test: 9 });
  await expect(run(broken, SETTINGS, { ...options("strict"), strict: true })).rejects.toThrow(path);
});

test("an interrupted run leaves no record", async () => {
  const controller = new AbortController();
  const stopped = run(clips, SETTINGS, {
    ...options("stopped"),
    signal: controller.signal,
    log: (line) => line.startsWith("epoch") && controller.abort(),
  });
  await expect(stopped).rejects.toThrow(Interrupted);
  const files = await readdir(join(folder, "stopped"));
  expect(files.sort()).toEqual(["checkpoint.bin", "history.csv"]);

  const log: string[] = [];
  const resumed = await run(clips, SETTINGS, {
    ...options("stopped"),
    resume: true,
    log: (line) => log.push(line),
  });
  expect(log.filter((line) => line.startsWith("epoch")).length).toBe(3);
  const whole = await run(clips, SETTINGS, options("whole"));
  expect(resumed.record.test).toEqual(whole.record.test);
  expect(resumed.record.name).toBe(whole.record.name);
  expect(await readdir(resumed.folder)).not.toContain("checkpoint.bin");
});

test("a baseline leaves the same folder, and its model predicts recordings", async () => {
  for (const model of ["majority", "linear"] as const) {
    const settings = { ...SETTINGS, training: { ...SETTINGS.training, model } };
    const { folder: results, record } = await run(clips, settings, options(model));
    expect(record.name).toMatch(new RegExp(`^own-${model}-`));
    const { card, predict } = await loadModel(join(results, "model"));
    expect(card).toMatchObject({ model, input: "statistics", frames: 1 });
    const [, line] = (await readFile(join(results, "predictions.csv"), "utf8")).split("\n");
    const [id, , , , ...stored] = line!.split(",");
    const { probabilities } = await predict(clips.find((clip) => clip.id === id)!.path);
    expect(Object.values(probabilities).map((p) => p.toFixed(6))).toEqual(stored);
  }
});
