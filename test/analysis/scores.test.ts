import { expect, test } from "vitest";
import { ensembleOf, entriesOf, pooled } from "../../lib/analysis/entries.js";
import { mainScores, pairTable, scoresOf, weightedArea } from "../../lib/analysis/scores.js";
import { random } from "../../lib/base/random.js";
import { classificationReport } from "../../lib/evaluation/classification-report.js";
import { rocAuc } from "../../lib/evaluation/ranking.js";
import { madeExperiment, SEVEN, SIX } from "../experiments/experiment.js";

const made = madeExperiment({
  protocols: [{ protocol: "ravdess/7@1", corpus: "ravdess", classes: SEVEN, speakers: 12, folds: 3 }],
  models: { cnn: 0.5 },
  seeds: [1, 2],
});
const [entry] = entriesOf(made.runs);
const scores = scoresOf(entry!, "test", { resamples: 199 })!;

test("every figure is the mean over seeds of what the evaluation says of the pooled folds", () => {
  const all = pooled(entry!, "test").map(({ probabilities, calibrated, truth }) => ({
    plain: classificationReport(probabilities, truth, SEVEN),
    calibrated: classificationReport(calibrated, truth, SEVEN),
  }));
  const mean = (of: (one: (typeof all)[number]) => number) =>
    all.reduce((sum, one) => sum + of(one), 0) / all.length;
  expect(scores.n).toBe(12 * 7 * 4);
  expect(scores.seeds).toEqual([1, 2]);
  expect(scores.uarBySeed).toEqual(all.map(({ plain }) => plain.uar));
  for (const [figure, expected] of [
    [scores.uar, mean(({ plain }) => plain.uar)],
    [scores.accuracy, mean(({ plain }) => plain.accuracy)],
    [scores.macroF1, mean(({ plain }) => plain.macro.f1)],
    [scores.kappa, mean(({ plain }) => plain.kappa)],
    [scores.rocAuc!, mean(({ plain }) => plain.rocAuc.macro!)],
    [scores.ece, mean(({ plain }) => plain.ece)],
    [scores.eceCalibrated, mean(({ calibrated }) => calibrated.ece)],
    [scores.brier, mean(({ plain }) => plain.brier)],
    [scores.brierCalibrated, mean(({ calibrated }) => calibrated.brier)],
  ] as const) {
    expect(figure.estimate).toBeCloseTo(expected, 10);
    expect(figure).toMatchObject({ n: 336, speakers: 12, level: 0.95 });
    if (!("low" in figure)) throw new Error("no interval");
    expect(figure.low).toBeLessThan(figure.high);
  }
  const together = classificationReport(
    ensembleOf(pooled(entry!, "test"))!.probabilities,
    pooled(entry!, "test")[0]!.truth,
    SEVEN,
  );
  expect(scores.ensembleUar!.estimate).toBeCloseTo(together.uar, 10);
  expect(scores.confusion.flat().reduce((a, b) => a + b, 0)).toBe(2 * 336);
});

test("a class that never occurs is in no mean, and the part that was not read has no figures", () => {
  const six = madeExperiment({
    protocols: [{ protocol: "combined/x@1", corpus: "cremad", classes: SIX, speakers: 9, folds: 1 }],
    models: { cnn: 0.5 },
    seeds: [1],
    score: "validation",
  });
  for (const { record, predictions } of six.runs) {
    record.classes = SEVEN;
    for (const clip of predictions) {
      // Surprise stands before neutral.
      if (clip.truth === 5) clip.truth = 6;
      if (clip.predicted === 5) clip.predicted = 6;
      clip.probabilities.splice(5, 0, 0);
    }
  }
  const [only] = entriesOf(six.runs);
  const validation = scoresOf(only!, "validation", { resamples: 99 })!;
  expect(validation.classesInTruth).toEqual(SIX);
  expect(Object.keys(validation.recall)).toEqual(SIX);
  const [seed] = pooled(only!, "validation");
  expect(validation.rocAuc!.estimate).toBeCloseTo(
    classificationReport(seed!.probabilities, seed!.truth, SEVEN).rocAuc.macro!,
    10,
  );
  expect(scoresOf(only!, "test")).toBeUndefined();
});

test("an AUC of weighted speakers is that of their clips repeated as often, ties too", () => {
  const rng = random("auc");
  const speakers = ["a", "b", "c"];
  const who = Array.from({ length: 60 }, () => rng.pick(speakers));
  const truth = who.map(() => rng.int(2));
  const score = truth.map((t) => (rng.int(6) + t) / 8);
  const probabilities = Float32Array.from(score.flatMap((s) => [1 - s, s]));
  const seed = { classes: ["x", "y"], clips: [], truth, predicted: truth, speakers: who, probabilities };
  const table = pairTable({ ...seed, calibrated: probabilities }, 1, speakers);
  for (const weights of [
    [1, 1, 1],
    [2, 0, 1],
    [0, 3, 1],
  ]) {
    const repeated = who.flatMap((speaker, i) =>
      new Array<number>(weights[speakers.indexOf(speaker)]!).fill(i),
    );
    const expected = rocAuc(
      repeated.map((i) => score[i]!),
      repeated.map((i) => truth[i] === 1),
    )!;
    expect(weightedArea(table, Float64Array.from(weights))).toBeCloseTo(expected, 12);
  }
});

test("the main figures alone are those among all", () => {
  const made = madeExperiment({
    protocols: [{ protocol: "ravdess/7@1", corpus: "ravdess", classes: SEVEN, speakers: 9, folds: 3 }],
    models: { cnn: 0.5 },
    seeds: [1, 2],
  });
  const [entry] = entriesOf(made.runs);
  const main = mainScores(pooled(entry!, "test"), { resamples: 199 });
  expect(scoresOf(entry!, "test", { resamples: 199 })).toMatchObject(main);
});
