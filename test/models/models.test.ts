import { describe, expect, test } from "vitest";
import { startTfjs } from "../../lib/engine/tfjs.js";
import { createTfjsTrainer } from "../../lib/engine/tfjs-trainer.js";
import { models } from "../../lib/models/models.js";
import { NETWORKS, type NetworkName } from "../../lib/models/names.js";

/**
 * Parameters for 100 frames and 7 classes, summed by hand from the layers' formulas: convolution k c f, batch
 * normalisation 4 c, LSTM 4 u (c + u + 1), dense (c + 1) u.
 */
const lstmSize = (c: number, u: number) => 4 * u * (c + u + 1);
const head = (c: number, u: number) => (c + 1) * u + (u + 1) * 7;
const PARAMETERS: Record<NetworkName, number> = {
  cnn:
    9 * (32 + 32 * 64 + 64 * 128 + 128 * 128) +
    4 * (32 + 64 + 128 + 128) +
    head(Math.floor(64 / 16) * 128, 128),
  "cnn-small": 5 * 64 * 32 + 3 * 32 * 48 + 3 * 48 * 64 + 4 * (32 + 48 + 64) + 65 * 7,
  lstm: lstmSize(64, 128) + lstmSize(128, 128) + head(128, 64),
  bilstm: 2 * lstmSize(64, 128) + 2 * lstmSize(256, 128) + head(256, 64),
  clstm: 5 * 64 * 64 + 5 * 64 * 128 + 4 * (64 + 128) + lstmSize(128, 128) + head(128, 64),
  attention: 65 * 128 + 128 + head(2 * 128, 128),
  "weighted-layers": 4 * 100 * 64 + 100 * 100 + 65 * 7,
  "top-blocks": 2 * (65 * 192 + 65 * 64 + 65 * 256 + 257 * 64 + 4 * 64) + 2 * 64 + 65 * 7,
};

describe.each(NETWORKS)("%s", (name) => {
  test("has as many parameters as its layers' formulas say", async () => {
    const model = await models[name]({ frames: 100, bands: 64, classes: 7, seed: 1 });
    expect(model.countParams()).toBe(PARAMETERS[name]);
    model.dispose();
  });

  test("takes any length, width and number of classes, and gives probabilities", async () => {
    for (const [frames, bands, classes] of [
      [4, 1, 2],
      [17, 13, 8],
      [32, 120, 3],
    ] as const) {
      const model = await models[name]({ frames, bands, classes, seed: 1 });
      const trainer = await createTfjsTrainer(model, { optimizer: { name: "adam" }, seed: 1, maxBatch: 2 });
      const x = Float32Array.from({ length: 2 * frames * bands }, (_, i) => Math.sin(i));
      const out = await trainer.predict({ x, shape: [frames, bands], count: 2 });
      expect(out.length).toBe(2 * classes);
      expect(out.subarray(0, classes).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
      model.dispose();
    }
  });

  test("the seed decides every weight that is drawn", async () => {
    const weights = async (seed: number) => {
      const model = await models[name]({ frames: 8, bands: 5, classes: 3, seed });
      const copies = model.weights.map((weight) => ({
        kind: weight.originalName.split("/").at(-1)!,
        values: Float32Array.from(weight.read().dataSync()),
      }));
      model.dispose();
      return copies;
    };
    const first = await weights(1);
    expect(await weights(1)).toEqual(first);
    const other = await weights(2);
    first.forEach(({ kind, values }, i) => {
      // A kernel of zeros is not drawn.
      if (kind.endsWith("kernel") && values.some(Boolean)) expect(values).not.toEqual(other[i]!.values);
    });
    expect(first.some(({ kind }) => kind.endsWith("kernel"))).toBe(true);
  });
});

test("LSTMs have the true sigmoid as their recurrent activation", async () => {
  await startTfjs();
  for (const name of ["lstm", "bilstm", "clstm"] as const) {
    const model = await models[name]({ frames: 8, bands: 3, classes: 2, seed: 1 });
    const activations = JSON.stringify(model.toJSON(null, false)).match(/"recurrent_activation":"(\w+)"/g);
    expect(new Set(activations)).toEqual(new Set(['"recurrent_activation":"sigmoid"']));
    model.dispose();
  }
});
