import type { SymbolicTensor, Tensor } from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { createForward } from "../../../lib/engine/forward.js";
import { framePadding } from "../../../lib/engine/layers/frame-padding.js";
import { startTfjs } from "../../../lib/engine/tfjs.js";
import { cores } from "../gradients.js";
import { chain, randomBatch } from "../networks.js";
import { reloaded } from "./reloaded.js";

const tf = await startTfjs();

test("zeros stand around the frames", () => {
  const found = framePadding({ before: 1, after: 2 }).apply(tf.tensor3d([[[1, 2]], [[3, 4]]])) as Tensor;
  expect(found.arraySync()).toEqual([
    [
      [0, 0],
      [1, 2],
      [0, 0],
      [0, 0],
    ],
    [
      [0, 0],
      [3, 4],
      [0, 0],
      [0, 0],
    ],
  ]);
  expect(framePadding({ after: 1 }).computeOutputShape([null, null, 3])).toEqual([null, null, 3]);
  expect(framePadding({ before: 1, after: 1 }).computeOutputShape([null, 5, 3])).toEqual([null, 7, 3]);
});

test("a padding that is no whole number is refused", () => {
  expect(() => framePadding({ before: -1 })).toThrow("a padding of -1 frames");
  expect(() => framePadding({ after: 0.5 })).toThrow(RangeError);
});

/** A convolution that PyTorch would pad by 1 on both sides, and one of more on one side. */
function network() {
  const input = tf.input({ shape: [null, 3] });
  const seeded = (seed: number) => tf.initializers.glorotNormal({ seed });
  const outputs = chain(
    input,
    framePadding({ before: 1, after: 1, name: "p" }),
    tf.layers.conv1d({ filters: 4, kernelSize: 3, strides: 2, kernelInitializer: seeded(1) }),
    framePadding({ before: 3 }),
    tf.layers.conv1d({ filters: 2, kernelSize: 4, padding: "valid", kernelInitializer: seeded(2) }),
  );
  return tf.model({ inputs: input, outputs });
}

test.each(cores().map((core) => [core.engine, core] as const))(
  "in the core it is the convolution's own padding, for clips that grow and shrink (%s)",
  async (_, core) => {
    const model = network();
    const weights = model.weights.map((weight) => weight.read().dataSync() as Float32Array);
    const forward = await createForward(model, weights, { engine: core.engine });
    for (const frames of [8, 31, 5, 1]) {
      const { x } = randomBatch(1, frames * 3, 3, frames);
      const { data } = await forward.run(x, frames);
      const expected = await (model.predict(tf.tensor(x, [1, frames, 3])) as Tensor).data();
      expect(data.length).toBe(expected.length);
      data.forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i]!, 5);
      });
    }
    await forward.dispose();
  },
);

test("a saved model that holds it loads", async () => {
  const layer = (await reloaded(network())).getLayer("p");
  expect(layer.getConfig()).toMatchObject({ before: 1, after: 1 });
  expect((layer.output as SymbolicTensor).shape).toEqual([null, null, 3]);
});
