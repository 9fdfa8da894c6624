import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeWav } from "../../lib/audio/write.js";
import { random } from "../../lib/base/random.js";
import type { Clip } from "../../lib/corpora/clip.js";
import { SYNTHETIC_MARKER } from "../../lib/corpora/corpus.js";
import { classificationReport } from "../../lib/evaluation/classification-report.js";
import { metrics } from "../../lib/evaluation/metrics.js";
import { RUN_FEATURES } from "../../lib/features/presets.js";
import { type PredictedClip, RUN_SCHEMA, type RunRecord, type RunSettings } from "../../lib/runs/record.js";
import { type PartResult, TRAINING } from "../../lib/training/train.js";

const CLASSES = ["anger", "neutral"];

export const SETTINGS: RunSettings = {
  protocol: "held-out@1",
  fold: "1",
  features: RUN_FEATURES.mfcc,
  training: TRAINING,
  target: "intended",
  score: "test",
};

/** Three clips of two classes, one of them mistaken. */
export function partExample(): PartResult {
  return {
    ids: ["own/1", "own/2", "own/3"],
    truth: [0, 0, 1],
    predicted: [0, 1, 1],
    probabilities: Float32Array.of(0.75, 0.25, 0.25, 0.75, 0.125, 0.875),
    metrics: metrics(
      [
        [1, 1],
        [0, 1],
      ],
      CLASSES,
    ),
  };
}

/** The clips of {@link partExample}. */
export function clipsExample(): Clip[] {
  return partExample().ids.map((id, i) => ({
    id,
    corpus: "own",
    speaker: `s${i}`,
    emotion: i < 2 ? "anger" : "neutral",
    label: "",
    path: "",
    synthetic: false,
    ...(i === 0 ? { sex: "female", sentence: 'Say, "dog"', intensity: "strong" } : {}),
  }));
}

/** What is read of the predictions of {@link recordExample}. */
export function predictionsExample(): PredictedClip[] {
  const { ids, truth, predicted, probabilities } = partExample();
  return (["validation", "test"] as const).flatMap((part) =>
    ids.map((id, i) => ({
      ...{ id, part, corpus: "own", speaker: `own/s${i}`, sex: "", sentence: "", intensity: "" },
      ...{ truth: truth[i]!, predicted: predicted[i]! },
      probabilities: [...probabilities.subarray(2 * i, 2 * i + 2)],
    })),
  );
}

/** The record of a small run. */
export function recordExample(): RunRecord {
  const { probabilities, truth, metrics: figures } = partExample();
  const evaluation = classificationReport(probabilities, truth, CLASSES, { temperature: 1.5 });
  return {
    schema: RUN_SCHEMA,
    name: "own-cnn-0123456789ab",
    settings: SETTINGS,
    synthetic: false,
    leaky: false,
    transductive: false,
    corpora: ["own"],
    classes: CLASSES,
    clips: "0123",
    split: {
      ...{ name: "held-out@1", fold: "1", description: "own: test s1" },
      ...{ apart: ["speaker"], validationApart: ["speaker"] },
      ...{ train: 5, validation: 3, test: 3 },
    },
    audit: { passed: true, leaky: false, checks: [{ name: "one", passed: true, detail: "fine" }] },
    engine: "tfjs",
    environment: { node: "v20.0.0", platform: "linux-x64", cpu: "some", cores: 2 },
    parameters: 12,
    bestEpoch: 1,
    history: [
      {
        epoch: 1,
        trainLoss: 0.7,
        validationLoss: 0.6,
        validationUar: 0.75,
        learningRate: 0.001,
        seconds: 0.5,
      },
    ],
    temperature: 1.5,
    threshold: 0.6,
    validation: evaluation,
    test: evaluation,
    testByCorpus: { own: figures },
    majorityAccuracy: 1 / 3,
    broken: [],
    seconds: { features: 1, training: 2 },
  };
}

/** Writes a tiny corpus under SAVEE's names, marked synthetic: 84 tones of a quarter of a second, pitched by emotion. */
export async function toneCorpus(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, SYNTHETIC_MARKER), "tones\n");
  const rng = random("tones");
  for (const [s, speaker] of ["DC", "JE", "JK", "KL"].entries()) {
    for (const [e, code] of ["a", "d", "f", "h", "sa", "su", "n"].entries()) {
      for (const number of ["01", "02", "03"]) {
        const pitch = (150 + 250 * e) * (1 + 0.04 * s) * rng.uniform(0.95, 1.05);
        const tone = Float32Array.from(
          { length: 4000 },
          (_, n) => 0.4 * Math.sin((2 * Math.PI * pitch * n) / 16_000) + 0.01 * rng.normal(),
        );
        await writeWav(join(folder, `${speaker}_${code}${number}.wav`), tone, 16_000);
      }
    }
  }
}
