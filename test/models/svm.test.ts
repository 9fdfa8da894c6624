import { expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { createTrainer, predict } from "../../lib/engine/engine.js";
import { fitRbf, pairsOf, type RbfMachine, squaredDistances, svm } from "../../lib/models/svm.js";
import { balancedWeights } from "../../lib/training/sampler.js";

/*
 * The reference, scikit-learn 1.9.1:
 *
 * x = np.array([[np.sin(1.7 * i + 2.3 * j) + 0.4 * (i % 3) * (j + 1) for j in range(2)] for i in range(30)], dtype=np.float32)
 * y = np.array([0 if i % 5 == 0 else i % 3 for i in range(30)])
 * m = SVC(C=2, gamma=0.5, class_weight="balanced", decision_function_shape="ovo", tol=1e-6).fit(x, y)
 * sorted(m.support_.tolist()); m.decision_function(x[:4]).round(5).tolist()
 */
const SUPPORT = [
  ...[0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 23, 24, 25, 26, 27, 28, 29],
];
const DECISIONS = [
  [-0.41242, 0.8419, 1.01717],
  [-1.0, 0.9425, 1.0],
  [-1.1082, -0.70045, 0.80614],
  [1.32056, 1.6404, 0.56333],
];

const rows = Array.from({ length: 30 }, (_, i) => i);
const labels = rows.map((i) => (i % 5 === 0 ? 0 : i % 3));
const x = Float32Array.from(
  rows.flatMap((i) => [0, 1].map((j) => Math.sin(1.7 * i + 2.3 * j) + 0.4 * (i % 3) * (j + 1))),
);
const problem = { x, columns: 2, labels, classes: 3, weights: balancedWeights(labels) };

async function machineAt(cost: number, gamma: number, of = problem): Promise<RbfMachine> {
  const [machine] = await fitRbf(of, await squaredDistances(of), gamma, [cost], { tolerance: 1e-6 });
  return machine!;
}

/** By the kernel itself. */
function decisionsOf({ gamma, columns, vectors, rows, coefficients, intercepts }: RbfMachine, at: number) {
  return Array.from(intercepts, (intercept, p) =>
    rows.reduce((sum, _, s) => {
      let distance = 0;
      for (let k = 0; k < columns; k++) distance += (x[at * columns + k]! - vectors[s * columns + k]!) ** 2;
      return sum + coefficients[s * intercepts.length + p]! * Math.exp(-gamma * distance);
    }, intercept),
  );
}

test("support vectors and decisions are scikit-learn's", async () => {
  const machine = await machineAt(2, 0.5);
  expect(machine.rows).toEqual(SUPPORT);
  for (const [i, decisions] of DECISIONS.entries())
    for (const [p, decision] of decisions.entries())
      expect(Math.abs(decisionsOf(machine, i)[p]! - decision)).toBeLessThan(1e-4);
});

test("several values of C at once are those one by one", async () => {
  const machines = await fitRbf(problem, await squaredDistances(problem), 0.5, [0.1, 2], { tolerance: 1e-6 });
  expect(machines[1]).toEqual(await machineAt(2, 0.5));
  expect(machines[0]!.loss).toBeGreaterThan(machines[1]!.loss);
});

test.each(["wasm", "tfjs"] as const)("the network votes by the decisions, on %s", async (engine) => {
  const machine = await machineAt(2, 0.5);
  const network = await svm(machine);
  expect(network.countParams()).toBe(2 + 3 * 27 + 27 + 27 * 3 + 3 + 3 * 3);
  const trainer = await createTrainer(network, {
    optimizer: { name: "adam" },
    seed: 1,
    engine,
    maxBatch: 30,
  });
  const probabilities = await trainer.predict({ x, shape: [1, 2], count: 30 });
  await trainer.dispose();
  for (const i of rows) {
    const votes = [0, 0, 0];
    pairsOf(3).forEach(([a, b], p) => {
      const vote = Math.tanh(decisionsOf(machine, i)[p]!);
      votes[a]! += vote;
      votes[b]! -= vote;
    });
    const sum = votes.reduce((all, vote) => all + Math.exp(vote), 0);
    votes.forEach((vote, c) => {
      expect(probabilities[3 * i + c]).toBeCloseTo(Math.exp(vote) / sum, 4);
    });
  }
});

test("a class that nobody has loses every vote", async () => {
  const network = await svm(await machineAt(1, 0.5, { ...problem, classes: 5 }));
  const probabilities = await predict(network, { x, shape: [1, 2], count: 30 });
  for (const i of rows) {
    const [a, b, c, none, neither] = probabilities.subarray(5 * i, 5 * i + 5);
    expect(none).toBeCloseTo(neither!, 6);
    expect(none).toBeLessThan(Math.max(a!, b!, c!));
  }
  const alone = { ...problem, labels: labels.map(() => 1) };
  const one = { x: x.subarray(0, 2), shape: [1, 2], count: 1 };
  const sure = await predict(await svm(await machineAt(1, 0.5, alone)), one);
  expect(sure.indexOf(Math.max(...sure))).toBe(1);
});

test("more rows than memory are refused", async () => {
  const labels = new Array<number>(25_001).fill(0);
  await expect(squaredDistances({ x: new Float32Array(25_001), columns: 1, labels })).rejects.toThrow(
    UserError,
  );
});

test("stops between pairs", async () => {
  const stop = new AbortController();
  stop.abort(new Error("enough"));
  await expect(squaredDistances(problem, stop.signal)).rejects.toThrow("enough");
  const distances = await squaredDistances(problem);
  await expect(fitRbf(problem, distances, 1, [1], { signal: stop.signal })).rejects.toThrow("enough");
});
