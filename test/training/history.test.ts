import { expect, test } from "vitest";
import { historyCsv } from "../../lib/training/history.js";

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
