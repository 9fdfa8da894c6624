import { expect, test } from "vitest";
import { resultsOf } from "../../lib/analysis/results.js";
import { pairBlocks, pairTable } from "../../lib/report/pairs.js";
import { madeExperiment, SEVEN } from "../experiments/experiment.js";

const ravdess = { protocol: "ravdess/7@1", corpus: "ravdess", classes: SEVEN, speakers: 12, folds: 1 };
const protocolsOf = (models: Parameters<typeof madeExperiment>[0]["models"]) =>
  resultsOf(madeExperiment({ protocols: [ravdess], models, seeds: [1] }), { resamples: 99 }).protocols;

test("each pair is named and tested, and certain differences are bold", () => {
  const [first] = protocolsOf({ cnn: 0.9, majority: 0.1 });
  const [table] = pairTable(first!);
  const [[name, difference, , holm]] = table!.rows as [(typeof table)["rows"][number]];
  expect(name).toBe("cnn − majority");
  expect(difference).toMatch(/^\+\d/);
  expect(holm).toHaveProperty("strong");
});

test("one network alone has no section", () => {
  expect(pairBlocks(protocolsOf({ cnn: 0.9 }))).toEqual([]);
});

test("many pairs are folded, and how many of them differ is said outside", () => {
  const few = pairBlocks(protocolsOf({ cnn: 0.9, lstm: 0.1, linear: 0.5 }));
  expect(few.map(({ kind }) => kind)).toEqual(["heading", "paragraph", "heading", "table"]);
  const many = pairBlocks(
    protocolsOf({ cnn: 0.9, lstm: 0.2, clstm: 0.2, bilstm: 0.2, linear: 0.2, svm: 0.2 }),
  );
  const fold = many.at(-1)!;
  expect(fold.kind === "fold" && fold.summary).toMatch(
    /^15 pairs, \d+ of them differ with p, Holm below 0.05$/,
  );
});
