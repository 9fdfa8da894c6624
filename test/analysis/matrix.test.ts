import { expect, test } from "vitest";
import { crossCorpusOf, sidesOf } from "../../lib/analysis/matrix.js";
import { resultsOf } from "../../lib/analysis/results.js";
import { madeExperiment, SEVEN, SIX } from "../experiments/experiment.js";

const protocols = [
  { protocol: "ravdess/7@1", corpus: "ravdess", classes: SEVEN, speakers: 12, folds: 3 },
  { protocol: "random/savee@1", corpus: "savee", classes: SEVEN, speakers: 4, folds: 4, leaky: true },
  { protocol: "cross-corpus/ravdess-savee@1", corpus: "savee", classes: SEVEN, speakers: 4, folds: 1 },
  { protocol: "cross-corpus/savee-ravdess@1", corpus: "ravdess", classes: SEVEN, speakers: 12, folds: 1 },
  { protocol: "cross-corpus/others-ravdess@1", corpus: "ravdess", classes: SIX, speakers: 12, folds: 1 },
];

test("the sides of a protocol are in its name", () => {
  expect(sidesOf("cross-corpus/others-tess@1")).toEqual({ train: "others", test: "tess" });
  expect(sidesOf("ravdess/7@1")).toBeUndefined();
});

test("a matrix has its cells, its own diagonal, and never a leaky one", () => {
  const results = resultsOf(madeExperiment({ protocols, models: { cnn: 0.5 }, seeds: [1] }), {
    resamples: 99,
  });
  const [matrix] = crossCorpusOf(results.protocols);
  expect(matrix).toMatchObject({
    label: "cnn",
    train: ["ravdess", "savee", "others"],
    test: ["ravdess", "savee"],
  });
  const found = matrix!.cells.map(({ train, test, protocol, n, classes }) => [
    `${train} > ${test}`,
    protocol,
    n,
    classes.length,
  ]);
  expect(found.sort()).toEqual([
    ["others > ravdess", "cross-corpus/others-ravdess@1", 12 * 6 * 4, 6],
    ["ravdess > ravdess", "ravdess/7@1", 12 * 7 * 4, 7],
    ["ravdess > savee", "cross-corpus/ravdess-savee@1", 4 * 7 * 4, 7],
    ["savee > ravdess", "cross-corpus/savee-ravdess@1", 12 * 7 * 4, 7],
  ]);
});

test("an experiment scored on validation has no matrix", () => {
  const made = madeExperiment({ protocols, models: { cnn: 0.5 }, seeds: [1], score: "validation" });
  expect(resultsOf(made, { resamples: 99 }).crossCorpus).toEqual([]);
});
