import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { evaluate } from "../../lib/analysis/evaluate.js";
import { Evaluation } from "../../lib/analysis/evaluation.js";
import { writeWav } from "../../lib/audio/write.js";
import { random } from "../../lib/base/random.js";
import { type Clip, EMOTIONS } from "../../lib/corpora/clip.js";
import { RUN_FEATURES } from "../../lib/features/presets.js";
import { Ledger } from "../../lib/protocols/ledger.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import type { Plan } from "../../lib/protocols/types.js";
import { readRun } from "../../lib/runs/record.js";
import { run } from "../../lib/runs/run.js";
import { TRAINING } from "../../lib/training/settings.js";
import { ownClip } from "../protocols/published.js";

let folder: string;
let plan: Plan;
let done: { folder: string };
let ledger: Ledger;
const clips: Clip[] = [];

/** Tones of three heights by five speakers, of which noise hides some. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-evaluate-"));
  vi.stubEnv("SER_CACHE", join(folder, "cache"));
  ledger = new Ledger(join(folder, "readings"));
  const rng = random("evaluate");
  for (let i = 0; i < 60; i++) {
    const pitch = [150, 250, 400][i % 3]! * rng.uniform(0.7, 1.4);
    const samples = Float32Array.from(
      { length: 8000 },
      (_, n) => 0.3 * Math.sin((2 * Math.PI * pitch * n) / 16_000) + 0.05 * rng.normal(),
    );
    const path = join(folder, `${i}.wav`);
    await writeWav(path, samples, 16_000);
    clips.push(ownClip(String(i), `s${i % 5}`, { path, emotion: EMOTIONS[i % 3]! }));
  }
  plan = protocolNamed("grouped/own?folds=5").plan(clips);
  done = await run(
    plan,
    plan.folds[0]!,
    {
      ...{ features: RUN_FEATURES.mfcc, training: { ...TRAINING, model: "linear" as const } },
      ...{ target: "intended", score: "test" },
    },
    {
      folder: (name) => join(folder, name),
      quiet: true,
      pictures: false,
      ledger: new Ledger(join(folder, "run")),
    },
  );
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const model = () => join(done.folder, "model");
const options = () => ({ quiet: true, ledger, resamples: 99 });
const tested = () => clips.filter(({ id }) => plan.folds[0]!.test.includes(id));

test("the test clips of its own fold, with all others there: the figures that the run recorded, and a reading", async () => {
  const recorded = Evaluation.of([(await readRun(done.folder))!], "test", { resamples: 99 });
  const all = await evaluate(model(), clips, { ...options(), evenTraining: true });
  expect(all.facts.heard).toMatchObject({
    trained: { length: 36 },
    validated: { length: 12 },
    tested: { length: 12 },
  });
  const own = all.run.predictions.filter(({ id }) => plan.folds[0]!.test.includes(id));
  const same = Evaluation.of([{ ...all.run, predictions: own }], "test", { resamples: 99 });
  expect(same.uar.value).toBe(recorded.uar.value);
  expect(same.confusion).toEqual(recorded.confusion);
  const entries = await ledger.entries();
  expect(entries.map(({ protocol, fold, clips: count }) => [protocol, fold, count])).toEqual([
    [plan.protocol, "1", 12],
  ]);
});

test("clips that it was trained on are refused by name", async () => {
  await expect(evaluate(model(), clips, options())).rejects.toThrow(
    /36 of the clips are among those that the model own-\S*|36 of the clips/,
  );
});

test("labels that it does not know are left out, those that are absent are told, calm counts as neutral", async () => {
  const others = tested().map((clip, i) => ({
    ...clip,
    id: `other/${i}`,
    corpus: "other",
    emotion: i === 0 ? "boredom" : clip.emotion === "fear" ? "anger" : clip.emotion,
  }));
  const evaluation = await evaluate(model(), others, options());
  const { facts } = evaluation;
  expect(facts).toMatchObject({ unknown: { boredom: 1 }, absent: ["fear"], calm: 0, broken: [] });
  expect(facts.heard).toEqual({ trained: [], validated: [], tested: [] });
  // Some of the very corpus: which of them it heard cannot be told.
  const some = tested().map((clip, i) => ({ ...clip, id: `own/more-${i}` }));
  expect((await evaluate(model(), some, options())).facts.heard).toBeUndefined();
  expect(evaluation.n).toBe(11);
  expect(evaluation.classesInTruth).toEqual(["anger", "disgust"]);
  const strange = others.map((clip) => ({ ...clip, emotion: "boredom" }));
  await expect(evaluate(model(), strange, options())).rejects.toThrow(
    /knows anger, disgust, fear, and the clips have boredom/,
  );
});

test("a clip that cannot be read is left out and told; a signal stops it", async () => {
  const broken = {
    ...ownClip("none", "s9"),
    path: join(folder, "none.wav"),
    corpus: "other",
    id: "other/none",
  };
  const some = tested().map((clip) => ({ ...clip, id: clip.id.replace("own", "other"), corpus: "other" }));
  const { facts } = await evaluate(model(), [...some, broken], options());
  expect(facts.broken).toMatchObject([{ id: "other/none", error: expect.not.stringContaining(folder) }]);
  const stopped = evaluate(model(), some, { ...options(), signal: AbortSignal.abort() });
  await expect(stopped).rejects.toThrow(/stopped/);
});
