import type { Tensor } from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { stochasticDepth } from "../../../lib/engine/layers/stochastic-depth.js";
import { startTfjs } from "../../../lib/engine/tfjs.js";
import { createTfjsTrainer } from "../../../lib/engine/tfjs-trainer.js";
import { network, randomBatch } from "../networks.js";
import { reloaded } from "./reloaded.js";

const tf = await startTfjs();

test("in training whole clips are dropped, the others scaled; in prediction nothing happens", () => {
  const layer = stochasticDepth({ rate: 0.25 });
  const x = tf.ones([400, 2, 3]);
  const clips = (layer.apply(x, { training: true }) as Tensor).reshape([400, 6]).arraySync() as number[][];
  const kept = clips.filter(([first]) => first !== 0);
  for (const clip of clips) expect(new Set(clip).size).toBe(1);
  for (const clip of kept) expect(clip[0]).toBeCloseTo(4 / 3, 6);
  expect(Math.abs(kept.length / 400 - 0.75)).toBeLessThan(0.1); // 4.6 standard deviations
  expect((layer.apply(x) as Tensor).dataSync().every((value) => value === 1)).toBe(true);
});

test("a rate outside of [0, 1) is refused", () => {
  expect(() => stochasticDepth({ rate: 1 })).toThrow("rate is 1");
  expect(() => stochasticDepth({ rate: -0.1 })).toThrow(RangeError);
});

test("TensorFlow.js draws what it has drawn before when a state is restored", async () => {
  const model = await network((x) => stochasticDepth({ rate: 0.5 }).apply(x) as typeof x, [4, 3]);
  const trainer = await createTfjsTrainer(model, { optimizer: { name: "adam" }, seed: 3, maxBatch: 16 });
  const state = await trainer.state();
  const losses = async () => {
    trainer.restore(state);
    return [await trainer.step(randomBatch(16, 12), 0), await trainer.step(randomBatch(16, 12), 0)];
  };
  const first = await losses();
  expect(await losses()).toEqual(first);
  expect(first[0]).not.toBe(first[1]);
  await trainer.dispose();
});

test("a saved model that holds it loads", async () => {
  const input = tf.input({ shape: [4] });
  const outputs = stochasticDepth({ rate: 0.3, name: "d" }).apply(input) as typeof input;
  const layer = (await reloaded(tf.model({ inputs: input, outputs }))).getLayer("d");
  expect(layer.getConfig()).toMatchObject({ rate: 0.3 });
});
