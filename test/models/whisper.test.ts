import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LayersModel, Tensor } from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { createForward } from "../../lib/engine/forward.js";
import { sinusoids } from "../../lib/engine/layers/positions.js";
import { startTfjs } from "../../lib/engine/tfjs.js";
import { type EncoderShape, whisper } from "../../lib/models/whisper.js";
import { CORE_ENGINES } from "../engine/gradients.js";

const tf = await startTfjs();
const file = join(__dirname, "../fixtures/transformers/whisper_states.json");
const fixture = JSON.parse(readFileSync(file, "utf8")) as {
  shape: EncoderShape;
  frames: number;
  rows: number;
  states: string;
};

/** Numbers in (-0.5, 0.5), as the fixture's were drawn. */
function generator(): (count: number) => Float32Array {
  let state = 7n;
  return (count) =>
    Float32Array.from({ length: count }, () => {
      state = (1103515245n * state + 12345n) & 0x7fffffffn;
      return Number(state) / 0x7fffffff - 0.5;
    });
}

/** Weights in the order of the network, by name, and an input. */
function drawn({ blocks, width, hidden, bands }: EncoderShape) {
  const numbers = generator();
  const weights = new Map<string, Float32Array>();
  const layer = (name: string, kernel: number, bias: number) => {
    weights.set(`${name}/kernel`, numbers(kernel));
    weights.set(`${name}/bias`, numbers(bias));
  };
  const norm = (name: string) => {
    weights.set(
      `${name}/gamma`,
      numbers(width).map((value) => value + 1),
    );
    weights.set(`${name}/beta`, numbers(width));
  };
  layer("conv1", 3 * bands * width, width);
  layer("conv2", 3 * width * width, width);
  for (let i = 0; i < blocks; i++) {
    norm(`block${i}.norm1`);
    layer(`block${i}.qkv`, 3 * width * width, 3 * width);
    weights.get(`block${i}.qkv/bias`)!.fill(0, width, 2 * width); // Whisper's keys have no bias
    layer(`block${i}.out`, width * width, width);
    norm(`block${i}.norm2`);
    layer(`block${i}.up`, width * hidden, hidden);
    layer(`block${i}.down`, width * hidden, width);
  }
  const mel = numbers(fixture.frames * bands).map((value) => 2 * value);
  weights.set("positions/table", sinusoids(fixture.shape.positions, width));
  return { weights, mel };
}

const ordered = (model: LayersModel, weights: Map<string, Float32Array>) =>
  model.weights.map(({ originalName }) => weights.get(originalName)!);

test.each([...CORE_ENGINES, "tfjs"] as const)(
  "its states are those of transformers, on %s",
  async (engine) => {
    const { weights, mel } = drawn(fixture.shape);
    const model = await whisper(fixture.shape);
    expect(model.weights.map(({ originalName }) => originalName).sort()).toEqual([...weights.keys()].sort());
    const forward = await createForward(model, ordered(model, weights), { engine });
    const { data, rows, cols } = await forward.run(mel, fixture.frames);
    await forward.dispose();
    expect([rows, cols]).toEqual([fixture.rows, (fixture.shape.blocks + 1) * fixture.shape.width]);
    const expected = new Float32Array(new Uint8Array(Buffer.from(fixture.states, "base64")).buffer);
    data.forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-5);
    });
  },
);

test("an odd number of frames is halved upwards; more than it has positions for are refused", async () => {
  const model = await whisper({ ...fixture.shape, blocks: 1 }, { seed: 3 });
  const weights = model.weights.map((weight) => weight.read().dataSync() as Float32Array);
  const forward = await createForward(model, weights, { engine: "wasm" });
  for (const frames of [1, 7, 16, 2]) {
    const x = generator()(frames * fixture.shape.bands);
    const { data, rows } = await forward.run(x, frames);
    expect(rows).toBe(Math.ceil(frames / 2));
    const expected = model.predict(tf.tensor(x, [1, frames, fixture.shape.bands])) as Tensor;
    const values = await expected.data();
    data.forEach((value, i) => {
      expect(Math.abs(value - values[i]!)).toBeLessThan(1e-4);
    });
  }
  await expect(forward.run(new Float32Array(20 * fixture.shape.bands), 20)).rejects.toThrow(
    /10 frames.*9 positions/,
  );
  await forward.dispose();
});

test("without a seed the weights are zeros, but for gammas and positions; with one they are drawn", async () => {
  const [zeros, drawnOnes] = [await whisper(fixture.shape), await whisper(fixture.shape, { seed: 1 })];
  for (const [model, expected] of [
    [zeros, 0],
    [drawnOnes, 1],
  ] as const)
    for (const weight of model.weights.filter(({ originalName }) => originalName.endsWith("kernel"))) {
      const values = weight.read().dataSync();
      expect(Number(values.some((value) => value !== 0))).toBe(expected);
    }
  const table = zeros.weights.find(({ originalName }) => originalName === "positions/table")!;
  expect(table.read().dataSync()).toEqual(sinusoids(fixture.shape.positions, fixture.shape.width));
  expect(zeros.trainableWeights.some(({ id }) => id === table.id)).toBe(false);
});
