import { expect, test } from "vitest";
import { collapsedLine, collapseOf } from "../../lib/runs/collapse.js";
import { recordExample } from "./examples.js";

const CLASSES = ["anger", "fear", "neutral"];

function recordOf(confusion: number[][], training: object = {}, epochs = 3) {
  const record = recordExample();
  const count = confusion.flat().reduce((a, b) => a + b, 0);
  return {
    ...{ ...record, classes: CLASSES, history: Array.from({ length: epochs }, () => record.history[0]!) },
    settings: {
      ...record.settings,
      training: { ...record.settings.training, learningRate: 0.01, epochs: 3, patience: 2, ...training },
    },
    validation: { ...record.validation, confusion, count },
  };
}

const ALL = [
  [0, 0, 20],
  [0, 0, 20],
  [0, 0, 20],
];

test("one class for all validation clips is a collapse, with what to try", () => {
  expect(collapseOf(recordOf(ALL, { balance: "none" }))).toBe(
    "neutral is predicted for all 60 validation clips: try a lower --learning-rate than 0.01, --balance weights, or more --epochs than 3",
  );
  expect(collapseOf(recordOf(ALL, { balance: "weights", epochs: 9 }))).toContain(
    "--balance sampling, or more --patience than 2",
  );
  expect(collapseOf(recordOf(ALL, { model: "svm" }))).toMatch(/other features, or a network$/);
});

test("nearly one class is a collapse too; a class that is rare or mostly right is none", () => {
  const nearly = [
    [1, 0, 19],
    [0, 0, 20],
    [0, 1, 19],
  ];
  expect(collapseOf(recordOf(nearly))).toContain("neutral is predicted for 58 of 60 validation clips");
  const two = [
    [3, 0, 17],
    [0, 2, 18],
    [0, 0, 20],
  ];
  expect(collapseOf(recordOf(two))).toBeUndefined();
  // 96 % are neutral, and half of the others are found.
  const rare = [
    [1, 0, 1],
    [0, 1, 1],
    [0, 0, 96],
  ];
  expect(collapseOf(recordOf(rare))).toBeUndefined();
  const alone = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 20],
  ];
  expect(collapseOf(recordOf(alone))).toBeUndefined();
});

test("the majority baseline does it by design", () => {
  expect(collapseOf(recordOf(ALL, { model: "majority" }))).toBeUndefined();
});

test("several runs are one line, which names the first five", () => {
  const fine = recordOf([
    [20, 0, 0],
    [0, 20, 0],
    [0, 0, 20],
  ]);
  const named = (n: number) => ({ ...recordOf(ALL), name: `run-${n}` });
  expect(collapsedLine([fine])).toBeUndefined();
  expect(collapsedLine([fine, named(1)])).toMatch(/^warning: run-1 collapsed: neutral is predicted for all/);
  expect(collapsedLine([fine, ...[1, 2, 3, 4, 5, 6, 7].map(named)])).toMatch(
    /^warning: 7 of 8 runs collapsed \(run-1, run-2, run-3, run-4, run-5 and 2 more\): in run-1, neutral is/,
  );
});
