import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeWav } from "../../lib/audio/write.js";
import { random } from "../../lib/base/random.js";
import { type Clip, EMOTIONS } from "../../lib/corpora/clip.js";
import { RUN_FEATURES } from "../../lib/features/presets.js";
import { Ledger } from "../../lib/protocols/ledger.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import type { Plan } from "../../lib/protocols/types.js";
import { robustness, robustnessFigure } from "../../lib/runs/robustness.js";
import { run } from "../../lib/runs/run.js";
import { TRAINING } from "../../lib/training/settings.js";

let folder: string;
let plan: Plan;
let model: string;
let uar: number;

/** Tones of three heights by five speakers, which a linear model tells apart. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-robustness-"));
  const rng = random("robustness");
  const clips: Clip[] = [];
  for (let i = 0; i < 60; i++) {
    const pitch = [150, 500, 1500][i % 3]! * rng.uniform(0.9, 1.1);
    const samples = Float32Array.from(
      { length: 8000 },
      (_, n) => 0.3 * Math.sin((2 * Math.PI * pitch * n) / 16_000),
    );
    const path = join(folder, `${i}.wav`);
    await writeWav(path, samples, 16_000);
    const emotion = EMOTIONS[i % 3]!;
    const speaker = `s${i % 5}`;
    clips.push({ id: `own/${i}`, corpus: "own", speaker, emotion, label: "", path, synthetic: true });
  }
  plan = protocolNamed("held-out").plan(clips);
  const training = { ...TRAINING, model: "linear" as const };
  const done = await run(
    plan,
    plan.folds[0]!,
    { features: RUN_FEATURES.mfcc, training, target: "intended", score: "test" },
    {
      folder: (name) => join(folder, name),
      quiet: true,
      pictures: false,
      ledger: new Ledger(join(folder, "run")),
    },
  );
  model = join(done.folder, "model");
  uar = done.record.test!.uar;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const options = { quiet: true, threads: 1 };
const ledger = () => new Ledger(join(folder, "readings"));

test("clean it is what the run recorded; noise that drowns everything leaves chance", async () => {
  for (const noise of ["white", "babble"] as const) {
    const found = await robustness(model, plan, plan.folds[0]!, "test", {
      ...options,
      noise,
      snrs: [-60, 150],
    });
    expect(found.levels.map(({ snr }) => snr)).toEqual(["clean", 150, -60]);
    const [clean, soft, loud] = found.levels.map((level) => level.uar.estimate);
    expect(clean).toBe(uar);
    expect(clean).toBeGreaterThan(0.9);
    expect(soft).toBe(clean);
    expect(loud).toBeLessThan(0.7);
    expect(found.synthetic).toBe(true);
    expect(found.classesInTruth).toHaveLength(3);
  }
});

test("the same seed gives the same figures, whatever the number of threads", async () => {
  const ask = (threads: number) =>
    robustness(model, plan, plan.folds[0]!, "validation", { quiet: true, threads, noise: "pink", snrs: [0] });
  expect(await ask(2)).toEqual(await ask(1));
});

test("a clip that cannot be read is named without its path", async () => {
  const fold = plan.folds[0]!;
  const path = join(folder, "broken.wav");
  await writeFile(path, "text");
  const clips = plan.clips.map((clip) => (clip.id === fold.test[0] ? { ...clip, path } : clip));
  const found = await robustness(model, { ...plan, clips }, fold, "test", { ...options, snrs: [] });
  expect(found.broken.map(({ id }) => id)).toEqual([fold.test[0]]);
  expect(JSON.stringify(found)).not.toContain(folder);
  expect(found.levels[0]!.uar.n).toBe(fold.test.length - 1);
});

test("refuses what makes no sense", async () => {
  const fold = plan.folds[0]!;
  await expect(robustness(model, plan, fold, "test", { ...options, snrs: [Number.NaN] })).rejects.toThrow(
    "not a signal-to-noise ratio",
  );
  const empty = { ...fold, test: [] };
  await expect(robustness(model, plan, empty, "test", options)).rejects.toThrow("no test clips");
  await expect(robustness(join(folder, "none"), plan, fold, "test", options)).rejects.toThrow("card.json");
});

test("a damaged model, and one of other classes, are refused before anything is recorded or heard", async () => {
  const fold = plan.folds[0]!;
  const asked = { ...options, ledger: new Ledger(join(folder, "refused")) };
  const damaged = join(folder, "damaged");
  await cp(model, damaged, { recursive: true });
  const weights = join(damaged, "weights.bin");
  const bytes = await readFile(weights);
  bytes[40]! ^= 1;
  await writeFile(weights, bytes);
  await expect(robustness(damaged, plan, fold, "test", asked)).rejects.toThrow(/weights\.bin is damaged/);
  const other = { ...plan, classes: [...plan.classes].reverse() };
  await expect(robustness(model, other, fold, "test", asked)).rejects.toThrow(
    /the model knows anger, disgust, fear, and held-out@2 has fear, disgust, anger/,
  );
  expect(await asked.ledger.entries()).toEqual([]);
});

test("the figure has a line a kind of noise and says what it is of", async () => {
  const found = await robustness(model, plan, plan.folds[0]!, "test", { ...options, snrs: [10] });
  const { data, layout } = robustnessFigure([found, { ...found, noise: "pink" }], "own");
  expect(data.map(({ name }) => name)).toEqual(["white noise", "pink noise"]);
  expect(JSON.stringify(layout.title)).toContain("synthetic voices");
  expect(() => robustnessFigure([], "own")).toThrow(RangeError);
});

test("a reading of the test part is written down first, or does not take place", async () => {
  const fold = plan.folds[0]!;
  const asked = { ...options, snrs: [], ledger: ledger(), run: "own-linear" };
  await robustness(model, plan, fold, "validation", asked);
  expect(await ledger().entries()).toEqual([]);
  await robustness(model, plan, fold, "test", asked);
  const entries = await ledger().entries();
  expect(entries.map(({ run, protocol, clips }) => [run, protocol, clips])).toEqual([
    ["own-linear", "held-out@2", fold.test.length],
  ]);
  await writeFile(join(folder, "full"), "a file, not a folder");
  const full = new Ledger(join(folder, "full"));
  await expect(robustness(model, plan, fold, "test", { ...asked, ledger: full })).rejects.toThrow(
    "cannot write",
  );
});
