import { describe, expect, test } from "vitest";
import { entriesOf, pooled } from "../../lib/analysis/entries.js";
import { resultsOf } from "../../lib/analysis/results.js";
import { random } from "../../lib/base/random.js";
import { compareModels, holm } from "../../lib/evaluation/comparison.js";
import { madeExperiment, SEVEN } from "../experiments/experiment.js";

const made = madeExperiment({
  protocols: [
    { protocol: "ravdess/7@1", corpus: "ravdess", classes: SEVEN, speakers: 12, folds: 3 },
    { protocol: "random/ravdess@1", corpus: "ravdess", classes: SEVEN, speakers: 12, folds: 3, leaky: true },
    { protocol: "savee/loso@1", corpus: "savee", classes: SEVEN, speakers: 4, folds: 4 },
  ],
  models: { cnn: 0.6, lstm: 0.4, majority: 0 },
  seeds: [1, 2],
});
const results = resultsOf(made, { resamples: 99 });

describe("resultsOf", () => {
  test("the order in which runs were read does not matter", () => {
    const runs = random("order").shuffle(made.runs);
    expect(JSON.stringify(resultsOf({ ...made, runs }, { resamples: 99 }))).toBe(JSON.stringify(results));
  });

  test("leaky protocols come last, and are marked with all that is made from them", () => {
    expect(results.protocols.map(({ protocol, leaky }) => [protocol, leaky])).toEqual([
      ["ravdess/7@1", false],
      ["savee/loso@1", false],
      ["random/ravdess@1", true],
    ]);
    expect(results.protocols[2]!.entries.every(({ leaky }) => leaky)).toBe(true);
    expect(results.audits).toMatchObject({ runs: 60, passed: 42, leaky: 18 });
    expect(results.audits.failed).toHaveLength(1);
    expect(results.audits.failed[0]!.runs).toHaveLength(18);
  });

  test("all pairs of a protocol are compared and corrected together", () => {
    const [ravdess, savee] = results.protocols;
    expect(ravdess!.pairs.map(({ first, second }) => `${first} - ${second}`)).toEqual([
      "cnn - lstm",
      "cnn - majority",
      "lstm - majority",
    ]);
    const entries = entriesOf(made.runs).filter(({ protocol }) => protocol === "ravdess/7@1");
    const p = [
      [0, 1],
      [0, 2],
      [1, 2],
    ].map(([a, b]) => compareModels(pooled(entries[a!]!, "test"), pooled(entries[b!]!, "test")).p);
    expect(ravdess!.pairs.map(({ comparison }) => comparison.p)).toEqual(p);
    expect(ravdess!.pairs.map(({ holmP }) => holmP)).toEqual(holm(p));
    expect(savee!.pairs.every(({ comparison }) => comparison.note === "too few speakers to test")).toBe(true);
  });

  test("few speakers have values of their own and no interval", () => {
    const { uar } = results.protocols[1]!.entries[0]!.test!;
    expect("low" in uar).toBe(false);
    expect(Object.keys((uar as { perSpeaker: object }).perSpeaker)).toEqual([
      "savee/01",
      "savee/02",
      "savee/03",
      "savee/04",
    ]);
  });

  test("breakdowns cover the clips of the part, group by group", () => {
    const { breakdowns } = results.protocols[0]!.entries[0]!;
    expect(Object.keys(breakdowns)).toEqual(["speaker", "sex", "sentence", "intensity"]);
    for (const groups of Object.values(breakdowns)) {
      expect(groups.reduce((sum, { n }) => sum + n, 0)).toBe(12 * 7 * 4);
    }
    expect(breakdowns.sex!.map(({ group, speakers }) => [group, speakers])).toEqual([
      ["female", 6],
      ["male", 6],
    ]);
  });

  test("an experiment scored on validation holds nothing of the test part", () => {
    const blind = madeExperiment({
      protocols: [{ protocol: "savee/loso@1", corpus: "savee", classes: SEVEN, speakers: 4, folds: 4 }],
      models: { cnn: 0.6 },
      seeds: [1],
      score: "validation",
    });
    const own = resultsOf(blind, { resamples: 99 });
    expect(own.readings.total).toBe(0);
    expect(own.protocols[0]!.entries[0]).not.toHaveProperty("test.n");
    expect(own.protocols[0]!.entries[0]!.validation!.n).toBe(112);
  });
});
