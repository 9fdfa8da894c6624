import { expect, test } from "vitest";
import { resultsOf } from "../../lib/analysis/results.js";
import type { RecordedExperiment } from "../../lib/experiments/known.js";
import type { Block, TableBlock } from "../../lib/report/document.js";
import { resultBlocks } from "../../lib/report/results.js";
import { madeExperiment, SEVEN, SIX } from "../experiments/experiment.js";

const ravdess = { protocol: "ravdess/7@1", corpus: "ravdess", classes: SEVEN, speakers: 12, folds: 1 };
const made = madeExperiment({
  protocols: [
    ravdess,
    { protocol: "cremad/audeering@1", corpus: "cremad", classes: SIX, speakers: 9, folds: 1 },
    { ...ravdess, protocol: "random/ravdess@1", leaky: true },
    { ...ravdess, protocol: "cross-corpus/savee-ravdess@1" },
  ],
  models: { cnn: 0.3, lstm: 0.7, majority: 0.1 },
  seeds: [1],
});

const blocksOf = (experiment: RecordedExperiment) => resultBlocks(resultsOf(experiment, { resamples: 99 }));
const tableIn = (blocks: readonly Block[]) =>
  blocks.find((block): block is TableBlock => block.kind === "table")!;

/** The experiment with other settings of training. */
function changed(change: (model: string) => object): RecordedExperiment {
  const runs = made.runs.map((run) => {
    const { settings } = run.record;
    const training = { ...settings.training, ...change(settings.training.model) };
    return { ...run, record: { ...run.record, settings: { ...settings, training } } };
  });
  return { ...made, runs };
}

test("one picture and one table of every model under every protocol but those across corpora", () => {
  const blocks = blocksOf(made);
  expect(blocks.map(({ kind }) => kind)).toEqual(["figure", "table"]);
  const { rows, columns } = tableIn(blocks);
  expect(rows).toHaveLength(9);
  expect(columns.map(({ title }) => title)).toEqual(["protocol", "network", "UAR %", "chance %"]);
  for (const row of rows) expect(row).toHaveLength(columns.length);
});

test("the best comes first and is bold, and nothing is best where speakers leak", () => {
  const { rows } = tableIn(blocksOf(made));
  expect(rows.map((row) => row[1])).toEqual(Array(3).fill(["lstm", "cnn", "majority"]).flat());
  const bold = rows.map((row) => typeof row[2] === "object");
  expect(bold).toEqual([true, false, false, true, false, false, false, false, false]);
  const [figure] = blocksOf(made);
  const [others, best] = figure!.kind === "figure" ? figure.figure.data : [];
  expect([others!.x, best!.x].map((x) => x!.length)).toEqual([7, 2]);
});

test("a protocol and its chance stand at its first row", () => {
  const { rows } = tableIn(blocksOf(made));
  expect(rows.filter(([protocol]) => protocol !== "")).toHaveLength(3);
  expect(rows.map((row) => row[3]).filter(Boolean)).toEqual(["16.7", "14.3", "14.3"]);
});

test("only settings that differ have a column; a baseline has none of a network's", () => {
  const blocks = blocksOf(changed((model) => ({ mixup: model === "cnn" ? 0.2 : 0 })));
  const { rows, columns } = tableIn(blocks);
  expect(columns.at(-1)!.title).toBe("mixup");
  expect(rows.slice(0, 3).map((row) => row.at(-1))).toEqual(["0", "0.2", "–"]);
});

test("settings that few rows differ in share a column", () => {
  const models = { cnn: 0.3, lstm: 0.7, clstm: 0.5, bilstm: 0.4, "cnn-small": 0.2 };
  const many = madeExperiment({ protocols: [ravdess], models, seeds: [1] });
  for (const { record } of many.runs)
    if (record.settings.training.model === "cnn") record.settings.training.mixup = 0.2;
  const { rows, columns } = tableIn(blocksOf(many));
  expect(columns.at(-1)!.title).toBe("differs from the usual in");
  expect(rows.map((row) => row.at(-1)).filter(Boolean)).toEqual(["mixup 0.2"]);
});

test("there is nothing to show of corpora against each other", () => {
  const across = made.runs.filter(({ record }) => record.settings.protocol.startsWith("cross-corpus"));
  expect(blocksOf({ ...made, runs: across })).toEqual([]);
});
