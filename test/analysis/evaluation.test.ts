import { expect, test } from "vitest";
import { entriesOf } from "../../lib/analysis/entries.js";
import { Evaluation } from "../../lib/analysis/evaluation.js";
import { scoresOf } from "../../lib/analysis/scores.js";
import { madeExperiment, SEVEN } from "../experiments/experiment.js";

const ravdess = { protocol: "ravdess/7@1", corpus: "ravdess", classes: SEVEN, speakers: 12, folds: 3 };
const made = madeExperiment({ protocols: [ravdess], models: { cnn: 0.6, lstm: 0.3 }, seeds: [1, 2] });
const of = (model: string) => made.runs.filter(({ record }) => record.settings.training.model === model);
const options = { resamples: 199 };
const cnn = Evaluation.of(of("cnn"), "test", options);

test("the figures of a report, with intervals", () => {
  const scores = scoresOf(entriesOf(of("cnn"))[0]!, "test", options)!;
  expect(cnn.uar).toMatchObject({ value: scores.uar.estimate, n: 336, speakers: 12 });
  expect(cnn.uar.low!).toBeLessThan(cnn.uar.value);
  expect(cnn.f1.value).toBe(scores.macroF1.estimate);
  expect(cnn.calibration.value).toBe(scores.eceCalibrated.estimate);
  expect(cnn.confusion.flat().reduce((a, b) => a + b)).toBe(2 * 336);
  expect(cnn.classesInTruth).toEqual(SEVEN);
});

test("by speaker, by sex; a group's UAR has a reason where it has no interval", () => {
  expect(cnn.bySpeaker().map(({ n }) => n)).toEqual(Array(12).fill(28));
  expect(cnn.bySpeaker()[0]!.uar.reason).toContain("one speaker");
  expect(cnn.by("sex").map(({ group }) => group)).toEqual(["female", "male"]);
});

test("predictions go out for other programs, a row for each clip and seed", () => {
  const rows = cnn.predictions();
  expect(rows).toHaveLength(2 * 336);
  const right = rows.filter(({ truth, predicted }) => truth === predicted).length;
  expect(right / rows.length).toBeCloseTo(cnn.accuracy.value, 12);
  expect(cnn.predictions("csv").split("\n")[0]).toBe(`id,speaker,seed,truth,predicted,${SEVEN.join(",")}`);
});

test("what is synthetic, leaky or transductive says so in tables and figures", () => {
  const leaky = madeExperiment({
    ...{ protocols: [{ ...ravdess, leaky: true }], models: { cnn: 0.5 }, seeds: [1], synthetic: true },
  });
  const one = Evaluation.of(leaky.runs, "test", options);
  expect(one.title).toBe("cnn (SYNTHETIC, LEAKY)");
  expect(one.table("latex")).toContain("cnn (SYNTHETIC, LEAKY)");
});

test("compared with another on the same clips", () => {
  const lstm = Evaluation.of(of("lstm"), "test", options);
  const { difference, p } = cnn.compare(lstm);
  expect(difference.estimate).toBeCloseTo(cnn.uar.value - lstm.uar.value, 12);
  expect(p).toBeLessThan(0.01);
});

test("a table and pictures", () => {
  expect(cnn.table().map(({ figure }) => figure)).toEqual([
    ...["UAR, %", "accuracy, %", "macro F1, %", "kappa", "calibration error, %"],
  ]);
  expect(() => cnn.figure("confsion" as "confusion")).toThrow(/did you mean "confusion"/);
  expect(() => cnn.by("colour" as "sex")).toThrow(/there is no group "colour"/);
  expect(() => cnn.compare("lstm" as never)).toThrow(/takes another evaluation/);
  expect(cnn.table()[0]!["95 % interval"]).toMatch(/^\d+\.\d to \d+\.\d$/);
  expect(cnn.table("csv")).toMatch(/^figure,value,95 % interval\n"UAR, %",/);
  expect(cnn.table("markdown")).toMatch(
    /^\| figure \| value \| 95 % interval \|\n\| --- \| ---: \| --- \|\n\| UAR, % \|/,
  );
  expect(cnn.table("latex")).toContain(
    "\\\\caption{cnn, ravdess/7@1, test: 336 clips of 12 speakers}".slice(1),
  );
  for (const kind of ["confusion", "speakers", "classes"] as const)
    expect(cnn.figure(kind).data.length).toBeGreaterThan(0);
});

test("runs of two networks are no one evaluation; a part that was not read has no figures", () => {
  expect(() => Evaluation.of(made.runs)).toThrow(/of one network under one protocol.*cnn.*lstm/);
  const validation = madeExperiment({
    protocols: [ravdess],
    models: { cnn: 0.6 },
    seeds: [1],
    score: "validation",
  });
  expect(Evaluation.of(validation.runs, undefined, options).part).toBe("validation");
  expect(() => Evaluation.of(validation.runs, "test")).toThrow(/the test part was not read/);
});
