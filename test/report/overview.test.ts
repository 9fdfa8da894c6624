import { expect, test } from "vitest";
import { resultsOf } from "../../lib/analysis/results.js";
import { notesOf } from "../../lib/report/overview.js";
import { madeExperiment } from "../experiments/experiment.js";

const made = madeExperiment({
  protocols: [
    { protocol: "savee/loso@1", corpus: "savee", classes: ["anger", "neutral"], speakers: 4, folds: 2 },
  ],
  models: { cnn: 0.6, lstm: 0.5 },
  seeds: [1],
});

const told = (experiment: typeof made) =>
  notesOf(resultsOf(experiment, { resamples: 9 }), experiment).flatMap((block) =>
    block.kind === "warning" ? [String(block.text)] : [],
  );

test("an experiment that is whole and honest has no warning", () => {
  expect(told(made)).toEqual([]);
});

test("what is incomplete is named with its protocol", () => {
  const runs = made.runs.filter(
    ({ record: { settings } }) => settings.training.model !== "cnn" || settings.fold === "1",
  );
  expect(told({ ...made, runs })).toEqual([
    "1 run of the grid is yet to be done.",
    "Incomplete: cnn under savee/loso@1 (only folds 1 of 1, 2).",
  ]);
});

test("marks are explained only where they occur", () => {
  const { record } = made.runs[0]!;
  const transductive = { ...made.runs[0]!, record: { ...record, transductive: true } };
  expect(told({ ...made, runs: [transductive], planned: [record.name] })).toEqual([
    expect.stringContaining("TRANSDUCTIVE: some networks"),
  ]);
});
