import { expect, test } from "vitest";
import { entriesOf } from "../../lib/analysis/entries.js";
import { resultsOf } from "../../lib/analysis/results.js";
import { parseGrid } from "../../lib/experiments/grid.js";
import type { RecordedExperiment } from "../../lib/experiments/known.js";
import type { Block, TableBlock } from "../../lib/report/document.js";
import { toMarkdown } from "../../lib/report/markdown.js";
import { documentOf } from "../../lib/report/write.js";
import { madeExperiment, SEVEN, SIX } from "../experiments/experiment.js";

const ravdess = { protocol: "ravdess/7@1", corpus: "ravdess", classes: SEVEN, speakers: 12, folds: 3 };

function documentFor(experiment: RecordedExperiment): Block[] {
  return documentOf(experiment, entriesOf(experiment.runs), resultsOf(experiment, { resamples: 99 }));
}

function tablesIn(blocks: readonly Block[]): TableBlock[] {
  return blocks.flatMap((block) => {
    if (block.kind === "table") return [block];
    return block.kind === "fold" ? tablesIn(block.blocks) : [];
  });
}

const whole = madeExperiment({
  protocols: [
    ravdess,
    { ...ravdess, protocol: "random/ravdess@1", leaky: true },
    { protocol: "cremad/audeering@1", corpus: "cremad", classes: SIX, speakers: 17, folds: 1 },
    { protocol: "cross-corpus/savee-ravdess@1", corpus: "ravdess", classes: SEVEN, speakers: 12, folds: 1 },
  ],
  models: { cnn: 0.6, lstm: 0.3 },
  seeds: [1, 2],
});
const blocks = documentFor(whole);

test("rows have as many cells as columns, and the best of a column is bold once", () => {
  const tables = tablesIn(blocks);
  for (const { rows, columns } of tables) for (const row of rows) expect(row.length).toBe(columns.length);
  const scores = tables.filter(({ caption }) => caption?.startsWith("Test part"));
  expect(scores).toHaveLength(4);
  for (const { rows } of scores) {
    const bold = rows.map((row) => typeof row[1] === "object" && "strong" in row[1]);
    expect(bold.filter(Boolean)).toHaveLength(1);
    expect(bold[0]).toBe(true);
  }
});

test("people stand beside the networks on CREMA-D, by both measures, and never as the best", () => {
  const table = tablesIn(blocks).find(({ caption }) => caption?.includes("17 speakers, 6 classes"));
  const people = table!.rows.filter(([name]) => String(name).startsWith("people"));
  expect(people.map(([name]) => name)).toEqual(["people: single ratings", "people: majority vote"]);
  expect(people.flat().every((cell) => typeof cell === "string")).toBe(true);
});

test("tells what is missing, failed and yet to be done", () => {
  const [first, ...runs] = whole.runs;
  const { settings, name } = first!.record;
  const failure = {
    name,
    protocol: settings.protocol,
    fold: settings.fold,
    model: "cnn",
    seed: 1,
    error: "no | disk",
  };
  const planned = [...whole.planned, "one-more"];
  const text = toMarkdown(documentFor({ ...whole, runs, planned, failures: [failure] }), String);
  expect(text).toContain("> **Note.** 1 run failed; see Failures.");
  expect(text).toContain("> **Note.** 1 run of the grid is yet to be done.");
  expect(text).toContain("no \\| disk");
  expect(text).toMatch(/`npx --no ser ablate made-up.json --only NAME`[\s\S]*\none-more\n/);
});

test("the grid that is printed is the grid that was run", () => {
  const fold = blocks.find((block) => block.kind === "fold" && block.summary === "The grid");
  const [code] = fold?.kind === "fold" ? fold.blocks : [];
  expect(parseGrid(JSON.parse(code?.kind === "code" ? code.text : ""))).toEqual(whole.grid);
});

test("an experiment scored on validation shows no test figure and says why there is no matrix", () => {
  const blind = madeExperiment({
    protocols: [
      { protocol: "cross-corpus/savee-ravdess@1", corpus: "savee", classes: SEVEN, speakers: 4, folds: 1 },
    ],
    models: { cnn: 0.6 },
    seeds: [1],
    score: "validation",
  });
  const text = toMarkdown(documentFor(blind), String);
  expect(text).toContain("scored on validation, which lies within the training corpora");
  expect(text).not.toContain("Test part:");
});

test("a network normalised by speaker is marked wherever it is named", () => {
  const made = madeExperiment({ protocols: [ravdess], models: { cnn: 0.6 }, seeds: [1] });
  for (const { record } of made.runs) {
    record.transductive = true;
    record.settings.training.normalisation = "speaker";
  }
  const text = toMarkdown(documentFor(made), String);
  expect(text).toContain("TRANSDUCTIVE: some networks");
  const rows = text.split("\n").filter((line) => line.startsWith("| cnn"));
  expect(rows.length).toBeGreaterThan(2);
  for (const row of rows) expect(row).toContain("(TRANSDUCTIVE)");
});
