import { expect, test } from "vitest";
import { type Matrix, zeros } from "../../lib/base/matrix.js";
import { random } from "../../lib/base/random.js";
import type { Clip, Emotion } from "../../lib/corpora/clip.js";
import type { FeatureSet } from "../../lib/features/corpus.js";
import { featureSettings } from "../../lib/features/settings.js";
import { heldOutSpeakers } from "../../lib/training/split.js";
import { balancedWeights, TRAINING, type TrainingSettings, train } from "../../lib/training/train.js";
import reference from "../fixtures/scikit-learn/class_weights.json";

const CLASSES: Emotion[] = ["anger", "sadness", "neutral"];
const SETTINGS: TrainingSettings = { ...TRAINING, frames: 24, epochs: 8, batchSize: 16 };

/** Clips of ten speakers whose second column says the emotion, and whose first says the speaker. */
function speech(clips = 240, shift = 1.5): FeatureSet {
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
  return { settings: featureSettings(), clips: list, matrix: (i) => matrices[i]!, broken: [] };
}

test("learns what can be learnt, and reports on clips of unheard speakers", async () => {
  const features = speech();
  const split = heldOutSpeakers(features.clips);
  const {
    history,
    bestEpoch,
    validation,
    test: held,
  } = await train(features, split, CLASSES, SETTINGS, { quiet: true });
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
  const { test: held } = await train(features, split, CLASSES, { ...SETTINGS, epochs: 4 }, { quiet: true });
  expect(held.metrics.uar).toBeLessThan(0.52);
});

test("the normalisation is fitted on the training part alone", async () => {
  const features = speech(90);
  const split = heldOutSpeakers(features.clips);
  const settings = { ...SETTINGS, epochs: 1 };
  const first = await train(features, split, CLASSES, settings, { quiet: true });
  const held = new Set([...split.validation, ...split.test]);
  features.clips.forEach((clip, i) => {
    if (held.has(clip.id)) features.matrix(i).data.fill(1000);
  });
  const second = await train(features, split, CLASSES, settings, { quiet: true });
  expect(second.normaliser).toEqual(first.normaliser);
  expect(second.history[0]!.trainLoss).toBe(first.history[0]!.trainLoss);
});

test("the same seed repeats a training to the bit", async () => {
  const features = speech(90);
  const split = heldOutSpeakers(features.clips);
  const settings = { ...SETTINGS, epochs: 2 };
  const first = await train(features, split, CLASSES, settings, { quiet: true });
  const second = await train(features, split, CLASSES, settings, { quiet: true });
  expect(second.test.probabilities).toEqual(first.test.probabilities);
  const other = await train(features, split, CLASSES, { ...settings, seed: 2 }, { quiet: true });
  expect(other.test.probabilities).not.toEqual(first.test.probabilities);
});

test("an empty part is named", async () => {
  const features = speech(30);
  const split = { ...heldOutSpeakers(features.clips), validation: [] };
  await expect(train(features, split, CLASSES, SETTINGS, { quiet: true })).rejects.toThrow(
    "the validation part",
  );
});

test("balanced weights equal scikit-learn's", () => {
  const counts = reference.counts;
  const y = new Float32Array(counts.reduce((a, b) => a + b) * counts.length);
  let at = 0;
  counts.forEach((n, c) => {
    for (let i = 0; i < n; i++) y[counts.length * at++ + c] = 1;
  });
  const weights = balancedWeights({ x: y, shape: [counts.length], count: at, y, classes: counts.length });
  const firsts = counts.map((_, c) => weights[counts.slice(0, c).reduce((a, b) => a + b, 0)]!);
  firsts.forEach((weight, c) => {
    expect(weight).toBeCloseTo(reference.weights[c]!, 6);
  });
});
