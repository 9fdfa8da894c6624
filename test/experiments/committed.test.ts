import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readPacked } from "../../lib/base/packed.js";
import { problemsOf } from "../../lib/base/schema.js";
import type { Clip } from "../../lib/corpora/clip.js";
import { publishedClips } from "../../lib/corpora/registry.js";
import { parseGrid, readGrid } from "../../lib/experiments/grid.js";
import { planGrid } from "../../lib/experiments/plan.js";
import { featureSchema } from "../../lib/features/settings.js";
import { checkCard } from "../../lib/inference/card.js";
import type { RunRecord } from "../../lib/runs/record.js";
import { trainingSchema } from "../../lib/training/settings.js";

const GRIDS = join("results", "experiments");
const SUMMARIES = join("results", "summary");
const CLIPS: Clip[] = publishedClips().map((name) => ({ ...name, path: "", synthetic: false }));

const json = async (...path: string[]) => JSON.parse(await readFile(join(...path), "utf8"));
const summaries = await readdir(SUMMARIES);

test("there are summaries to look at", () => {
  expect(summaries).toEqual(expect.arrayContaining(["best", "four-corpora", "settings"]));
});

test.each(summaries)("the grid %s names the runs of its summary", async (name) => {
  const { planned } = await json(SUMMARIES, name, "summary.json");
  const runs = planGrid(await readGrid(join(GRIDS, `${name}.json`)), CLIPS);
  expect(runs.map((run) => run.name).sort()).toEqual(planned);
});

test.each(summaries)("the summary %s holds a grid, which is read as it stands", async (name) => {
  const { grid } = await json(SUMMARIES, name, "summary.json");
  expect(parseGrid(grid)).toEqual(grid);
  expect(await readGrid(join(GRIDS, `${name}.json`))).toEqual(grid);
});

test.each(summaries)("the settings of every run in the summary %s are settings still", async (name) => {
  const text = await readPacked(join(SUMMARIES, name, "records.jsonl.gz"));
  const records = text.trimEnd().split("\n");
  expect(records.length).toBeGreaterThan(10);
  for (const line of records) {
    const { name: run, settings } = JSON.parse(line) as RunRecord;
    expect([run, problemsOf(featureSchema, settings.features)]).toEqual([run, []]);
    expect([run, problemsOf(trainingSchema, settings.training)]).toEqual([run, []]);
  }
});

test("the card of the released model is a card", async () => {
  const card = await json("results", "model", "card.json");
  expect(checkCard(card, "card.json")).toEqual(card);
});
