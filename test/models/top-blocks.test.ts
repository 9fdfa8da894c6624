import { expect, test } from "vitest";
import { createTrainer } from "../../lib/engine/engine.js";
import { blockShape, topBlocks } from "../../lib/models/top-blocks.js";

const SHAPE = { frames: 12, bands: 64, classes: 3, seed: 1 } as const;

/** The first `real` frames are noise, the others padding. */
function clip(real: number, frames: number): Float32Array {
  return Float32Array.from({ length: frames * SHAPE.bands }, (_, i) =>
    i < real * SHAPE.bands ? Math.sin(i * i) : 0,
  );
}

async function judge(x: Float32Array, frames: number): Promise<Float32Array> {
  const model = await topBlocks({ ...SHAPE, frames });
  const head = model.layers.at(-1)!;
  const [kernel, bias] = head.getWeights();
  head.setWeights([
    kernel!.add(
      kernel!
        .onesLike()
        .cumsum(0)
        .sin()
        .mul(0.01)
        .mul([[1, -1, 2]]),
    ),
    bias!,
  ]);
  const trainer = await createTrainer(model, { optimizer: { name: "adam" }, seed: 1, maxBatch: 1 });
  const out = await trainer.predict({ x, shape: [frames, SHAPE.bands], count: 1 });
  await trainer.dispose();
  return out;
}

test("padding behind a clip changes nothing", async () => {
  const short = await judge(clip(7, 8), 8);
  const long = await judge(clip(7, 20), 20);
  expect(Math.max(...short) - Math.min(...short)).toBeGreaterThan(0.01);
  short.forEach((p, c) => {
    expect(long[c]).toBeCloseTo(p, 5);
  });
});

test("before it has learnt it prefers no class, and its blocks are Whisper's", async () => {
  const model = await topBlocks(SHAPE);
  const names = model.weights
    .map(({ originalName }) => originalName)
    .filter((name) => name.startsWith("block1"));
  expect(names).toEqual(
    ["norm1/gamma", "norm1/beta", "qkv/kernel", "qkv/bias", "out/kernel", "out/bias"]
      .concat(["norm2/gamma", "norm2/beta", "up/kernel", "up/bias", "down/kernel", "down/bias"])
      .map((name) => `block1.${name}`),
  );
  const trainer = await createTrainer(model, { optimizer: { name: "adam" }, seed: 1, maxBatch: 1 });
  const out = await trainer.predict({ x: clip(5, 12), shape: [12, 64], count: 1 });
  for (const p of out) expect(p).toBeCloseTo(1 / 3, 5);
  await trainer.dispose();
  expect(blockShape(512)).toEqual({ heads: 8, width: 512, hidden: 2048 });
});
