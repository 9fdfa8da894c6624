import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeWav } from "../../lib/audio/write.js";
import type { Clip } from "../../lib/corpora/clip.js";
import { applyTemperature } from "../../lib/evaluation/calibration.js";
import { RUN_FEATURES } from "../../lib/features/presets.js";
import { loadModel } from "../../lib/inference/model.js";
import { Ledger } from "../../lib/protocols/ledger.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { run } from "../../lib/runs/run.js";
import { SMALL_TRAINING } from "../../lib/training/train.js";
import { buzz } from "./example.js";

const EMOTIONS = ["anger", "sadness", "neutral"] as const;

let folder: string;
let clips: Clip[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-trained-"));
  clips = await Promise.all(
    Array.from({ length: 45 }, async (_, i): Promise<Clip> => {
      const path = join(folder, `${i}.wav`);
      const rate = [16_000, 22_050, 48_000][i % 3]!;
      await writeWav(path, buzz(0.5 + 0.02 * i, rate, 90 + 60 * (i % 3), i), rate);
      const name = { id: `own/${i}`, corpus: "own", speaker: `s${i % 5}`, label: "" };
      return { ...name, emotion: EMOTIONS[i % 3]!, path, synthetic: false };
    }),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a trained model says of its test clips what the run's predictions.csv has", async () => {
  const plan = protocolNamed("held-out").plan(clips);
  const training = { ...SMALL_TRAINING, frames: 20, epochs: 3, learningRate: 0.01 };
  const settings = { features: RUN_FEATURES.mfcc, training, target: "intended", score: "test" } as const;
  const ledger = new Ledger(join(folder, "readings"));
  const options = { folder: (name: string) => join(folder, name), quiet: true, pictures: false, ledger };
  const { folder: results } = await run(plan, plan.folds[0]!, settings, options);
  const { card, predict } = await loadModel(join(results, "model"), { threshold: 0 });
  const text = await readFile(join(results, "predictions.csv"), "utf8");
  const [header, ...rows] = text
    .trim()
    .split("\n")
    .map((line) => line.split(","));
  expect(rows.length).toBeGreaterThan(9);
  const first = header!.indexOf(card.classes[0]!);
  for (const cells of rows) {
    const stored = Float32Array.from(cells.slice(first), Number);
    const wanted = applyTemperature(stored, card.classes.length, card.temperature);
    const clip = clips.find(({ id }) => id === cells[0])!;
    const { probabilities, emotion } = await predict(clip.path);
    expect(emotion).toBe(cells[header!.indexOf("predicted")]);
    Object.values(probabilities!).forEach((p, i) => {
      expect(p).toBeCloseTo(wanted[i]!, 4);
    });
  }
});
