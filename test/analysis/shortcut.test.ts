import { expect, test } from "vitest";
import { entriesOf } from "../../lib/analysis/entries.js";
import { isTwin, shortcuts } from "../../lib/analysis/shortcut.js";
import { madeExperiment, SEVEN } from "../experiments/experiment.js";

const plain = {
  protocol: "ravdess/7@1",
  corpus: "ravdess",
  classes: SEVEN,
  speakers: 12,
  folds: 3,
  bonus: 0.3,
};
const both = { ...plain, protocol: "ravdess/speaker-sentence@1", apart: ["speaker", "sentence"], bonus: 0 };
const twin = { ...plain, protocol: "ravdess/speaker-sentence?match@1", bonus: 0.25 };
const found = (protocols: (typeof plain)[], options = { resamples: 499 }) => {
  const made = madeExperiment({ protocols, models: { cnn: 0.4, lstm: 0.3 }, seeds: [1] });
  return shortcuts(entriesOf(made.runs), "test", options);
};

test("each network on unseen speakers, with unseen sentences, and under the matched twin", () => {
  const all = found([plain, both, twin]);
  expect(all.map(({ label }) => label)).toEqual(["cnn", "lstm"]);
  for (const one of all) {
    expect(one.both.protocol).toBe(both.protocol);
    expect(one.speakers!.protocol).toBe(plain.protocol);
    expect(one.twin!.protocol).toBe(twin.protocol);
    expect(one.difference!.estimate).toBeCloseTo(one.both.uar.estimate - one.speakers!.uar.estimate, 12);
    // The made-up shortcut is 25 points of certainty, of which chance hits a seventh anyway.
    const { comparison, holmP } = one.twin!;
    expect(comparison.difference.estimate).toBeCloseTo(one.twin!.uar.estimate - one.both.uar.estimate, 12);
    expect(comparison.difference.estimate).toBeGreaterThan(0.12);
    expect(holmP).toBeGreaterThanOrEqual(comparison.p);
    expect(holmP).toBeLessThan(0.05);
  }
});

test("without a twin, or without a protocol of speakers alone, what is there is told", () => {
  const [one] = found([both, twin]);
  expect(one).not.toHaveProperty("speakers");
  expect(one!.twin!.protocol).toBe(twin.protocol);
  expect(found([plain, both])[0]).not.toHaveProperty("twin");
  expect(found([plain, twin])).toEqual([]);
});

test("a twin is another network's where settings, classes or corpora differ", () => {
  expect(found([plain, both, { ...twin, classes: SEVEN.slice(1) }])[0]).not.toHaveProperty("twin");
  const across = { ...plain, protocol: "cross-corpus/savee-ravdess@1" };
  expect(found([across, both])[0]).not.toHaveProperty("speakers");
});

test.each([
  ["savee/speaker-sentence?match@1", true],
  ["grouped/own?group=speaker,sentence&folds=5&match@1", true],
  ["grouped/own?match&folds=5@1", true],
  ["grouped/match?folds=5@1", false],
  ["savee/loso@1", false],
])("%s is a twin: %s", (protocol, is) => {
  expect(isTwin(protocol)).toBe(is);
});
