import { describe, expect, test } from "vitest";
import { stochasticDepth } from "../../lib/engine/layers/stochastic-depth.js";
import { models } from "../../lib/models/models.js";
import {
  batchFor,
  coreDerivatives,
  cores,
  gradientError,
  LAYERS,
  tfjsCan,
  tfjsDerivatives,
} from "./gradients.js";
import { narrowed, network, randomBatch } from "./networks.js";
import { referenceDerivatives } from "./reference.js";

/** [clips, frames, width]: each odd size occurs; `npm run` test/gradients/full.ts takes all combinations. */
const SHAPES = [
  [1, 7, 13],
  [31, 1, 40],
  [2, 7, 1],
  [2, 128, 13],
] as const;

const TOLERANCE = 1e-4;

/** Entries of a weight that are moved for a finite difference, at most. */
const MOVED = 60;
const CORES = cores();

test("a core runs here", () => {
  expect(CORES.map((core) => core.engine)).toContain("wasm");
});

describe.each(Object.entries(LAYERS))("%s", (name, body) => {
  test("the core's gradients are those of TensorFlow.js on plain JavaScript", async () => {
    for (const [count, frames, width] of SHAPES) {
      const model = await network(body, [frames, width]);
      const batch = batchFor(name, count, frames, width);
      const able = tfjsCan(name, count, frames);
      const expected = able ? await tfjsDerivatives(model, batch) : referenceDerivatives(model, batch, 10);
      for (const core of CORES) {
        const found = await coreDerivatives(core, model, batch);
        const place = `${name}, ${core.engine}, ${count} x ${frames} x ${width}`;
        expect(Math.abs(found.loss - expected.loss), `loss, ${place}`).toBeLessThan(1e-4);
        expect(gradientError(found.gradients, expected.gradients), place).toBeLessThan(TOLERANCE);
        if (!("statistics" in expected)) continue;
        expect(gradientError(found.statistics, expected.statistics), `statistics, ${place}`).toBeLessThan(
          TOLERANCE,
        );
      }
      model.dispose();
    }
  });

  test("the core's gradients are the finite differences of the formula in double precision", async () => {
    const model = await network(body, [5, 4], 3, 2);
    const batch = batchFor(name, 3, 5, 4, 2);
    const expected = referenceDerivatives(model, batch, MOVED);
    for (const core of CORES) {
      const found = await coreDerivatives(core, model, batch, 2);
      expect(Math.abs(found.loss - expected.loss), core.engine).toBeLessThan(1e-5);
      expect(gradientError(found.gradients, expected.gradients), core.engine).toBeLessThan(TOLERANCE);
    }
    model.dispose();
  });

  if (!tfjsCan(name, 3, 5)) return;

  test("the two oracles agree", async () => {
    const model = await network(body, [5, 4], 3, 2);
    const batch = batchFor(name, 3, 5, 4, 2);
    const expected = referenceDerivatives(model, batch, MOVED);
    const found = await tfjsDerivatives(model, batch);
    expect(gradientError(found.gradients, expected.gradients)).toBeLessThan(TOLERANCE);
    model.dispose();
  });
});

test.each(Object.keys(models) as (keyof typeof models)[])(
  "narrow %s: gradients and running statistics",
  async (name) => {
    const [frames, bands] = [32, 13];
    // Blocks of attention are as wide as the input.
    const divisor = name === "top-blocks" ? 1 : 16;
    const model = await narrowed(await models[name]({ frames, bands, classes: 7, seed: 1 }), divisor);
    const batch = randomBatch(5, frames * bands, 7);
    for (let clip = 1; clip < 5; clip++)
      batch.x.fill(0, (clip * frames + 5 * clip) * bands, (clip + 1) * frames * bands);
    const expected = await tfjsDerivatives(model, batch);
    for (const core of CORES) {
      const found = await coreDerivatives(core, model, batch);
      expect(Math.abs(found.loss - expected.loss)).toBeLessThan(1e-4);
      expect(gradientError(found.gradients, expected.gradients), core.engine).toBeLessThan(TOLERANCE);
      expect(gradientError(found.statistics, expected.statistics), core.engine).toBeLessThan(TOLERANCE);
    }
  },
);

test.each([false, true])("dropout (spatial: %s) draws the documented masks", async (spatial) => {
  const rate = 0.4;
  const [count, frames, width, seed] = [9, 6, 11, 1];
  const dropped = await network(
    (x, { layers }) =>
      (spatial ? layers.spatialDropout1d({ rate }) : layers.dropout({ rate })).apply(x) as typeof x,
    [frames, width],
  );
  const plain = await network((x) => x, [frames, width]);
  const batch = randomBatch(count, frames * width);
  const kept = batch.x.map((value, i) => {
    const index = spatial ? Math.floor(i / (frames * width)) * width + (i % width) : i;
    return dropoutHash(index, seed, 0, 0) >>> 8 >= rate * 2 ** 24 ? value / (1 - rate) : 0;
  });
  const share = kept.filter((value) => value !== 0).length / kept.length;
  expect(Math.abs(share - (1 - rate))).toBeLessThan(0.12);
  const expected = await tfjsDerivatives(plain, { ...batch, x: kept });
  for (const core of CORES) {
    const found = await coreDerivatives(core, dropped, batch);
    expect(gradientError(found.gradients, expected.gradients), core.engine).toBeLessThan(TOLERANCE);
  }
});

test("stochastic depth draws one mask a clip, as documented", async () => {
  const rate = 0.4;
  const [count, frames, width, seed] = [40, 3, 5, 1];
  const dropped = await network((x) => stochasticDepth({ rate }).apply(x) as typeof x, [frames, width]);
  const plain = await network((x) => x, [frames, width]);
  const batch = randomBatch(count, frames * width);
  const clips = Array.from({ length: count }, (_, b) => dropoutHash(b, seed, 0, 0) >>> 8 >= rate * 2 ** 24);
  const share = clips.filter(Boolean).length / count;
  expect(Math.abs(share - (1 - rate))).toBeLessThan(0.2);
  const kept = batch.x.map((value, i) => (clips[Math.floor(i / (frames * width))] ? value / (1 - rate) : 0));
  const expected = await tfjsDerivatives(plain, { ...batch, x: kept });
  for (const core of CORES) {
    const found = await coreDerivatives(core, dropped, batch, 2);
    expect(gradientError(found.gradients, expected.gradients), core.engine).toBeLessThan(TOLERANCE);
  }
});

/** As core/core.h has it. */
function dropoutHash(index: number, seed: number, step: number, salt: number): number {
  return mix(index + mix(mix(mix(seed) + step) + salt));
}

function mix(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d) >>> 0;
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b) >>> 0;
  return (x ^ (x >>> 16)) >>> 0;
}
