import { expect, test } from "vitest";
import { fitBaseline, PENALTIES, refitBaseline, triesOf } from "../../lib/training/baseline.js";
import type { EpochLog } from "../../lib/training/history.js";

const inputs = { x: Float32Array.of(1, -1, 1, -1), shape: [1, 1], count: 4 };

test("the linear model's penalty is the one with the best validation UAR, the strongest of equals", async () => {
  const uars = [0.2, 0.5, 0.7, 0.7, 0.6];
  const logs: EpochLog[] = [];
  const { history, bestEpoch, network } = await fitBaseline({
    model: "linear",
    inputs,
    labels: [0, 1, 0, 1],
    classes: 2,
    balanced: true,
    validate: async () => ({ loss: 1, uar: uars[logs.length]! }),
    onEpoch: (log) => logs.push(log),
  });
  expect(bestEpoch).toBe(3);
  expect(history).toEqual(logs);
  expect(history.map((log) => log.learningRate)).toEqual(PENALTIES);
  const losses = history.map((log) => log.trainLoss);
  expect(losses).toEqual([...losses].sort((a, b) => b - a));
  expect(network.countParams()).toBe(4);
});

test("a penalty that was chosen elsewhere is the last that is fitted, whatever validation says", async () => {
  const fit = (keep?: number) =>
    fitBaseline({
      ...{ model: "linear", inputs, labels: [0, 1, 0, 1], classes: 2, balanced: true, keep },
      validate: async () => ({ loss: 1, uar: 0.9 }),
    });
  const kept = await fit(3);
  expect([kept.bestEpoch, kept.history.length]).toEqual([3, 3]);
  expect((await fit()).bestEpoch).toBe(1);
  // W of the third penalty, which holds it less than the first.
  const weight = ({ network }: typeof kept) => Math.abs(network.getWeights()[0]!.dataSync()[0]!);
  expect(weight(kept)).toBeGreaterThan(2 * weight(await fit(1)));
});

test("the majority's loss is the entropy of the shares", async () => {
  const { history, bestEpoch } = await fitBaseline({
    model: "majority",
    inputs,
    labels: [0, 0, 0, 1],
    classes: 2,
    balanced: true,
    validate: async () => ({ loss: 1, uar: 0.5 }),
  });
  expect(bestEpoch).toBe(1);
  expect(history[0]!.trainLoss).toBeCloseTo(-0.75 * Math.log(0.75) - 0.25 * Math.log(0.25), 12);
});

test("the svm's C and gamma are chosen together, the smoothest of equals, and told", async () => {
  const fit = (keep?: number) =>
    fitBaseline({
      ...{ model: "svm", inputs, labels: [0, 1, 0, 1], classes: 2, balanced: true, keep },
      validate: async () => ({ loss: 1, uar: 0.9 }),
    });
  const all = await fit();
  expect([all.bestEpoch, all.history.length]).toEqual([1, triesOf("svm")]);
  expect(all.history.map(({ learningRate, gamma }) => [gamma, learningRate])).toEqual(
    [0.1, 0.3, 1].flatMap((gamma) => [0.1, 1, 10, 100].map((cost) => [gamma, cost])),
  );
  const kept = await fit(6);
  expect([kept.bestEpoch, kept.history.length]).toEqual([6, 6]);
  expect(kept.history.map(({ seconds: _, ...log }) => log)).toEqual(
    all.history.slice(0, 6).map(({ seconds: _, ...log }) => log),
  );
  const again = await refitBaseline(
    { model: "svm", inputs, labels: [0, 1, 0, 1], classes: 2, balanced: true },
    kept.history[5]!,
  );
  const weights = ({ network }: Pick<typeof kept, "network">) =>
    network.getWeights().map((weight) => Array.from(weight.dataSync()));
  expect(weights({ network: again })).toEqual(weights(kept));
});
