import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { riskCoverage } from "../../lib/evaluation/abstention.js";
import { applyTemperature } from "../../lib/evaluation/calibration.js";
import { encoderSettings } from "../../lib/features/settings.js";
import { toMarkdown } from "../../lib/report/markdown.js";
import { cardBlocks } from "../../lib/report/ship-card.js";
import { readRun, type StoredRun } from "../../lib/runs/record.js";
import { shippableRun } from "./shippable.js";

const FACTS = {
  bytes: 98_881,
  weights: { bytes: 85_020, sha256: "ab".repeat(32) },
  note: "the clips were copies",
  commands: ["first", "second"],
};
const FAST = { resamples: 199 };

let root: string;
let run: StoredRun;
let text: string;
const written = (of: StoredRun, facts: object = FACTS) =>
  toMarkdown(cardBlocks(of, { ...FACTS, ...facts }, FAST), () => "");
/** The cells of the row of a table that begins so. */
const row = (name: string, card = text) =>
  card
    .split("\n")
    .find((line) => line.startsWith(`| ${name} `))
    ?.split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
const percent = (share: number) => (100 * share).toFixed(1);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ser-card-"));
  const { name } = await shippableRun(root);
  run = (await readRun(join(root, name)))!;
  text = written(run);
});
afterAll(() => rm(root, { recursive: true, force: true }));

test("the warning comes before anything that is told of the model", () => {
  const warning = text.indexOf("**Do not use it to judge people.**");
  expect(warning).toBeGreaterThan(0);
  expect(warning).toBeLessThan(text.indexOf("## "));
  expect(text).toContain(`it got ${percent(1 - run.record.test!.accuracy)} % wrong`);
});

