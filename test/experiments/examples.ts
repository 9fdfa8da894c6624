import { metrics } from "../../lib/evaluation/metrics.js";
import { RUN_SCHEMA, type RunRecord } from "../../lib/experiments/record.js";
import { RUN_FEATURES } from "../../lib/experiments/settings.js";
import { type PartResult, TRAINING } from "../../lib/training/train.js";

const CLASSES = ["anger", "neutral"];

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

/** The record of a small run. */
export function recordExample(): RunRecord {
  const figures = partExample().metrics;
  return {
    schema: RUN_SCHEMA,
    name: "own-cnn-0123456789ab",
    settings: { features: RUN_FEATURES.mfcc, training: TRAINING },
    synthetic: false,
    corpora: ["own"],
    classes: CLASSES,
    clips: "0123",
    split: { name: "held-out speakers", description: "own: test s1", train: 5, validation: 3, test: 3 },
    engine: "tfjs",
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
    validation: figures,
    test: figures,
    testByCorpus: { own: figures },
    majorityAccuracy: 1 / 3,
    broken: [],
    seconds: { features: 1, training: 2 },
  };
}
