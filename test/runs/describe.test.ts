import { expect, test } from "vitest";
import { describeFolds, describeRun } from "../../lib/runs/describe.js";
import type { RunRecord } from "../../lib/runs/record.js";
import { predictionsExample, recordExample } from "./examples.js";

const run = (record: RunRecord) => ({ record, predictions: predictionsExample() });

test("says what was run, on what, with which figures", () => {
  expect(describeRun(run(recordExample()))).toBe(`cnn, 12 parameters, own
Protocol held-out@1: the test part shares no speaker with training and validation. Epoch 1 of 1, chosen on validation.
Audit: all 1 checks passed.

part        clips  classes   UAR  chance  accuracy  precision  recall    F1  F1 weighted
──────────  ─────  ───────  ────  ──────  ────────  ─────────  ──────  ────  ───────────
validation      3        2  75.0    50.0      66.7       75.0    75.0  66.7         66.7
test            3        2  75.0    50.0      66.7       75.0    75.0  66.7         66.7
No interval: 3 speakers, and fewer than 8 say too little about others. UAR by speaker: own/s0 100.0, own/s1 0.0, own/s2 100.0.
Percentages. UAR: mean recall over the classes present; precision, recall, F1: means over all classes.
Always answering the commonest class: accuracy 33.3 %.
Expected calibration error 20.8 %, 18.8 at temperature 1.50; the model abstains below 60.0 %.

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
  const { own } = record.testByCorpus!;
  const text = describeRun(run({ ...record, synthetic: true, testByCorpus: { tess: own!, savee: own! } }));
  expect(text).toContain("SYNTHETIC");
  expect(text).toMatch(/ {2}test, tess +3 +2 +75.0/);
});

test("a training that collapsed is told, with what to try", () => {
  const record = recordExample();
  const confusion = [
    [0, 2],
    [0, 1],
  ];
  expect(describeRun(run(record))).not.toContain("COLLAPSED");
  const text = describeRun(run({ ...record, validation: { ...record.validation, confusion } }));
  expect(text).toMatch(/\nCOLLAPSED: neutral is predicted for all 3 validation clips: try a lower .*\.\n/);
});

test("what it began with is told, back to the first", () => {
  const origin = (name: string) => ({
    ...{
      sha256: "0123456789abcdef".repeat(4),
      run: name,
      corpora: ["ravdess"],
      protocol: "ravdess/7@1",
      fold: "1",
    },
  });
  const text = describeRun(run({ ...recordExample(), from: [origin("a"), origin("b")] }));
  expect(text).toContain(
    [
      "Began with the weights of a (0123456789ab), trained under ravdess/7@1, fold 1.",
      "Which began with the weights of b (0123456789ab), trained under ravdess/7@1, fold 1.",
    ].join("\n"),
  );
});

test("a baseline has no epochs", () => {
  const record = recordExample();
  const of = (model: "linear" | "majority" | "svm", history = record.history) =>
    describeRun(
      run({
        ...{ ...record, history },
        settings: { ...record.settings, training: { ...record.settings.training, model } },
      }),
    );
  expect(of("linear")).toContain("Penalty 0.001, chosen on validation.");
  const tried = record.history.map((log) => ({ ...log, learningRate: 10, gamma: 0.0114 }));
  expect(of("svm", tried)).toContain("C 10, gamma 0.0114, chosen on validation.");
  expect(of("majority")).toContain("There was nothing to choose.");
});

test("leaky, transductive and perceived are marked, and a failed audit says what failed", () => {
  const record = recordExample();
  const checks = [...record.audit.checks, { name: "test apart by speaker", passed: false, detail: "" }];
  const text = describeRun(
    run({
      ...record,
      ...{ leaky: true, transductive: true, settings: { ...record.settings, target: "perceived" } },
      audit: { passed: false, leaky: true, checks },
    }),
  );
  for (const mark of ["LEAKY by declaration: these", "TRANSDUCTIVE", "most listeners heard"]) {
    expect(text).toContain(mark);
  }
  expect(text).toContain("Audit: LEAKY by declaration: test apart by speaker (1 of 2 checks failed).");
  expect(text).not.toContain("shares no speaker");
});

test("where the test part was not read, validation is shown and called so", () => {
  const { test: _, testByCorpus: __, ...record } = recordExample();
  const text = describeRun(run(record));
  expect(text).toContain("the test part was not read");
  expect(text).toContain("Confusion matrix of the validation part");
  expect(text).not.toMatch(/^test /m);
});

test("folds are pooled into one confusion matrix", () => {
  const record = recordExample();
  const other = { ...record, split: { ...record.split, fold: "2" } };
  const lines = describeFolds([run(record), run(other)]).split("\n");
  expect(lines.find((line) => line.trim().startsWith("all"))).toMatch(/6 +75.0 +66.7 +66.7/);
});

test("with enough speakers the figures have intervals, which hold the figures", () => {
  const [right, wrong] = predictionsExample();
  const predictions = Array.from({ length: 10 }, (_, i) => ({
    ...(i % 3 === 0 ? wrong! : right!),
    ...{ id: `own/${i}`, speaker: `own/s${i}`, part: "test" as const, truth: i % 2 },
  }));
  const record = recordExample();
  const [, uar, low, high] =
    /^Test: UAR ([\d.]+) \[([\d.]+), ([\d.]+)\], accuracy .*over 10 speakers\.$/m.exec(
      describeRun({ record, predictions }),
    )!;
  expect(Number(low)).toBeLessThan(Number(uar));
  expect(Number(high)).toBeGreaterThan(Number(uar));
});
