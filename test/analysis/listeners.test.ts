import { expect, test } from "vitest";
import { entriesOf } from "../../lib/analysis/entries.js";
import { listenersOf } from "../../lib/analysis/listeners.js";
import { madeExperiment, SEVEN, SIX } from "../experiments/experiment.js";

const cremad = { protocol: "cremad/x@1", corpus: "cremad", classes: SIX, speakers: 9, folds: 1 };
const entries = (change: object, synthetic = false) =>
  entriesOf(
    madeExperiment({ protocols: [{ ...cremad, ...change }], models: { cnn: 0.5 }, seeds: [1], synthetic })
      .runs,
  );

test("people are scored on the same speakers by two measures that are told apart", () => {
  const found = listenersOf(entries({}), "test", { resamples: 99 })!;
  expect(found.measures.map(({ name, unit }) => [name, unit])).toEqual([
    ["single ratings", "ratings"],
    ["majority vote", "clips"],
  ]);
  const [single, majority] = found.measures;
  expect([single!.uar.speakers, majority!.uar.speakers]).toEqual([9, 9]);
  // An actor has 82 clips, and a clip about nine ratings.
  expect(majority!.uar.n).toBeCloseTo(9 * 82, -1);
  expect(single!.uar.n / majority!.uar.n).toBeGreaterThan(8);
  expect(majority!.uar.estimate).toBeGreaterThan(single!.uar.estimate);
  expect(found.note).toContain("same 9 speakers");
});

test("people heard neither other corpora, other classes nor synthetic voices", () => {
  expect(listenersOf(entries({ corpus: "ravdess" }), "test")).toBeUndefined();
  expect(listenersOf(entries({ classes: SEVEN }), "test")).toBeUndefined();
  expect(listenersOf(entries({ classes: SIX.slice(1) }), "test")).toBeUndefined();
  expect(listenersOf(entries({}, true), "test")).toBeUndefined();
});
