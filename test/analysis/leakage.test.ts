import { expect, test } from "vitest";
import { entriesOf } from "../../lib/analysis/entries.js";
import { leakages } from "../../lib/analysis/leakage.js";
import { madeExperiment, SEVEN, SIX } from "../experiments/experiment.js";

const honest = { protocol: "ravdess/7@1", corpus: "ravdess", classes: SEVEN, speakers: 12, folds: 3 };
const random = { ...honest, protocol: "random/ravdess@1", leaky: true };

test("the difference is leaky less honest, with an interval over speakers", () => {
  const made = madeExperiment({
    protocols: [honest, random],
    models: { cnn: 0.4, lstm: 0.3 },
    seeds: [1, 2],
  });
  const found = leakages(entriesOf(made.runs), "test", { resamples: 499 });
  expect(found.map(({ label }) => label)).toEqual(["cnn", "lstm"]);
  for (const { leaky, honest, difference } of found) {
    expect(difference.estimate).toBeCloseTo(leaky.estimate - honest.estimate, 12);
    // The made-up leak is 15 points of certainty, of which chance hits a seventh anyway.
    expect(difference.estimate).toBeGreaterThan(0.05);
    expect(difference).toMatchObject({ n: 336, speakers: 12, level: 0.95 });
  }
});

test("other classes are another question", () => {
  const six = { ...random, classes: SIX };
  const made = madeExperiment({ protocols: [honest, six], models: { cnn: 0.4 }, seeds: [1] });
  expect(leakages(entriesOf(made.runs), "test", { resamples: 99 })).toEqual([]);
});

test("a protocol that lets speakers be on both sides is no honest one to compare with", () => {
  const sentences = { ...honest, protocol: "sentence-independent/ravdess@1" };
  const made = madeExperiment({ protocols: [honest, sentences, random], models: { cnn: 0.4 }, seeds: [1] });
  for (const { record } of made.runs) {
    if (record.settings.protocol === sentences.protocol)
      record.split = { ...record.split, apart: ["sentence"] };
  }
  const found = leakages(entriesOf(made.runs), "test", { resamples: 99 });
  expect(found.map(({ honestProtocol }) => honestProtocol)).toEqual([honest.protocol]);
});
