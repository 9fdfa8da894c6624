import { expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { checked } from "../../lib/engine/check.js";
import { createTfjsTrainer } from "../../lib/engine/tfjs-trainer.js";
import type { Batch } from "../../lib/engine/trainer.js";
import { chain, network, randomBatch } from "./networks.js";

const SHAPE = [4, 3] as const;

async function trainer() {
  const model = await network((x, { layers }) => chain(x, layers.dense({ units: 4 })), SHAPE);
  const inner = await createTfjsTrainer(model, { optimizer: { name: "adam" }, seed: 1, maxBatch: 8 });
  return checked(inner, model);
}

const WRONG: [string, (batch: Batch) => Partial<Batch>, RegExp][] = [
  [
    "an empty batch",
    () => ({ count: 0, x: new Float32Array(0), y: new Float32Array(0) }),
    /the batch is empty/,
  ],
  [
    "NaN",
    ({ x }) => ({ x: x.map((value, i) => (i === 30 ? Number.NaN : value)) }),
    /input 2 of the batch is not finite \(NaN\)/,
  ],
  [
    "an infinity",
    ({ x }) => ({ x: x.map((value, i) => (i === 0 ? -1 / 0 : value)) }),
    /input 0 .* \(-Infinity\)/,
  ],
  ["too few numbers", ({ x }) => ({ x: x.subarray(1) }), /5 inputs of \[4, 3\] are not 59 numbers/],
  [
    "targets for other classes",
    () => ({ y: new Float32Array(20).fill(0.25) }),
    /5 x 3 probabilities, not 20 numbers/,
  ],
  [
    "a label out of range",
    ({ y }) => ({ y: y.map((p, i) => (i < 3 ? 0 : p)) }),
    /target of clip 0 .* not a distribution/,
  ],
  ["a negative share", ({ y }) => ({ y: y.map((p, i) => [2, -1, 0][i - 6] ?? p) }), /target of clip 2/],
  ["a NaN share", ({ y }) => ({ y: y.map((p, i) => (i === 14 ? Number.NaN : p)) }), /target of clip 4/],
  ["a negative weight", () => ({ weights: Float32Array.of(1, 1, -1, 1, 1) }), /the weights must be/],
  ["too few weights", () => ({ weights: Float32Array.of(1) }), /the weights must be/],
];

test.each(WRONG)("%s is refused, and changes nothing", async (_, spoil, message) => {
  const subject = await trainer();
  const before = await subject.state();
  const batch = randomBatch(5, 12);
  const step = subject.step({ ...batch, ...spoil(batch) }, 1e-3);
  await expect(step).rejects.toThrow(UserError);
  await expect(step).rejects.toThrow(message);
  expect(await subject.state()).toEqual(before);
});

test("a learning rate that is no number is refused", async () => {
  await expect((await trainer()).step(randomBatch(5, 12), Number.NaN)).rejects.toThrow(/learning rate/);
});

test("a prediction for nothing is nothing; for NaN it is refused", async () => {
  const subject = await trainer();
  expect(await subject.predict({ x: new Float32Array(0), shape: SHAPE, count: 0 })).toHaveLength(0);
  const x = new Float32Array(12).fill(Number.NaN);
  await expect(subject.predict({ x, shape: SHAPE, count: 1 })).rejects.toThrow(/input 0/);
});

test("a state of another model is refused", async () => {
  const subject = await trainer();
  const state = await subject.state();
  expect(() => subject.restore(state)).not.toThrow();
  expect(() => subject.restore({ ...state, weights: state.weights.slice(1) })).toThrow(/does not belong/);
  expect(() => subject.restore({ ...state, m: [] })).toThrow(UserError);
});
