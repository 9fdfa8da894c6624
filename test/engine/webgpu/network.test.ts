import { describe, expect, test } from "vitest";
import { ACTIVATION, CORE_MAGIC, NONE, OP } from "../../../lib/engine/core.js";
import { createCoreTrainer } from "../../../lib/engine/core-trainer.js";
import { loadWasm } from "../../../lib/engine/wasm.js";
import { findAdapter } from "../../../lib/engine/webgpu/device.js";
import { createNetwork, type GpuNetwork } from "../../../lib/engine/webgpu/network.js";
import { models } from "../../../lib/models/models.js";
import { onAdapter, useAdapter } from "../../adapter.js";
import { needs } from "../../needs.js";
import { type Body, chain, network, randomBatch } from "../networks.js";

const gpu = onAdapter();
const wasm = (() => {
  const found = loadWasm();
  if ("reason" in found) throw new Error(found.reason);
  return found.core;
})();
const ADAM = { optimizer: { name: "adam" }, seed: 5, maxBatch: 4 } as const;

/** All that has a state or a mask. */
const BODY: Body = (x, { layers }) =>
  chain(
    x,
    layers.conv1d({ filters: 8, kernelSize: 3, padding: "same" }),
    layers.batchNormalization({ momentum: 0.9 }),
    layers.reLU(),
    layers.dropout({ rate: 0.3 }),
    layers.lstm({ units: 5, recurrentActivation: "sigmoid" }),
  );

/** A dense layer and a softmax. */
const SMALL = Int32Array.from([
  ...[CORE_MAGIC, 3, 1, 2, 0, 2, 2, 2, 2, 0, 4, 1],
  ...[OP.dense, 9, 0, 1, 1, 2, 2, 0, NONE],
  ...[OP.activation, 8, 1, 2, 1, 2, ACTIVATION.softmax, 0],
]);

async function small(): Promise<GpuNetwork> {
  useAdapter();
  const found = await findAdapter();
  if ("reason" in found) throw new Error(found.reason);
  return createNetwork(await found.start(), SMALL, Float32Array.of(1, 0, 0, 1), { maxBatch: 4, seed: 1 });
}

describe("training", needs("webgpu"), () => {
  // As wide as shipped, on short clips of few bands: the adapter is the processor. A narrow Bi-LSTM is
  // in layers.test.ts.
  test.each(["cnn", "lstm", "clstm"] as const)("%s: twenty steps give WebAssembly's losses", async (name) => {
    const [frames, bands] = name === "cnn" ? [16, 16] : [8, 20];
    const losses: number[][] = [];
    for (const core of [wasm, gpu]) {
      const model = await models[name]({ frames, bands, classes: 7, seed: 1 });
      const trainer = await createCoreTrainer(core, model, ADAM);
      const own: number[] = [];
      for (let i = 0; i < 20; i++)
        own.push(await trainer.step(randomBatch(4, frames * bands, 7, i % 3), 1e-3));
      losses.push(own);
      await trainer.dispose();
      model.dispose();
    }
    losses[0]!.forEach((loss, i) => {
      expect(Math.abs(losses[1]![i]! - loss), `step ${i}`).toBeLessThan(1e-3);
    });
  });

  test("a state goes from WebGPU to WebAssembly and back, and a restored one repeats to the bit", async () => {
    const model = await network(BODY, [10, 6]);
    const [on, off] = [await createCoreTrainer(gpu, model, ADAM), await createCoreTrainer(wasm, model, ADAM)];
    const train = async (trainer: typeof on, from: number, to: number) => {
      const losses: number[] = [];
      for (let i = from; i < to; i++)
        losses.push(await trainer.step(randomBatch(i % 3 === 2 ? 3 : 4, 60, 3, i), 1e-2));
      return losses;
    };
    await train(on, 0, 4);
    const state = await on.state();
    expect(state.step).toBe(4);
    off.restore(state);
    const [here, there] = [await train(on, 4, 9), await train(off, 4, 9)];
    here.forEach((loss, i) => {
      expect(Math.abs(there[i]! - loss)).toBeLessThan(1e-3);
    });
    const later = await on.state();
    on.restore(state);
    expect(await train(on, 4, 9)).toEqual(here);
    expect(await on.state()).toEqual(later);
    on.restore(await off.state());
    const [again, too] = [await train(on, 9, 12), await train(off, 9, 12)];
    again.forEach((loss, i) => {
      expect(Math.abs(too[i]! - loss)).toBeLessThan(1e-3);
    });
    await Promise.all([on.dispose(), off.dispose()]);
  });

  test("a thousand steps, and thirty networks one after another, hold no memory", async () => {
    const batch = { x: Float32Array.of(1, 0, 0, 1), y: Float32Array.of(1, 0, 0, 1), count: 2 };
    const net = await small();
    await net.step(batch, 1e-2);
    const { held } = net.cost(2);
    const used: number[] = [];
    let last = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 1000; i++) {
      last = await net.step(batch, 1e-2);
      if (i % 250 === 249) used.push(process.memoryUsage.rss());
    }
    expect(last).toBeLessThan(0.1);
    expect(net.cost(2).held).toBe(held);
    expect(used.at(-1)! - used[0]!).toBeLessThan(64 * 2 ** 20);
    await net.destroy();
    const before = process.memoryUsage.rss();
    for (let i = 0; i < 30; i++) await (await small()).destroy();
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 2 ** 20);
  });

  test("only the batch goes up and the loss comes down", async () => {
    const net = await small();
    const { up, down, dispatches } = net.cost(3);
    expect(up).toBe(4 * (3 * (2 + 2 + 1) + 8));
    expect(down).toBe(4);
    expect(dispatches).toBe(6); // product, softmax, loss of each clip and of the batch, gradient, Adam
    await net.destroy();
  });

  test("a network that has ended is no longer used", async () => {
    const net = await small();
    await net.destroy();
    await net.destroy();
    await expect((async () => net.predict(new Float32Array(2), 1))()).rejects.toThrow("destroyed");
  });
});