test("it has the sections of Mitchell et al. and all that tells the model from others", () => {
  expect(text.match(/^## .*/gm)).toEqual(
    [
      ...["Model details", "Intended use", "Data", "Figures", "Calibration and abstention", "Limits"],
      ...["How to use it", "How it was made", "Sources"],
    ].map((title) => `## ${title}`),
  );
  for (const part of [
    run.record.name,
    FACTS.weights.sha256,
    "combined/speaker-independent@1",
    "first\nsecond",
  ])
    expect(text).toContain(part);
  expect(text).toContain("40 MFCC of 64 mel bands, 0 to 8000 Hz");
  expect(text).toContain("frames of 64 ms every 30 ms");
  expect(text).not.toMatch(/NaN|undefined|Infinity|null\b(?!,)|\[object/);
});

test("the figures are those that the run was scored with", () => {
  const { uar, accuracy, macro, ece, calibrated, confusion, perClass } = run.record.test!;
  expect(row("UAR %")![1]).toBe(percent(uar));
  expect(row("accuracy %")![1]).toBe(percent(accuracy));
  expect(row("macro F1 %")![1]).toBe(percent(macro.f1));
  expect(row("ECE %")![1]).toBe(percent(ece));
  expect(row("ECE %, calibrated")![1]).toBe(percent(calibrated!.ece));
  expect(row("Brier score, calibrated")![1]).toBe(calibrated!.brier.toFixed(3));
  for (const name of ["UAR %", "Brier score"]) expect(row(name)![2]).toMatch(/^\[[\d.]+, [\d.]+\]$/);
  const anger = text.split("\n").filter((line) => line.startsWith("| anger "));
  expect(anger[0]).toContain(percent(perClass[0]!.recall));
  expect(anger[1]!.match(/\d+/g)!.map(Number)).toEqual(confusion[0]);
});

test("of too few speakers each one's own figure is given", () => {
  expect(row("CREMA-D", text.slice(text.indexOf("**By corpus.**")))![6]).toMatch(/^\[/);
  const factors = text.slice(text.indexOf("**By corpus.**"), text.indexOf("**By sex.**"));
  expect(row("RAVDESS", factors)![6]).toMatch(
    /^too few speakers: 01 [\d.]+, 11 [\d.]+, 20 [\d.]+, 21 [\d.]+$/,
  );
  expect(row("TESS", factors)![6]).toBe("one speaker");
  expect(text).toContain("44.4 % of the test clips are of one speaker (YAF of TESS)");
  const intensities = text.match(/^\| (?:CREMA-D|RAVDESS), \w+/gm)!.map((cell) => cell.slice(2));
  expect(intensities).toEqual([
    ...["CREMA-D, low", "CREMA-D, medium", "CREMA-D, high", "RAVDESS, normal", "RAVDESS, strong"],
  ]);
});

test("what the threshold gives is on the risk-coverage curve", () => {
  const test = run.predictions.filter(({ part }) => part === "test");
  const probabilities = Float32Array.from(test.flatMap((clip) => clip.probabilities));
  const truth = test.map((clip) => clip.truth);
  const points = riskCoverage(applyTemperature(probabilities, 7, 1.5), truth, 7);
  const at = points.find(({ threshold }) => threshold >= 0.4)!;
  const cells = row("from 40.0 % on")!;
  expect([cells[1], cells[3]]).toEqual([percent(at.coverage), percent(1 - at.risk)]);
  const always = written({ ...run, record: { ...run.record, threshold: 0 } });
  expect(always).toContain("right often enough to answer always");
  expect(always).not.toContain("| from ");
});

test("the note stands beside every table, or nowhere", () => {
  const tables = text.match(/^\| -/gm)!.length;
  expect(tables).toBe(8);
  expect(text.match(/^\*\*.*The clips were copies\.\n\n\|/gm)).toHaveLength(tables);
  const without = written(run, { note: undefined });
  expect(without.match(/^\*\*[^*]*\*\*.*\n\n\|/gm)).toHaveLength(tables);
  expect(without).not.toContain("copies");
});

test("what the training began with is told", () => {
  const sha256 = "0123456789abcdef".repeat(4);
  const from = [{ sha256, run: "savee-run", corpora: ["savee"], protocol: "savee/loso@1", fold: "1" }];
  const line = "It began with the weights of savee-run (0123456789ab), trained under savee/loso@1, fold 1.";
  expect(written({ ...run, record: { ...run.record, from } })).toContain(line);
  expect(text).not.toContain("began with the weights");
});

test("clips of training that are not proven are told in one number", () => {
  const card = written({ ...run, record: { ...run.record, clips: "0123" } });
  expect(card).toContain("6,893 clips trained; the run does not list them by corpus.");
  expect(card).not.toContain("training: clips");
});

test("what the protocol does not hold apart is not claimed", () => {
  const { record } = run;
  expect(text).toContain("of 23 speakers whom the model never heard");
  const split = { ...record.split, apart: ["sentence"] };
  const card = written({ ...run, record: { ...record, split } });
  expect(card).not.toMatch(/never heard|the same in training and test/);
  expect(card).toContain("test shares no sentence with training and validation");
});

test("a single corpus of one test speaker: no intervals, no table by corpus", async () => {
  const { name } = await shippableRun(join(root, "savee"), "savee/loso");
  const card = written((await readRun(join(root, "savee", name)))!);
  expect(card).toContain("There are no intervals: fewer than 8 speakers");
  expect(card).not.toContain("By corpus");
  expect(row("UAR %", card)![2]).toBe("one speaker");
  expect(card).not.toMatch(/\bTESS\b|NaN|undefined/);
});

test("a model on an encoder names it, and where it is to be had; a linear one has a penalty, and no epochs", () => {
  const encoder = {
    ...{ name: "whisper-base", digest: "cd".repeat(32), parameters: 20_593_664 },
    ...{ licence: "MIT", source: "https://example.org/base" },
  };
  const features = encoderSettings({ digest: encoder.digest, width: 512, blocks: 6, family: "whisper" });
  const training = { ...run.record.settings.training, model: "linear" as const, refit: true };
  const record = { ...run.record, encoder, settings: { ...run.record.settings, features, training } };
  const card = written({ ...run, record });
  expect(card).toContain("whisper-base, 20,593,664 parameters, licence MIT, from https://example.org/base");
  expect(card).toContain(encoder.digest);
  expect(card).toContain("ser encoder get whisper-base");
  expect(card).not.toMatch(/frames, which are/);
  expect(card).toMatch(
    /Penalty \S+ of \d+ that were tried was the best on validation: .* fitted once more with it/,
  );
  expect(text).toMatch(/frames, which are/);
});
