import { describe, expect, test } from "vitest";
import { resultsOf } from "../../lib/analysis/results.js";
import { random } from "../../lib/base/random.js";
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

  test("nor does the order in which a run or its summary names the facts of its encoder", () => {
    const facts = { name: "whisper-base", digest: "22b1", parameters: 3, licence: "MIT", source: "there" };
    const [one, two] = [facts, Object.fromEntries(Object.entries(facts).reverse()) as typeof facts].map(
      (encoder) => {
        const runs = made.runs.map((run) => ({ ...run, record: { ...run.record, encoder } }));
        return JSON.stringify(resultsOf({ ...made, runs }, { resamples: 99 }).encoders);
      },
    );
    expect(two).toBe(one);
    expect(JSON.parse(one!)).toEqual([facts]);
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

  test("the encoders that runs stand on are listed once, by name", () => {
    expect(results).not.toHaveProperty("encoders");
    const facts = (name: string) => ({
      ...{ name, digest: name.repeat(32), parameters: 5, licence: "MIT", source: "https://example.org" },
    });
    const runs = made.runs.map((run, i) => {
      const encoder = facts(i % 2 ? "ab" : "aa");
      return { ...run, record: { ...run.record, encoder } };
    });
    expect(resultsOf({ ...made, runs }, { resamples: 99 }).encoders).toEqual([facts("aa"), facts("ab")]);
  });
});
