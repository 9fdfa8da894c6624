import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { judgedExperiment, writeJudged } from "../../lib/cli/judged.js";
import { madeExperiment, SEVEN } from "../experiments/experiment.js";
import { capturePrinted, printed } from "./printed.js";

capturePrinted();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-judged-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ravdess = { protocol: "ravdess/7@1", corpus: "ravdess", classes: SEVEN, speakers: 12, folds: 1 };
const { runs } = madeExperiment({ protocols: [ravdess], models: { cnn: 0.6 }, seeds: [1] });
const readings = { before: [], entries: [] };
const experiment = judgedExperiment("mine", "score", { planned: [], runs, readings });
const about = { title: "Predictions of mine", opening: [], featured: "cnn" };

test("a page, what it comes to, and where it is; quietly the place alone", async () => {
  expect(experiment).toMatchObject({ name: "mine", grid: { name: "score", score: "test" }, failures: [] });
  const signal = new AbortController().signal;
  const told: string[] = [];
  for (const quiet of [false, true]) {
    printed.out = "";
    await writeJudged(folder, experiment, about, { quiet, signal });
    told.push(printed.out);
  }
  expect(told[0]).toMatch(/UAR \d+\.\d/);
  expect(told[0]!.endsWith(`\n\n${told[1]}`)).toBe(true);
  expect(existsSync(told[1]!.trim())).toBe(true);
});
