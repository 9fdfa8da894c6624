import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Matrix, zeros } from "../../lib/base/matrix.js";
import { random } from "../../lib/base/random.js";
import type { Clip, Emotion } from "../../lib/corpora/clip.js";
import type { FeatureSet } from "../../lib/features/corpus.js";
import { featureSettings } from "../../lib/features/settings.js";
import { Ledger } from "../../lib/protocols/ledger.js";
import { predictPart } from "../../lib/protocols/part.js";
import type { Plan, Split } from "../../lib/protocols/types.js";
import type { PartResult, Trained } from "../../lib/training/train.js";
import { SMALL_TRAINING, type TrainingSettings } from "../../lib/training/train.js";

export const CLASSES: Emotion[] = ["anger", "sadness", "neutral"];

/** A tiny training on {@link speech}. */
export const SETTINGS: TrainingSettings = { ...SMALL_TRAINING, frames: 24, epochs: 8, batchSize: 16 };

/** Clips of ten speakers whose second column says the emotion, and whose first says the speaker. */
export function speech(clips = 240, shift = 1.5): FeatureSet {
  const rng = random(11);
  const matrices: Matrix[] = [];
  const list: Clip[] = [];
  for (let i = 0; i < clips; i++) {
    const emotion = CLASSES[i % 3]!;
    const speaker = `s${Math.floor(i / 3) % 10}`;
    list.push({
      id: `own/${i}`,
      corpus: "own",
      speaker,
      emotion,
      label: emotion,
      path: "",
      synthetic: false,
    });
    const matrix = zeros(20 + rng.int(10), 3);
    for (let t = 0; t < matrix.rows; t++) {
      matrix.data[3 * t] = rng.normal() + Number(speaker.slice(1));
      matrix.data[3 * t + 1] = rng.normal() + shift * (i % 3);
      matrix.data[3 * t + 2] = 5;
    }
    matrices.push(matrix);
  }
  const settings = featureSettings({ kind: "mfcc", nMels: 3, nMfcc: 3 });
  return { settings, clips: list, matrix: (i) => matrices[i]!, broken: [] };
}

/** The predictions of a trained network on the test part of its split; the reading is written into a folder that is removed. */
export async function testOf(trained: Trained, features: FeatureSet, fold: Split): Promise<PartResult> {
  const { clips } = features;
  const plan: Plan = {
    ...{ protocol: "held-out@2", leaky: false, description: "", apart: [], validationApart: [] },
    ...{ clips, classes: CLASSES, folds: [fold] },
  };
  const folder = await mkdtemp(join(tmpdir(), "ser-readings-"));
  try {
    return await predictPart({ plan, fold, part: "test", ledger: new Ledger(folder) }, trained.predict);
  } finally {
    await rm(folder, { recursive: true });
  }
}
