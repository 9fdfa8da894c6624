import { expect, test } from "vitest";
import { describeRun } from "../../lib/experiments/describe.js";
import { recordExample } from "./examples.js";

test("says what was run, on what, with which figures", () => {
  expect(describeRun(recordExample())).toBe(`cnn, 12 parameters, own
Speakers of the test part were never heard in training. Epoch 1 of 1, chosen on validation.

part        clips  classes   UAR  chance  accuracy  precision  recall    F1  F1 weighted
──────────  ─────  ───────  ────  ──────  ────────  ─────────  ──────  ────  ───────────
validation      3        2  75.0    50.0      66.7       75.0    75.0  66.7         66.7
test            3        2  75.0    50.0      66.7       75.0    75.0  66.7         66.7
Percentages. UAR: mean recall over the classes present; precision, recall, F1: means over all classes.
Always answering the commonest class: accuracy 33.3 %.

Test part by class
class    clips  precision  recall    F1
───────  ─────  ─────────  ──────  ────
anger        2      100.0    50.0  66.7
neutral      1       50.0   100.0  66.7

Confusion matrix of the test part (clips)
true \\ predicted  anger  neutr
────────────────  ─────  ─────
anger                 1      1
neutral               0      1`);
});

test("figures of synthetic clips are marked, and several corpora are told apart", () => {
  const record = recordExample();
  const { own } = record.testByCorpus;
  const text = describeRun({ ...record, synthetic: true, testByCorpus: { tess: own!, savee: own! } });
  expect(text).toContain("SYNTHETIC");
  expect(text).toMatch(/ {2}test, tess +3 +2 +75.0/);
});

test("a baseline has no epochs", () => {
  const record = recordExample();
  const of = (model: "linear" | "majority") =>
    describeRun({
      ...record,
      settings: { ...record.settings, training: { ...record.settings.training, model } },
    });
  expect(of("linear")).toContain("Penalty 0.001, chosen on validation.");
  expect(of("majority")).toContain("There was nothing to choose.");
});
