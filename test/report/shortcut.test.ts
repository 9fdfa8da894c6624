import { expect, test } from "vitest";
import { resultsOf } from "../../lib/analysis/results.js";
import type { Block, TableBlock, Text } from "../../lib/report/document.js";
import { toMarkdown } from "../../lib/report/markdown.js";
import { buildReport } from "../../lib/report/report.js";
import { shortcutBlocks, shortcutPage } from "../../lib/report/shortcut.js";
import { madeExperiment, SEVEN } from "../experiments/experiment.js";

const plain = {
  protocol: "savee/loso@1",
  corpus: "savee",
  classes: SEVEN,
  speakers: 4,
  folds: 4,
  bonus: 0.4,
};
const both = { ...plain, protocol: "savee/speaker-sentence@1", apart: ["speaker", "sentence"], bonus: 0 };
const twin = { ...plain, protocol: "savee/speaker-sentence?match@1", bonus: 0.3 };
const text = {
  ...{
    uar: {
      estimate: 5.4 / 7,
      n: 480,
      speakers: 4,
      perSpeaker: { "savee/01": 5.4 / 7 },
      reason: "no interval: few",
    },
  },
  ...{ chance: 1 / 7, p: 0.001, confounded: true },
};
const made = madeExperiment({ protocols: [plain, both, twin], models: { cnn: 0.4, lstm: 0.3 }, seeds: [1] });
for (const { record } of made.runs) if (record.settings.protocol === plain.protocol) record.text = text;
const results = resultsOf(made, { resamples: 99 });
const tables = (blocks: readonly Block[]) =>
  blocks.filter((block): block is TableBlock => block.kind === "table");
const plainText = (cell: Text) => (typeof cell === "object" && "strong" in cell ? cell.strong : String(cell));

test("one table of unseen speakers, unseen sentences and the text alone, one of matched pairs", () => {
  const [main, pairs] = tables(shortcutBlocks(results));
  expect(main!.columns.map(({ title }) => title).slice(3, 6)).toEqual([
    ...["speakers unseen", "speakers and sentences unseen", "text alone"],
  ]);
  expect(main!.rows.map(([corpus, network]) => [corpus, network])).toEqual([
    ["SAVEE, 7 classes", "cnn"],
    ["SAVEE, 7 classes", "lstm"],
  ]);
  for (const row of main!.rows) expect(plainText(row[5]!)).toBe("77.1 (TEXT-CONFOUNDED)");
  for (const row of pairs!.rows) expect(row[5]).toBe("too few speakers to test");
});

test("what was found is said in a paragraph, with every reason for no interval", () => {
  const written = toMarkdown(shortcutBlocks(results), (name) => `${name}.svg`);
  expect(written).toMatch(
    /A table from sentence to label, without any sound, has a UAR of 77\.1 % on unseen speakers/,
  );
  expect(written).toMatch(/SAVEE, 7 classes: no interval: 4 speakers, and fewer than 8/);
  expect(written).toContain("*SAVEE, 7 classes: each network on unseen speakers");
});

test("a page that can be cited, in the report's folder and with its protocols", async () => {
  const { pages, figures, markdown } = await buildReport(made, { resamples: 99 });
  const page = pages.get("text.md")!;
  expect(page).toMatch(/^# What is said and how it is said\n/);
  for (const wanted of [
    "savee/speaker-sentence?match@1",
    "CITATION.cff",
    "10.1109/TPAMI.2023.3263585",
    "`made-up`",
  ])
    expect(page).toContain(wanted);
  expect(figures.has("text-savee")).toBe(true);
  expect(markdown).toContain("## What is said and how it is said");
  expect(markdown).toContain("## Protocol savee/loso@1 (TEXT-CONFOUNDED)");
  expect(markdown).toMatch(/\| sentence alone +\| +77\.1 \|/);
  expect(markdown).toContain(
    "Labels that have nothing to do with the sentences would be told as well with p = 0.001",
  );
});

test("nothing where no protocol keeps sentences apart", () => {
  const without = resultsOf(madeExperiment({ protocols: [plain], models: { cnn: 0.4 }, seeds: [1] }), {
    resamples: 99,
  });
  expect(shortcutBlocks(without)).toEqual([]);
  expect(shortcutPage(without)).toBeUndefined();
});
