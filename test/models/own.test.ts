import type { LayersModel } from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { startTfjs } from "../../lib/engine/tfjs.js";
import { bilstm } from "../../lib/models/bilstm.js";
import { builderOf, seedWeights, topologyDigest } from "../../lib/models/own.js";

const tf = await startTfjs();
const small = (units = 3, seed?: number) =>
  tf.sequential({
    layers: [
      tf.layers.conv1d({
        ...{ inputShape: [8, 4], filters: 5, kernelSize: 3 },
        ...(seed !== undefined && { kernelInitializer: tf.initializers.heNormal({ seed }) }),
      }),
      tf.layers.bidirectional({ layer: tf.layers.lstm({ units }) as never }),
      tf.layers.dense({ units: 2, activation: "softmax" }),
    ],
  });
const weights = (network: LayersModel) => network.getWeights().map((one) => [...one.dataSync()]);

test("the digest is of what a network is made of, not of the names that its layers were given", () => {
  expect(topologyDigest(small())).toBe(topologyDigest(small()));
  expect(topologyDigest(small(4))).not.toBe(topologyDigest(small()));
  expect(topologyDigest(small(3, 1))).not.toBe(topologyDigest(small()));
});

test("equal seeds draw equal weights, others other ones; what has a seed keeps to it", async () => {
  const seeded = async (seed: number, own?: number) => {
    const network = small(3, own);
    await seedWeights(network, seed);
    return weights(network);
  };
  const first = await seeded(1);
  expect(await seeded(1)).toEqual(first);
  const other = await seeded(2);
  // Kernels differ, and biases are zeros, or for the gates that forget ones.
  first.forEach((values, i) => {
    if (new Set(values).size > 2) expect(other[i]).not.toEqual(values);
    else expect(other[i]).toEqual(values);
  });
  expect((await seeded(1, 5))[0]).toEqual((await seeded(2, 5))[0]);
  expect((await seeded(1, 5))[0]).toEqual(weights(small(3, 5))[0]);
});

test("weights keep the spread of their initializer", async () => {
  const network = tf.sequential({ layers: [tf.layers.dense({ inputShape: [200], units: 300 })] });
  const spread = () => {
    const [kernel] = weights(network) as [number[]];
    return Math.sqrt(kernel.reduce((sum, w) => sum + w * w, 0) / kernel.length);
  };
  const usual = spread();
  await seedWeights(network, 3);
  expect(spread() / usual).toBeCloseTo(1, 1);
});

test("a network of the workbench, whose weights have seeds, is left as it is", async () => {
  const network = await bilstm({ frames: 8, bands: 4, classes: 2, seed: 1 });
  const before = weights(network);
  await seedWeights(network, 9);
  expect(weights(network)).toEqual(before);
});

test("builders go by the name behind own:", () => {
  expect(builderOf("own:mine", { mine: () => small() })).toBeDefined();
  expect(builderOf("own:other", { mine: () => small() })).toBeUndefined();
  expect(builderOf("cnn", { cnn: () => small() })).toBeUndefined();
});
