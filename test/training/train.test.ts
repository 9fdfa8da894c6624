import { expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import { setDigest } from "../../lib/base/hash.js";
import { featureSettings } from "../../lib/features/settings.js";
import { fitLogistic } from "../../lib/models/linear.js";
import { models } from "../../lib/models/models.js";
import { heldOutSpeakers } from "../../lib/protocols/split.js";
import { joined, partsOf, plainInputs } from "../../lib/training/inputs.js";
import { type Trained, type TrainingSettings, trainFold } from "../../lib/training/train.js";
import { CLASSES, SETTINGS, speech, testOf } from "./speech.js";

const quiet = { quiet: true, engine: "tfjs" } as const;

test("learns what can be learnt, and reports on clips of unheard speakers", async () => {
  const features = speech();
  const split = heldOutSpeakers(features.clips);
  const trained = await trainFold(features, split, CLASSES, SETTINGS, quiet);
  const { history, bestEpoch, validation } = trained;
  const held = await testOf(trained, features, split);
  expect(held.ids).toEqual(split.test);
  expect(held.metrics.uar).toBeGreaterThan(0.8);
  expect(history[0]!.validationLoss).toBeGreaterThan(0);
  const best = history.find((log) => log.epoch === bestEpoch)!;
  expect(best.validationUar).toBe(Math.max(...history.map((log) => log.validationUar)));
  expect(validation.metrics.uar).toBe(best.validationUar);
});

test("without a signal it stays at chance: nothing leaks from the labels", async () => {
  const features = speech(300, 0);
  const split = heldOutSpeakers(features.clips);
  const trained = await trainFold(features, split, CLASSES, { ...SETTINGS, epochs: 4 }, quiet);
  const held = await testOf(trained, features, split);
  expect(held.metrics.uar).toBeLessThan(0.52);
});

test("the normalisation is fitted on the training part alone", async () => {
  const features = speech(90);
  const split = heldOutSpeakers(features.clips);
  const settings = { ...SETTINGS, epochs: 1 };
  const first = await trainFold(features, split, CLASSES, settings, quiet);
  const held = new Set([...split.validation, ...split.test]);
  features.clips.forEach((clip, i) => {
    if (held.has(clip.id)) features.matrix(i).data.fill(1000);
  });
  const second = await trainFold(features, split, CLASSES, settings, quiet);
  expect(second.input.normaliser).toEqual(first.input.normaliser);
  expect(second.history[0]!.trainLoss).toBe(first.history[0]!.trainLoss);
});

const EVERYTHING: Partial<TrainingSettings> = {
  augmentation: {
    timeMasks: 2,
    timeMaskWidth: 6,
    bandMasks: 1,
    bandMaskWidth: 1,
    shift: 4,
    gain: 3,
  },
  mixup: 0.3,
  labelSmoothing: 0.1,
  balance: "sampling",
  schedule: { name: "one-cycle" },
  optimizer: { name: "adamw", weightDecay: 0.01, clipNorm: 1 },
};

test.each([{}, EVERYTHING])("the same seed repeats a training to the bit: %o", async (partial) => {
  const features = speech(90);
  const split = heldOutSpeakers(features.clips);
  const settings = { ...SETTINGS, epochs: 2, ...partial };
  const first = await trainFold(features, split, CLASSES, settings, quiet);
  const second = await trainFold(features, split, CLASSES, settings, quiet);
  expect((await testOf(second, features, split)).probabilities).toEqual(
    (await testOf(first, features, split)).probabilities,
  );
  const other = await trainFold(features, split, CLASSES, { ...settings, seed: 2 }, quiet);
  expect((await testOf(other, features, split)).probabilities).not.toEqual(
    (await testOf(first, features, split)).probabilities,
  );
});

test("validation and test clips are never augmented, mixed or smoothed", async () => {
  const features = speech(90);
  const split = heldOutSpeakers(features.clips);
  // With nothing learnt, what the parts give depends on their own clips alone.
  const still = { ...SETTINGS, epochs: 1, learningRate: 1e-30 };
  const plain = await trainFold(features, split, CLASSES, { ...still, model: "lstm" }, quiet);
  const augmented = await trainFold(
    features,
    split,
    CLASSES,
    { ...still, ...EVERYTHING, model: "lstm" },
    quiet,
  );
  expect(augmented.validation.probabilities).toEqual(plain.validation.probabilities);
  expect((await testOf(augmented, features, split)).probabilities).toEqual(
    (await testOf(plain, features, split)).probabilities,
  );
  expect(augmented.history[0]!.validationLoss).toBe(plain.history[0]!.validationLoss);
  expect(augmented.history[0]!.trainLoss).not.toBe(plain.history[0]!.trainLoss);
});

test.each(["majority", "linear"] as const)("the baseline %s goes the same way", async (model) => {
  const features = speech();
  const split = heldOutSpeakers(features.clips);
  const settings = { ...SETTINGS, model };
  const trained = await trainFold(features, split, CLASSES, settings, quiet);
  expect((await testOf(trained, features, split)).ids).toEqual(split.test);
  if (model === "majority")
    expect((await testOf(trained, features, split)).metrics.uar).toBeCloseTo(1 / 3, 10);
  else expect((await testOf(trained, features, split)).metrics.uar).toBeGreaterThan(0.9);
  const again = await trainFold(features, split, CLASSES, { ...settings, seed: 9 }, quiet);
  expect((await testOf(again, features, split)).probabilities).toEqual(
    (await testOf(trained, features, split)).probabilities,
  );
});

test("a network of one's own takes the place of a named one", async () => {
  const features = speech();
  const split = heldOutSpeakers(features.clips);
  const frames = SETTINGS.frames;
  const bands = features.matrix(0).cols;
  const network = await models["cnn-small"]({ frames, bands, classes: 3, seed: SETTINGS.seed });
  const named = await trainFold(features, split, CLASSES, { ...SETTINGS, model: "cnn-small" }, quiet);
  const own = await trainFold(features, split, CLASSES, { ...SETTINGS, model: "cnn" }, { ...quiet, network });
  expect(own.network).toBe(network);
  expect((await testOf(own, features, split)).probabilities).toEqual(
    (await testOf(named, features, split)).probabilities,
  );
});

test("a network of one's own that does not fit is refused in words", async () => {
  const features = speech(30);
  const split = heldOutSpeakers(features.clips);
  const network = await models["cnn-small"]({ frames: 9, bands: 4, classes: 2, seed: 1 });
  const fitting = [SETTINGS.frames, features.matrix(0).cols].join(", ");
  await expect(trainFold(features, split, CLASSES, SETTINGS, { ...quiet, network })).rejects.toThrow(
    `the network goes from [9, 4] to [2]: these clips and classes take [${fitting}] to [3]`,
  );
  const baseline = { ...SETTINGS, model: "linear" } as const;
  await expect(trainFold(features, split, CLASSES, baseline, { ...quiet, network })).rejects.toThrow(
    "takes the place of a network, not of linear",
  );
});

test("a curriculum takes corpora that are not tested, and clips of MFCC have no vocal tract", async () => {
  const features = speech(90);
  const split = heldOutSpeakers(features.clips);
  const curriculum = { places: 2, share: 0.5, until: 1 };
  const settings = { ...SETTINGS, epochs: 2, curriculum };
  await expect(trainFold(features, split, CLASSES, settings, quiet)).rejects.toThrow("savee/loso+others");
  const strangers = new Set(split.train.slice(0, Math.ceil(split.train.length / 2)));
  const mixed = {
    ...features,
    clips: features.clips.map((clip) => (strangers.has(clip.id) ? { ...clip, corpus: "elsewhere" } : clip)),
  };
  const trained = await trainFold(mixed, split, CLASSES, settings, quiet);
  expect(trained.history.length).toBe(2);
  const held = await testOf(trained, mixed, split);
  expect(held.ids).toEqual(split.test);

  const mfcc = { ...features, settings: featureSettings({ kind: "mfcc" }) };
  const warped = { ...SETTINGS, augmentation: { vocalTract: 0.1 } };
  await expect(trainFold(mfcc, split, CLASSES, warped, quiet)).rejects.toThrow(UsageError);
});

test("refit tests what training and validation part make together, and leaves validation its figures", async () => {
  const features = speech(90);
  const split = heldOutSpeakers(features.clips);
  // After one epoch there is no other to keep: a training on both parts ends with its last weights as well.
  const settings = { ...SETTINGS, ...EVERYTHING, epochs: 1 };
  const both = { ...split, train: [...split.train, ...split.validation], validation: split.test };
  const plain = await trainFold(features, split, CLASSES, settings, quiet);
  const together = await trainFold(features, both, CLASSES, settings, quiet);
  const epochs: number[] = [];
  const onRefitEpoch = (epoch: number, loss: number) => {
    epochs.push(epoch);
    expect(loss).toBeGreaterThan(0);
  };
  const again = { ...settings, refit: true };
  const refit = await trainFold(features, split, CLASSES, again, { ...quiet, onRefitEpoch });
  expect(refit.validation).toEqual(plain.validation);
  expect(refit.history.map(({ trainLoss }) => trainLoss)).toEqual(
    plain.history.map(({ trainLoss }) => trainLoss),
  );
  const tested = (trained: Trained) => testOf(trained, features, split);
  expect(await tested(refit)).toEqual(await testOf(together, features, both));
  expect(refit.input).toEqual(together.input);
  expect(await tested(plain)).not.toEqual(await tested(refit));
  expect(epochs).toEqual([1]);
});

test("refit of a linear model fits the chosen penalty on both parts", async () => {
  const features = speech(90);
  const split = heldOutSpeakers(features.clips);
  const settings: TrainingSettings = { ...SETTINGS, model: "linear", refit: true };
  const { refit: _, ...once } = settings;
  const plain = await trainFold(features, split, CLASSES, once, quiet);
  const refit = await trainFold(features, split, CLASSES, settings, quiet);
  expect(refit.validation).toEqual(plain.validation);
  expect(refit.history.map(({ validationUar }) => validationUar)).toEqual(
    plain.history.map(({ validationUar }) => validationUar),
  );
  const both = [...split.train, ...split.validation];
  expect(refit.refitted).toEqual({ clips: both.length, digest: setDigest(both) });
  const parts = joined(partsOf(features, split, CLASSES));
  const penalty = refit.history[refit.bestEpoch - 1]!.learningRate;
  const { x, shape } = plainInputs(parts.train, refit.input);
  const problem = { x, columns: shape[1]!, labels: parts.train.labels, classes: CLASSES.length };
  const { parameters } = await fitLogistic(problem, penalty);
  const kernel = await refit.network.getWeights()[0]!.data();
  kernel.forEach((value, i) => {
    expect(value).toBeCloseTo(parameters[i]!, 4);
  });
  expect(await testOf(refit, features, split)).not.toEqual(await testOf(plain, features, split));
});

test.each([
  [{ model: "majority" }, /refit: majority has nothing to train anew/],
  [{ schedule: { name: "plateau" } }, /refit: there is no validation part/],
  [{ refit: "yes" as unknown as boolean }, /refit is "yes": it takes true or false/],
] satisfies [Partial<TrainingSettings>, RegExp][])(
  "refit of %o is refused in words",
  async (partial, words) => {
    const features = speech(30);
    const settings = { ...SETTINGS, refit: true, ...partial };
    const refused = trainFold(features, heldOutSpeakers(features.clips), CLASSES, settings, quiet);
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(words);
  },
);

test("an empty part is named", async () => {
  const features = speech(30);
  const split = { ...heldOutSpeakers(features.clips), validation: [] };
  await expect(trainFold(features, split, CLASSES, SETTINGS, quiet)).rejects.toThrow("the validation part");
});

test("what would spoil a training is named before it starts", async () => {
  const features = speech(30);
  const split = heldOutSpeakers(features.clips);
  await expect(trainFold(features, split, ["anger", "sadness"], SETTINGS, quiet)).rejects.toThrow(
    /own\/\d+ is of class neutral, which is not one of anger, sadness/,
  );
  const log: string[] = [];
  const settings = { ...SETTINGS, epochs: 1 };
  await trainFold(features, split, [...CLASSES, "fear"], settings, {
    ...quiet,
    log: (line) => log.push(line),
  });
  expect(log).toEqual(["no clip to train on is of class fear"]);
  features.matrix(7).data[3] = Number.NaN;
  await expect(trainFold(features, split, CLASSES, SETTINGS, quiet)).rejects.toThrow(
    "the features of own/7 are not finite",
  );
});

test("a training that diverges says what to do", async () => {
  const features = speech(90);
  const split = heldOutSpeakers(features.clips);
  const settings = { ...SETTINGS, learningRate: 1e6, model: "lstm" as const };
  await expect(
    trainFold(features, split, CLASSES, { ...settings, learningRate: 1e38 }, quiet),
  ).rejects.toThrow(/diverged.*lower the learning rate/);
});

test("the fold that is opened must be the one that was trained on", async () => {
  const features = speech(90);
  const split = heldOutSpeakers(features.clips);
  const trained = await trainFold(features, split, CLASSES, { ...SETTINGS, epochs: 1 }, quiet);
  const other = { ...split, test: split.validation };
  await expect(testOf(trained, features, other)).rejects.toThrow(
    "of the fold that was trained on, not of this",
  );
});
