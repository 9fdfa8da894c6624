import { beforeAll, describe, expect, test } from "vitest";
import { compileForward } from "../../../lib/engine/compile.js";
import type { Core } from "../../../lib/engine/core.js";
import { stochasticDepth } from "../../../lib/engine/layers/stochastic-depth.js";
import { startTfjs } from "../../../lib/engine/tfjs.js";
import { loadWasm } from "../../../lib/engine/wasm.js";
import { findAdapter, type Gear } from "../../../lib/engine/webgpu/device.js";
import { createNetwork } from "../../../lib/engine/webgpu/network.js";
import { models } from "../../../lib/models/models.js";
import { onAdapter, useAdapter } from "../../adapter.js";
import { needs } from "../../needs.js";
import { batchFor, coreDerivatives, gradientError, LAYERS } from "../gradients.js";
import { type Body, chain, narrowed, network, randomBatch } from "../networks.js";
import { referenceDerivatives } from "../reference.js";

/** As for the other cores: sums in single precision, whatever their order. */
const TOLERANCE = 1e-4;
/** The network that cannot be made narrow takes minutes; its blocks are among the layers. */
const NARROW = (Object.keys(models) as (keyof typeof models)[]).filter((name) => name !== "top-blocks");
/** Entries of a weight that are moved for a finite difference, at most. */
const MOVED = 40;
const gpu = onAdapter();
const wasm = (() => {
  const found = loadWasm();
  if ("reason" in found) throw new Error(found.reason);
  return found.core;
})();

/** The adapter, not known to be a software one. */
async function asHardware(): Promise<Gear> {
  useAdapter();
  const found = await findAdapter();
  if ("reason" in found) throw new Error(found.reason);
  return Object.assign(Object.create(await found.start()), { info: { ...found.info, software: false } });
}

// Plain JavaScript, for the references.
beforeAll(async () => {
  await (await startTfjs()).setBackend("cpu");
});

describe("gradients", needs("webgpu"), () => {
  test.each(Object.entries(LAYERS))("%s: those of the formula in double precision", async (name, body) => {
    const model = await network(body, [5, 4], 3, 2);
    const batch = batchFor(name, 3, 5, 4, 2);
    const expected = referenceDerivatives(model, batch, MOVED);
    const found = await coreDerivatives(gpu, model, batch);
    expect(Math.abs(found.loss - expected.loss)).toBeLessThan(1e-5);
    expect(gradientError(found.gradients, expected.gradients)).toBeLessThan(TOLERANCE);
    const others = await coreDerivatives(wasm, model, batch);
    expect(gradientError(found.gradients, others.gradients)).toBeLessThan(TOLERANCE);
    expect(gradientError(found.statistics, others.statistics)).toBeLessThan(TOLERANCE);
    model.dispose();
  });

  // More rows than a workgroup has, sums in several parts, several clips.
  test.each(["dense relu", "conv2d same", "batch normalisation", "bidirectional lstm, padding"])(
    "%s: of long clips, those of WebAssembly",
    async (name) => {
      const model = await network(LAYERS[name]!, [70, 13], 3, 2);
      const batch = batchFor(name, 3, 70, 13, 2);
      const [found, expected] = [
        await coreDerivatives(gpu, model, batch),
        await coreDerivatives(wasm, model, batch),
      ];
      expect(gradientError(found.gradients, expected.gradients)).toBeLessThan(TOLERANCE);
      model.dispose();
    },
  );

  test.each(["conv2d same", "grouped convolution", "batch normalisation", "lstm", "gru", "self-attention"])(
    "%s: the kernels that a real GPU gets, with sizes as constants",
    async (name) => {
      const core: Core = { ...gpu, create: async (...given) => createNetwork(await asHardware(), ...given) };
      const model = await network(LAYERS[name]!, [5, 4], 3, 2);
      const batch = batchFor(name, 3, 5, 4, 2);
      const [found, expected] = [
        await coreDerivatives(core, model, batch),
        await coreDerivatives(wasm, model, batch),
      ];
      expect(gradientError(found.gradients, expected.gradients)).toBeLessThan(TOLERANCE);
      model.dispose();
    },
  );

  test.each(NARROW)("narrow %s: those of WebAssembly", async (name) => {
    const [frames, bands] = [32, 13];
    const model = await narrowed(await models[name]({ frames, bands, classes: 7, seed: 1 }), 16);
    const batch = randomBatch(5, frames * bands, 7);
    const [found, expected] = [
      await coreDerivatives(gpu, model, batch),
      await coreDerivatives(wasm, model, batch),
    ];
    expect(Math.abs(found.loss - expected.loss)).toBeLessThan(1e-4);
    expect(gradientError(found.gradients, expected.gradients)).toBeLessThan(TOLERANCE);
    expect(gradientError(found.statistics, expected.statistics)).toBeLessThan(TOLERANCE);
  });

  test.each<[string, Body]>([
    ["units", (x, { layers }) => chain(x, layers.dropout({ rate: 0.4 }), layers.dropout({ rate: 0.2 }))],
    ["channels", (x, { layers }) => chain(x, layers.spatialDropout1d({ rate: 0.4 }))],
    ["clips", (x) => chain(x, stochasticDepth({ rate: 0.4 }))],
  ])("dropout of %s draws WebAssembly's masks", async (_, body) => {
    const model = await network(body, [6, 11]);
    const batch = randomBatch(9, 66);
    const [found, expected] = [
      await coreDerivatives(gpu, model, batch),
      await coreDerivatives(wasm, model, batch),
    ];
    expect(gradientError(found.gradients, expected.gradients)).toBeLessThan(TOLERANCE);
  });
});

test("inference alone: a transformer's block", needs("webgpu"), async () => {
  const model = await network(LAYERS["transformer block, norm before"]!, [8, 4], 3, 2);
  const { program, parameters: size, offsets } = compileForward(model);
  const parameters = new Float32Array(size);
  model.weights.forEach((weight, i) => {
    parameters.set(weight.read().dataSync(), offsets[i]);
  });
  const { x } = randomBatch(1, 32);
  const outputs: Float32Array[] = [];
  for (const core of [wasm, gpu]) {
    const forward = await core.createForward(program, parameters, 1);
    outputs.push(await forward.run(x));
    await forward.destroy();
  }
  outputs[0]!.forEach((value, i) => {
    expect(outputs[1]![i]).toBeCloseTo(value, 5);
  });
});
