import { beforeAll, expect, test } from "vitest";
import { type Results, resultsOf } from "../../lib/analysis/results.js";
import type { RecordedExperiment } from "../../lib/experiments/known.js";
import type { ReadingCounts } from "../../lib/experiments/readings.js";
import { opening } from "../../lib/report/overview.js";
import { madeExperiment } from "../experiments/experiment.js";

const NONE: ReadingCounts = {
  ...{ total: 0, shown: 0, notShown: 0, beforeLedger: 0, byHand: 0, synthetic: 0, leaky: 0 },
};
let experiment: RecordedExperiment;
let results: Results;
beforeAll(() => {
  experiment = madeExperiment({
    protocols: [
      { protocol: "savee/loso@1", corpus: "savee", classes: ["anger", "neutral"], speakers: 4, folds: 1 },
    ],
    models: { cnn: 0.6 },
    seeds: [1],
  });
  results = resultsOf(experiment, { resamples: 99 });
});

/** The paragraph on readings. */
const told = (readings: Partial<ReadingCounts>) =>
  opening({ ...results, readings: { ...NONE, ...readings } }, experiment).flatMap((block) =>
    block.kind === "paragraph" && /^(Test parts|No test part)/.test(String(block.text)) ? [block.text] : [],
  );

test.each<[Partial<ReadingCounts>, string]>([
  [{}, "No test part was read."],
  [{ total: 1, shown: 1 }, "Test parts were read once, by the runs shown here."],
  [
    { total: 277, shown: 213, notShown: 64, beforeLedger: 277, byHand: 64 },
    "Test parts were read 277 times: 213 times by the runs shown here, 64 times by runs that are not shown (any more). " +
      "Of these readings 213 were counted before there was a ledger, 64 are written down by hand.",
  ],
  [
    { total: 5, shown: 5, beforeLedger: 2, leaky: 3, synthetic: 1 },
    "Test parts were read 5 times, by the runs shown here. Of these readings 3 are in the ledger, 2 were counted before " +
      "there was a ledger. Counted apart: 3 times under leaky protocols, once on synthetic voices.",
  ],
])("readings of test parts are told: %o", (readings, text) => {
  expect(told(readings)).toEqual([text]);
});
