import { expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import { CURRICULUM } from "../../lib/training/curriculum.js";
import { checkTraining, SMALL_TRAINING, TRAINING } from "../../lib/training/settings.js";

test("what is shipped passes", () => {
  checkTraining(TRAINING);
  checkTraining(SMALL_TRAINING);
});

test.each([
  [{ learningRate: 0 }, "learningRate is 0"],
  [{ learningRate: Number.NaN }, "learningRate is NaN"],
  [{ labelSmoothing: 1 }, "labelSmoothing is 1"],
  [{ mixup: -1 }, "mixup is -1"],
  [{ model: "mlp" as "cnn" }, "model is mlp: it takes majority, linear, cnn"],
  [{ schedule: { name: "step" as "cosine" } }, "schedule is step"],
  [{ schedule: { name: "plateau" as const, patience: 0 } }, "schedule.patience is 0"],
  [{ optimizer: { name: "sgd" as "adam" } }, "optimizer is sgd: it takes adam, adamw"],
  [{ epochs: 2.5 }, "epochs is 2.5: it takes a whole number"],
  [{ batchSize: "32" as unknown as number }, 'batchSize is "32": it takes 1 to'],
  [{ model: "linear" as const, normalisation: "clip" as const }, "the linear model takes global"],
  [{ augmentation: { vocalTract: 2 } }, "vocalTract is 2"],
  [{ curriculum: { places: 0, share: 0.5, until: 1 } }, "curriculum.places is 0"],
  [{ curriculum: CURRICULUM, balance: "sampling" as const }, "balance is sampling"],
  [{ curriculum: CURRICULUM, model: "linear" as const }, "the linear model has no epochs"],
])("what makes no sense is named: %o", (partial, message) => {
  const check = () => checkTraining({ ...TRAINING, ...partial });
  expect(check).toThrow(UsageError);
  expect(check).toThrow(message);
});
