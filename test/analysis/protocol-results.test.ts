import { describe, expect, test } from "vitest";
import { entriesOf, pooled } from "../../lib/analysis/entries.js";
import { protocolResults } from "../../lib/analysis/protocol-results.js";
import { compareModels, holm } from "../../lib/evaluation/comparison.js";
import { madeExperiment, SEVEN } from "../experiments/experiment.js";

const { runs } = madeExperiment({
  protocols: [
    { protocol: "ravdess/7@1", corpus: "ravdess", classes: SEVEN, speakers: 12, folds: 3 },
    { protocol: "savee/loso@1", corpus: "savee", classes: SEVEN, speakers: 4, folds: 4 },
  ],
  models: { cnn: 0.6, lstm: 0.4, majority: 0 },
  seeds: [1, 2],
});
const entries = entriesOf(runs);
const ravdessEntries = entries.filter(({ protocol }) => protocol === "ravdess/7@1");
const saveeEntries = entries.filter(({ protocol }) => protocol === "savee/loso@1");
const ravdess = protocolResults(ravdessEntries, runs, "test", { resamples: 99 });
const savee = protocolResults(saveeEntries, runs, "test", { resamples: 99 });

describe("protocolResults", () => {
  test("all pairs of a protocol are compared and corrected together", () => {
    expect(ravdess.pairs.map(({ first, second }) => `${first} - ${second}`)).toEqual([
      "cnn - lstm",
      "cnn - majority",
      "lstm - majority",
    ]);
    const p = [
      [0, 1],
      [0, 2],
      [1, 2],
    ].map(
      ([a, b]) => compareModels(pooled(ravdessEntries[a!]!, "test"), pooled(ravdessEntries[b!]!, "test")).p,
    );
    expect(ravdess.pairs.map(({ comparison }) => comparison.p)).toEqual(p);
    expect(ravdess.pairs.map(({ holmP }) => holmP)).toEqual(holm(p));
    expect(savee.pairs.every(({ comparison }) => comparison.note === "too few speakers to test")).toBe(true);
  });

  test("few speakers have values of their own and no interval", () => {
    const { uar } = savee.entries[0]!.test!;
    expect("low" in uar).toBe(false);
    expect(Object.keys((uar as { perSpeaker: object }).perSpeaker)).toEqual([
      "savee/01",
      "savee/02",
      "savee/03",
      "savee/04",
    ]);
  });

  test("breakdowns cover the clips of the part, group by group", () => {
    const { breakdowns } = ravdess.entries[0]!;
    expect(Object.keys(breakdowns)).toEqual(["speaker", "sex", "sentence", "intensity"]);
    for (const groups of Object.values(breakdowns)) {
      expect(groups.reduce((sum, { n }) => sum + n, 0)).toBe(12 * 7 * 4);
    }
    expect(breakdowns.sex!.map(({ group, speakers }) => [group, speakers])).toEqual([
      ["female", 6],
      ["male", 6],
    ]);
  });
});
