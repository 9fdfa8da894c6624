import { expect, test } from "vitest";
import { resultsOf } from "../../lib/analysis/results.js";
import type { RecordedExperiment } from "../../lib/experiments/known.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { abstentionBlocks, judgedReport, scoreOpening, summaryOf } from "../../lib/report/judged.js";
import { toMarkdown } from "../../lib/report/markdown.js";
import { madeExperiment, SEVEN } from "../experiments/experiment.js";
import { CLIPS } from "../protocols/published.js";

const ravdess = { protocol: "ravdess/7@1", corpus: "ravdess", classes: SEVEN, speakers: 12, folds: 1 };
const made = madeExperiment({ protocols: [ravdess], models: { cnn: 0.6, lstm: 0.3 }, seeds: [1] });
const external = { name: "mine", sha256: "0123456789abcdef0123" };
// The predictions of the LSTM as somebody else's.
for (const { record } of made.runs)
  if (record.settings.training.model === "lstm") record.settings = { ...record.settings, external };
const experiment: RecordedExperiment = {
  ...made,
  planned: ["r"],
  readings: {
    before: [],
    entries: [
      {
        id: "1",
        run: "r",
        protocol: "ravdess/7@1",
        fold: "1",
        clips: 3,
        synthetic: false,
        leaky: false,
        command: "",
        time: "",
      },
    ],
  },
};
const plan = protocolNamed("savee/loso").plan(CLIPS);
const facts = {
  ...{ path: "/somewhere/mine.csv", plan, external, notes: ["the probabilities are percent"] },
  refereed: {
    answers: new Map(),
    ignored: 2,
    missing: new Map([
      ["1", plan.folds[0]!.test],
      ["2", ["savee/KL_a01"]],
    ]),
  },
};
const text = (leftOut: boolean) => toMarkdown(scoreOpening(experiment, facts, leftOut), (name) => name);

test("what was scored, how often, and what was missing", () => {
  const told = text(false);
  expect(told).toContain("**mine** (mine.csv, SHA-256 `0123456789abcdef`)");
  expect(told).not.toContain("somewhere");
  expect(told).toContain("scored 1 time for this file");
  expect(told).toContain("2 rows of clips that the fold does not test");
  expect(told).toMatch(/121 test clips of 480 without an answer: counted wrong.*nothing at all for fold 1/);
  expect(text(true)).toContain("left out, so that the figures are of the others");
});

test("the system stands in the tables of its protocol beside recorded networks, and is the one that is drawn", async () => {
  const report = await judgedReport(
    experiment,
    { title: "Predictions of mine", opening: [], featured: "mine" },
    { resamples: 99 },
  );
  expect(report.markdown).toMatch(/^# Predictions of mine\n/);
  expect(report.markdown).toContain("| cnn − mine ");
  expect(report.markdown).toContain("Confusion matrix of mine");
  expect(report.html).toContain("<title>Predictions of mine</title>");
  const summary = summaryOf(report.json, scoreOpening(experiment, facts, false), "mine");
  expect(summary).toContain("ravdess/7@1: 336 clips of 12 speakers, 7 classes, chance 14.3 %");
  expect(summary).toMatch(/^UAR \d+\.\d \[.*\] %, accuracy /m);
  expect(summary).toMatch(/^cnn − mine: .* points, p 0?\.?\d/m);
});

test("a threshold of 0 abstains never and is not told; another one has its cost", () => {
  const [run] = made.runs;
  expect(abstentionBlocks({ ...run!, record: { ...run!.record, threshold: 0 } })).toEqual([]);
  const blocks = abstentionBlocks(run!);
  expect(toMarkdown(blocks, (name) => name)).toMatch(/Below a confidence of 40\.0 % .* it answers \d+\.\d/);
  expect(resultsOf(experiment, { resamples: 9 }).protocols.length).toBe(1);
});
