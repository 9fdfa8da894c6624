import { random } from "../../lib/base/random.js";
import { classificationReport } from "../../lib/evaluation/classification-report.js";
import { parseGrid } from "../../lib/experiments/grid.js";
import type { RecordedExperiment } from "../../lib/experiments/known.js";
import { RUN_FEATURES } from "../../lib/features/presets.js";
import type { ModelName } from "../../lib/models/names.js";
import type { PredictedClip, RunRecord, RunSettings, StoredRun } from "../../lib/runs/record.js";
import { TRAINING } from "../../lib/training/settings.js";

/** What a made-up experiment is like. */
export interface Made {
  protocols: {
    /** `name@version`. */
    protocol: string;
    corpus: string;
    classes: readonly string[];
    speakers: number;
    folds: number;
    leaky?: boolean;
    /** Default: speaker. */
    apart?: readonly string[];
    /** Is added to the networks' chances to be right. */
    bonus?: number;
  }[];
  /** Each network with the chance that it is right. */
  models: { [Model in ModelName]?: number };
  seeds: number[];
  score?: "validation" | "test";
  synthetic?: boolean;
}

const SEX = ["female", "male"] as const;

/**
 * An experiment with made-up predictions, whose shares of right answers are known: for tests of what is made from
 * stored runs. Seeded.
 */
export function madeExperiment(made: Made): RecordedExperiment {
  const score = made.score ?? "test";
  const runs = made.protocols.flatMap((protocol) =>
    Object.entries(made.models).flatMap(([model, skill]) =>
      made.seeds.flatMap((seed) =>
        Array.from({ length: protocol.folds }, (_, fold) =>
          madeRun(made, protocol, model as ModelName, skill ?? 0, seed, fold, score),
        ),
      ),
    ),
  );
  runs.sort((a, b) => (a.record.name < b.record.name ? -1 : 1));
  const names = made.protocols.map(({ protocol }) => protocol.replace(/@.*/, ""));
  const grid = parseGrid({
    name: "made-up",
    description: "Predictions drawn at random.",
    score,
    runs: [{ protocols: ["held-out"], models: Object.keys(made.models), seeds: made.seeds }],
  });
  return {
    name: "made-up",
    // The protocols may be made up, too.
    grid: { ...grid, runs: grid.runs.map((block) => ({ ...block, protocols: names })) },
    planned: runs.map(({ record }) => record.name),
    runs,
    failures: [],
    readings: {
      entries: [],
      before: score === "test" ? [{ readings: runs.length, shown: true, note: "made up" }] : [],
    },
  };
}

function madeRun(
  made: Made,
  protocol: Made["protocols"][number],
  model: ModelName,
  skill: number,
  seed: number,
  fold: number,
  score: "validation" | "test",
): StoredRun {
  const settings: RunSettings = {
    protocol: protocol.protocol,
    fold: String(fold + 1),
    features: RUN_FEATURES.logmel,
    training: { ...TRAINING, model, seed },
    target: "intended",
    score,
  };
  const classes = [...protocol.classes];
  const name = `${protocol.protocol}-${fold + 1}-${model}-${seed}`.replace(/[^\w.-]+/g, "-");
  const parts = score === "test" ? (["validation", "test"] as const) : (["validation"] as const);
  const predictions = parts.flatMap((part) => madeClips(protocol, fold, part, skill, `${name}/${part}`));
  const temperature = 1.3;
  const evaluated = (part: "validation" | "test") => {
    const own = predictions.filter((clip) => clip.part === part);
    const probabilities = Float32Array.from(own.flatMap((clip) => clip.probabilities));
    return classificationReport(
      probabilities,
      own.map(({ truth }) => truth),
      classes,
      { temperature },
    );
  };
  const size = predictions.length / parts.length;
  const record: RunRecord = {
    schema: 3,
    name,
    settings,
    synthetic: made.synthetic ?? false,
    leaky: protocol.leaky ?? false,
    transductive: false,
    corpora: [protocol.corpus],
    classes,
    clips: "0123",
    split: {
      name: protocol.protocol,
      fold: settings.fold,
      description: `fold ${settings.fold} of made-up clips`,
      apart: protocol.apart ?? ["speaker"],
      validationApart: ["speaker"],
      train: 3 * size,
      validation: size,
      test: size,
    },
    audit: protocol.leaky
      ? {
          passed: false,
          leaky: true,
          checks: [{ name: "test speakers", passed: false, detail: "on two sides", clips: ["a/1"] }],
        }
      : { passed: true, leaky: false, checks: [{ name: "test speakers", passed: true, detail: "apart" }] },
    engine: "native (2 threads, avx2)",
    environment: { node: "v20.19.0", platform: "linux x64", cpu: "a processor", cores: 2 },
    parameters: 10_000 + model.length,
    bestEpoch: 6,
    history: Array.from({ length: 9 }, (_, i) => ({
      epoch: i + 1,
      trainLoss: 0.4 + 1.5 * Math.exp(-i / 4),
      validationLoss: 0.9 + Math.exp(-i / 3) + 0.02 * fold,
      validationUar: skill - 0.3 * Math.exp(-i / 3) - 0.01 * fold,
      learningRate: 0.001,
      seconds: 1,
    })),
    temperature,
    threshold: 0.4,
    validation: evaluated("validation"),
    ...(score === "test" && { test: evaluated("test") }),
    majorityAccuracy: 1 / classes.length,
    broken: [],
    seconds: { features: 1, training: 9 },
  };
  return { record, predictions };
}

