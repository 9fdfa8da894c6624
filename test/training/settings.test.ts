import { expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import { problemsBy } from "../../lib/base/schema.js";
import { encoderSettings, type FeatureSettings, featureSettings } from "../../lib/features/settings.js";
import { CURRICULUM } from "../../lib/training/curriculum.js";
import {
  checkTraining,
  inputRules,
  plainTraining,
  SMALL_TRAINING,
  TRAINING,
  type TrainingSettings,
} from "../../lib/training/settings.js";

test("all that is wrong is named at once, also keys that there are not", () => {
  const wrong = { ...TRAINING, epochs: 0, mixup: -1, optimizer: { name: "adam", beta: 1 }, learningrate: 1 };
  expect(() => checkTraining(wrong as TrainingSettings)).toThrow(
    [
      "4 problems:",
      "epochs is 0: it takes a whole number from 1 to 1000000 epochs",
      'optimizer.beta is unknown: there are name, beta1, beta2, epsilon, weightDecay, clipNorm; did you mean "beta1"?',
      "mixup is -1: it takes a number from 0 to 1000",
      "learningrate is unknown",
    ].join("\n  "),
  );
});

test("a size that is the network's own is left out, key by key", () => {
  const plain = (size: TrainingSettings["size"], model: TrainingSettings["model"] = "cnn") =>
    plainTraining({ ...TRAINING, model, size }).size;
  expect(plainTraining({ ...TRAINING, size: { filters: [32, 64, 128, 128] } })).toEqual(TRAINING);
  expect(Object.keys(plainTraining({ ...TRAINING, size: {} }))).not.toContain("size");
  expect(plain({ filters: [32, 64, 128, 128], units: 64 })).toEqual({ units: 64 });
  expect(plain({ filters: [32, 64, 128], dropout: 0.2, units: undefined })).toEqual({
    filters: [32, 64, 128],
  });
  expect(plain({ units: 128, layers: 2, dropout: 0.3 }, "lstm")).toBeUndefined();
  expect(plain({ layers: 2 }, "clstm")).toEqual({ layers: 2 });
});

test("trained weights to begin with are named by their digest, and for a network alone", () => {
  const from = "0123456789abcdef".repeat(4);
  checkTraining({ ...TRAINING, from });
  expect(Object.keys(plainTraining(TRAINING))).not.toContain("from");
  for (const wrong of ["results/model", from.slice(1), from.toUpperCase()])
    expect(() => checkTraining({ ...TRAINING, from: wrong })).toThrow("it takes 64 hexadecimal digits");
  expect(() => checkTraining({ ...TRAINING, model: "linear", from })).toThrow(
    "from: only a network can begin with trained weights, and linear is none",
  );
});

test("what is shipped passes", () => {
  checkTraining(TRAINING);
  checkTraining(SMALL_TRAINING);
});

test.each([
  [{ learningRate: 0 }, "learningRate is 0"],
  [{ learningRate: Number.NaN }, "learningRate is NaN"],
  [{ labelSmoothing: 1 }, "labelSmoothing is 1"],
  [{ mixup: -1 }, "mixup is -1"],
  [{ model: "mlp" as "cnn" }, 'model is "mlp": it takes majority, linear, svm, cnn'],
  [{ schedule: { name: "step" as "cosine" } }, 'schedule.name is "step": it takes constant'],
  [{ schedule: { name: "plateau" as const, patience: 0 } }, "schedule.patience is 0"],
  [{ optimizer: { name: "sgd" as "adam" } }, 'optimizer.name is "sgd": it takes adam, adamw'],
  [{ size: { layers: 2 } }, "size.layers: cnn has no layers: it takes filters, units, dropout"],
  [{ size: { filters: [] } }, "size.filters is []: it takes a list of at least one"],
  [{ model: "linear" as const, size: { units: 3 } }, "size.units: linear has no units: it takes no size"],
  [{ refit: true, schedule: { name: "plateau" as const } }, "no validation part left"],
  [{ model: "linear" as const, softLabels: true }, "the linear model takes one class a clip"],
  [{ epochs: 2.5 }, "epochs is 2.5: it takes a whole number"],
  [{ batchSize: "32" as unknown as number }, 'batchSize is "32": it takes a whole number from 1 to 100000'],
  [{ model: "linear" as const, normalisation: "clip" as const }, "the linear model takes global"],
  [{ augmentation: { vocalTract: 2 } }, "vocalTract is 2"],
  [{ curriculum: { places: 0, share: 0.5, until: 1 } }, "curriculum.places is 0"],
  [{ curriculum: CURRICULUM, balance: "sampling" as const }, 'balance is "sampling"'],
  [{ curriculum: CURRICULUM, model: "linear" as const }, "the linear model has no epochs"],
])("what makes no sense is named: %o", (partial, message) => {
  const check = () => checkTraining({ ...TRAINING, ...partial });
  expect(check).toThrow(UsageError);
  expect(check).toThrow(message);
});

const ENCODER = { digest: "a".repeat(64), width: 8, blocks: 2, family: "whisper" as const };

test.each([
  ["linear", {}, undefined],
  ["svm", {}, undefined],
  ["lstm", {}, "model: lstm goes over frames, and an encoder's statistics have none"],
  ["lstm", { pooling: "frames" }, undefined],
  ["linear", { pooling: "frames" }, undefined],
  ["linear", { layer: "all" }, "model: linear takes one layer of an encoder"],
  ["weighted-layers", {}, "model: weighted-layers adds up all layers of an encoder"],
  ["weighted-layers", { layer: "all" }, undefined],
] satisfies [TrainingSettings["model"], Parameters<typeof encoderSettings>[1], string | undefined][])(
  "%s over %o of an encoder",
  (model, partial, problem) => {
    const features = encoderSettings(ENCODER, partial);
    const found = problemsBy((say) => inputRules(features, { ...TRAINING, model }, say));
    expect(found).toEqual(problem === undefined ? [] : [expect.stringContaining(problem)]);
  },
);

test("an encoder hears no augmented clip, and its frames can be masked", () => {
  const frames = encoderSettings(ENCODER, { pooling: "frames" });
  const problems = (augmentation: TrainingSettings["augmentation"], features: FeatureSettings = frames) =>
    problemsBy((say) => inputRules(features, { ...TRAINING, augmentation }, say, true));
  expect(problems({ timeMasks: 2, shift: 3 })).toEqual([]);
  expect(problems({ vocalTract: 0.1 })).toEqual([expect.stringContaining("take only masks and shift")]);
  expect(problems({ noise: [10, 20] })).toEqual([expect.stringContaining("take only masks and shift")]);
  expect(problems({ timeMasks: 2 }, encoderSettings(ENCODER))).toEqual([
    expect.stringContaining("the statistics of an encoder have no frames to change"),
  ]);
  expect(problems({ vocalTract: 0.1 }, featureSettings({ kind: "mfcc" }))).toEqual([
    expect.stringContaining("warp moves mel bands"),
  ]);
});

test("a table has a row a clip, for models without time and without augmentation", () => {
  const table = { kind: "table", name: "x.csv", columns: 3, digest: "0".repeat(64) } as const;
  const problems = (model: TrainingSettings["model"], augmentation: TrainingSettings["augmentation"] = {}) =>
    problemsBy((say) => inputRules(table, { ...TRAINING, model, augmentation }, say));
  for (const model of ["majority", "linear", "svm"] as const) expect(problems(model)).toEqual([]);
  expect(problems("lstm")).toEqual([
    "model: lstm goes over frames, and a table has one row a clip: take linear or svm",
  ]);
  expect(problems("linear", { gain: 3 })).toEqual([
    "augmentation: a table's columns have no sound or frames to change: leave it out",
  ]);
});
