import { expect, test } from "vitest";
import { historyCsv, triedText } from "../../lib/training/history.js";

test("one line an epoch", () => {
  const log = {
    epoch: 1,
    trainLoss: 0.7,
    validationLoss: 0.6,
    validationUar: 0.75,
    learningRate: 0.001,
    seconds: 2,
  };
  expect(historyCsv([log])).toBe(
    "epoch,trainLoss,validationLoss,validationUar,learningRate,seconds\n1,0.7,0.6,0.75,0.001,2\n",
  );
});

test("what a baseline was fitted with: a penalty, or C and gamma, which has a column of its own", () => {
  const log = {
    epoch: 1,
    trainLoss: 0.7,
    validationLoss: 0.6,
    validationUar: 0.75,
    learningRate: 10,
    seconds: 2,
  };
  expect(triedText(log)).toBe("penalty 10");
  expect(triedText({ ...log, gamma: 0.0114 })).toBe("C 10, gamma 0.0114");
  expect(historyCsv([{ ...log, gamma: 0.0114 }])).toBe(
    "epoch,trainLoss,validationLoss,validationUar,learningRate,seconds,gamma\n1,0.7,0.6,0.75,10,2,0.0114\n",
  );
});