/** Four clips of each class by each speaker of the fold; validation has the speakers of the next one. */
function madeClips(
  { corpus, classes, speakers, folds, leaky, bonus = 0 }: Made["protocols"][number],
  fold: number,
  part: "validation" | "test",
  skill: number,
  seed: string,
): PredictedClip[] {
  const rng = random(seed);
  const at = part === "test" ? fold : (fold + 1) % folds;
  const own = Array.from({ length: speakers }, (_, s) => s).filter((s) => s % folds === at);
  return own.flatMap((s) => {
    const number = corpus === "cremad" ? 1048 + s : s + 1;
    const speaker = `${corpus}/${String(number).padStart(2, "0")}`;
    // Speakers differ in how well they are recognised.
    const ease = skill + 0.15 * Math.sin(12.9898 * (s + 1)) + (leaky ? 0.15 : 0) + bonus;
    return classes.flatMap((_, truth) =>
      Array.from({ length: 4 }, (_, take): PredictedClip => {
        const predicted = rng.uniform() < ease ? truth : rng.int(classes.length);
        const sure = rng.uniform(0.4, 0.95);
        return {
          id: `${speaker}-${truth}-${take}`,
          part,
          corpus,
          speaker,
          sex: SEX[s % 2]!,
          sentence: take < 2 ? "Kids are talking by the door." : "Dogs are sitting by the door.",
          intensity: take % 2 === 0 ? "normal" : "strong",
          truth,
          predicted,
          probabilities: classes.map((_, c) => (c === predicted ? sure : (1 - sure) / (classes.length - 1))),
        };
      }),
    );
  });
}

export const SEVEN = ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"];
export const SIX = ["anger", "disgust", "fear", "happiness", "sadness", "neutral"];

/** One of everything that a report has: folds, few speakers, listeners, leakage, a matrix. */
export function wholeExperiment(): RecordedExperiment {
  return madeExperiment({
    protocols: [
      { protocol: "ravdess/7@1", corpus: "ravdess", classes: SEVEN, speakers: 24, folds: 6 },
      {
        protocol: "random/ravdess@1",
        corpus: "ravdess",
        classes: SEVEN,
        speakers: 24,
        folds: 6,
        leaky: true,
      },
      { protocol: "savee/loso@1", corpus: "savee", classes: SEVEN, speakers: 4, folds: 4 },
      { protocol: "cremad/audeering@1", corpus: "cremad", classes: SIX, speakers: 17, folds: 1 },
      { protocol: "cross-corpus/ravdess-savee@1", corpus: "savee", classes: SEVEN, speakers: 4, folds: 1 },
      { protocol: "cross-corpus/savee-ravdess@1", corpus: "ravdess", classes: SEVEN, speakers: 24, folds: 1 },
      {
        protocol: "cross-corpus/others-ravdess@1",
        corpus: "ravdess",
        classes: SEVEN,
        speakers: 24,
        folds: 1,
      },
      {
        protocol: "cross-corpus/ravdess-cremad@1",
        corpus: "cremad",
        classes: SIX,
        speakers: 91 - 48,
        folds: 1,
      },
    ],
    models: { cnn: 0.5, lstm: 0.4, majority: 0.1 },
    seeds: [1, 2],
  });
}
