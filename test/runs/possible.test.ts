import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Clip } from "../../lib/corpora/clip.js";
import { encoderSettings, type FeatureSettings } from "../../lib/features/settings.js";
import { weightsDigest } from "../../lib/inference/model.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import type { Plan, Split } from "../../lib/protocols/types.js";
import { assertPossible } from "../../lib/runs/possible.js";
import type { RunSettings } from "../../lib/runs/record.js";
import { CURRICULUM } from "../../lib/training/curriculum.js";
import { saveExample } from "../inference/example.js";
import { SETTINGS } from "./examples.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-possible-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Clips that are nowhere: what is refused here is refused before any file is opened. */
const clips = Array.from({ length: 45 }, (_, i): Clip => {
  const emotion = (["anger", "sadness", "neutral"] as const)[i % 3]!;
  const id = `own/${i}`;
  return {
    id,
    corpus: "own",
    speaker: `s${i % 5}`,
    emotion,
    label: "",
    path: "nowhere.wav",
    synthetic: false,
  };
});
const plan = protocolNamed("held-out").plan(clips);

const TRAINING = { ...SETTINGS.training, model: "cnn-small" as const, frames: 100 };

function possible(
  changes: { training?: Partial<RunSettings["training"]>; features?: FeatureSettings; plan?: Partial<Plan> },
  fold: Partial<Split> = {},
  from?: string,
) {
  const own = { ...plan, ...changes.plan };
  const split = { ...own.folds[0]!, ...fold };
  const { features = SETTINGS.features } = changes;
  const training = { ...TRAINING, ...changes.training };
  const settings = { ...SETTINGS, protocol: own.protocol, fold: split.name, features, training };
  return assertPossible({ plan: own, fold: split, settings }, from);
}

test("a run that can be done passes, though its files are not looked for", async () => {
  expect(await possible({})).toBeUndefined();
});

test("a part without clips, with a leaky protocol too", async () => {
  for (const leaky of [false, true])
    for (const part of ["train", "validation", "test"])
      await expect(possible({ plan: { leaky } }, { [part]: [] })).rejects.toThrow(
        `held-out@2, fold 1: there are no clips for its ${part} part`,
      );
});

test("a split that leaks, unless it is declared so", async () => {
  const [fold] = plan.folds as [Split];
  const leak = { train: fold.train.slice(1), test: [...fold.test, fold.train[0]!] };
  await expect(possible({}, leak)).rejects.toThrow(/audit found leakage[\s\S]*test apart by speaker/);
  expect(await possible({ plan: { leaky: true } }, leak)).toBeUndefined();
  const copied = plan.clips.map((clip) =>
    clip.id === fold.test[0] ? { ...clip, parent: fold.train[0]! } : clip,
  );
  await expect(possible({ plan: { clips: copied } })).rejects.toThrow(
    /no copy and its original on two sides/,
  );
});

test("settings that the clips or the features do not allow", async () => {
  await expect(possible({ training: { softLabels: true } })).rejects.toThrow(
    /no training clip has several raters/,
  );
  await expect(possible({ training: { curriculum: CURRICULUM, balance: "none" } })).rejects.toThrow(
    /a curriculum moves from other corpora/,
  );
  await expect(possible({ training: { model: "weighted-layers" } })).rejects.toThrow(
    /all layers of an encoder/,
  );
  await expect(possible({ training: { epochs: 0 } })).rejects.toThrow(/epochs/);
});

test("an encoder, a table or initial weights that are not there", async () => {
  const digest = "a".repeat(64);
  const outline = { digest, width: 4, blocks: 2, family: "whisper" as const };
  const encoder = encoderSettings(outline, { layer: 1, pooling: "statistics" });
  const linear = { model: "linear" as const };
  await expect(possible({ training: linear, features: encoder })).rejects.toThrow(/ser encoder (get|add)/);
  const table: FeatureSettings = { kind: "table", name: "egemaps.csv", columns: 3, digest };
  await expect(possible({ training: linear, features: table })).rejects.toThrow(
    /the table egemaps.csv .*not known/,
  );
  await expect(possible({ training: { from: digest } })).rejects.toThrow(
    /no model here has the weights aaaaaaaaaaaa/,
  );
});

test("initial weights of another shape, and those that heard the test clips", async () => {
  const place = join(folder, "model");
  const card = await saveExample(place);
  const from = await weightsDigest(place);
  const { features } = card;
  await expect(possible({ features, training: { from, frames: 50 } }, {}, place)).rejects.toThrow(
    /differs from this run's settings in number of frames/,
  );
  await expect(possible({ features, training: { from } }, {}, place)).rejects.toThrow(
    /the weights it began with heard neither test nor validation/,
  );
  await saveExample(place, { corpora: ["other"] });
  expect((await possible({ features, training: { from } }, {}, place))?.sha256).toBe(from);
});
