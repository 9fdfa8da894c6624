import { expect, test } from "vitest";
import { resultsOf } from "../../lib/analysis/results.js";
import type { ReadingCounts } from "../../lib/experiments/readings.js";
import type { TableBlock } from "../../lib/report/document.js";
import { toMarkdown } from "../../lib/report/markdown.js";
import { methodBlocks } from "../../lib/report/methods.js";
import { madeExperiment, SEVEN } from "../experiments/experiment.js";

const NONE: ReadingCounts = {
  ...{ total: 0, shown: 0, notShown: 0, beforeLedger: 0, byHand: 0, synthetic: 0, leaky: 0 },
};
const made = madeExperiment({
  protocols: ["savee/loso@1", "ravdess/7@1"].map((protocol) => {
    return { protocol, corpus: protocol.split("/")[0]!, classes: SEVEN, speakers: 4, folds: 1 };
  }),
  models: { cnn: 0.6 },
  seeds: [1],
});
const results = resultsOf(made, { resamples: 9 });

/** The sentence on readings, which comes last. */
function told(readings: Partial<ReadingCounts>): unknown {
  const last = methodBlocks({ ...results, readings: { ...NONE, ...readings } }).at(-1)!;
  return last.kind === "paragraph" && last.text;
}

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
  expect(told(readings)).toEqual(text);
});

/** The table of networks, with the settings of the runs changed. */
function networks(change: (protocol: string) => object) {
  const runs = made.runs.map((run) => {
    const { settings } = run.record;
    const training = { ...settings.training, ...change(settings.protocol) };
    return { ...run, record: { ...run.record, settings: { ...settings, training } } };
  });
  const blocks = methodBlocks(resultsOf({ ...made, runs }, { resamples: 9 }));
  const tables = blocks.filter((block): block is TableBlock => block.kind === "table");
  return { text: toMarkdown(blocks, String), table: tables[1]! };
}

test("a setting that all share is listed once, and the table has none of it", () => {
  const { text, table } = networks(() => ({}));
  expect(text.match(/64 log-mel bands/g)).toHaveLength(1);
  expect(table.columns.map(({ title }) => title)).toEqual(["network", "parameters", "under"]);
  expect(table.rows.map((row) => row.at(-1))).toEqual(["ravdess/7@1, savee/loso@1"]);
});

test("where two differ there is nothing usual, and the table has what each has", () => {
  const { table } = networks((protocol) => (protocol === "savee/loso@1" ? { normalisation: "clip" } : {}));
  expect(table.columns.map(({ title }) => title)).toEqual([
    ...["network", "parameters", "differs from the usual in", "under"],
  ]);
  expect(table.rows.map(([name, , differs, under]) => [name, differs, under])).toEqual([
    ["cnn", "global normalisation", "ravdess/7@1"],
    ["cnn", "clip normalisation", "savee/loso@1"],
  ]);
});

test("a network that differs from most says in what, and what it has not", () => {
  const models = { cnn: 0.6, lstm: 0.5, clstm: 0.4 };
  const protocol = { protocol: "savee/loso@1", corpus: "savee", classes: SEVEN, speakers: 4, folds: 1 };
  const three = madeExperiment({ protocols: [protocol], models, seeds: [1] });
  for (const { record } of three.runs) {
    const { training } = record.settings;
    if (training.model === "cnn") Object.assign(training, { normalisation: "clip", mixup: 0.2 });
    training.refit = training.model !== "lstm";
  }
  const blocks = methodBlocks(resultsOf(three, { resamples: 9 }));
  const table = blocks.filter((block): block is TableBlock => block.kind === "table")[1]!;
  expect(table.rows.map((row) => row[2])).toEqual([
    "",
    "clip normalisation; mixup 0.2 (not global normalisation)",
    "not refit",
  ]);
  expect(toMarkdown(blocks, String).match(/trained once more/g)).toHaveLength(1);
});
