import fc from "fast-check";
import { expect, test } from "vitest";
import { balancedWeights, epochOrder } from "../../lib/training/sampler.js";
import reference from "../fixtures/scikit-learn/class_weights.json";

const labelsOf = (counts: readonly number[]) => counts.flatMap((n, c) => new Array<number>(n).fill(c));

test("without sampling every clip comes once, in an order of its own each epoch", () => {
  const labels = labelsOf([30, 10]);
  const order = (epoch: number, seed = 1) => epochOrder(labels, { balance: "none", seed, epoch });
  expect(order(1).sort((a, b) => a - b)).toEqual([...labels.keys()]);
  expect(order(1)).toEqual(order(1));
  expect(order(1)).not.toEqual(order(2));
  expect(order(1)).not.toEqual(order(1, 2));
});

test("with sampling every class has the same number of places, and its clips take turns", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }), (counts) => {
      const labels = labelsOf(counts);
      const order = epochOrder(labels, { balance: "sampling", seed: 1, epoch: 3 });
      expect(order.length).toBe(labels.length);
      const places = counts.map((_, c) => order.filter((i) => labels[i] === c).length);
      expect(Math.max(...places) - Math.min(...places)).toBeLessThanOrEqual(1);
      counts.forEach((n, c) => {
        const times = labels.flatMap((l, i) => (l === c ? [order.filter((o) => o === i).length] : []));
        expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
        expect(times.length).toBe(n);
      });
    }),
  );
});

test("balanced weights equal scikit-learn's", () => {
  const weights = balancedWeights(labelsOf(reference.counts));
  let at = 0;
  reference.counts.forEach((n, c) => {
    expect(weights[at]!).toBeCloseTo(reference.weights[c]!, 6);
    at += n;
  });
});
