import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type Checkpoint,
  otherMaker,
  readCheckpoint,
  writeCheckpoint,
} from "../../lib/training/checkpoint.js";

let path: string;
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), "ser-")), "checkpoint.bin");
});
afterEach(() => rm(join(path, ".."), { recursive: true, force: true }));

const CHECKPOINT: Checkpoint = {
  key: "abc",
  engine: "tfjs",
  instructionSet: "wasm",
  epoch: 3,
  stepInEpoch: 7,
  lossSum: 0.1 + 0.2,
  seconds: 1.5,
  history: [
    {
      epoch: 1,
      trainLoss: 1 / 3,
      validationLoss: 2,
      validationUar: 0.25,
      learningRate: 1e-3,
      seconds: 1,
    },
  ],
  best: { epoch: 2, uar: 2 / 7, weights: [Float32Array.of(1, 2, 3), new Float32Array(0)] },
  state: {
    step: 27,
    weights: [Float32Array.of(Math.PI, -0), Float32Array.of(1e-40)],
    m: [Float32Array.of(5)],
    v: [Float32Array.of(Number.NaN)],
  },
};

test("is read back to the bit", async () => {
  await writeCheckpoint(path, CHECKPOINT);
  expect(await readCheckpoint(path)).toEqual(CHECKPOINT);
});

test("there may be none", async () => {
  expect(await readCheckpoint(path)).toBeUndefined();
});

test("another engine or instruction set is said, the same is not", () => {
  expect(otherMaker(CHECKPOINT, { engine: "tfjs", instructionSet: "wasm" })).toBeUndefined();
  expect(otherMaker(CHECKPOINT, { engine: "tfjs", instructionSet: "cpu" })).toMatch(
    /^the checkpoint was made by tfjs \(wasm\), this is tfjs \(cpu\): .*last bits/,
  );
  expect(otherMaker(CHECKPOINT, { engine: "native", instructionSet: "SSE2" })).toContain(
    "this is native (SSE2)",
  );
});

test("damage is found, wherever it is", async () => {
  await writeCheckpoint(path, CHECKPOINT);
  const bytes = await readFile(path);
  for (const at of [0, 20, 100, bytes.length - 1]) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 1;
    await writeFile(path, damaged);
    await expect(readCheckpoint(path)).rejects.toThrow(/damaged or not a checkpoint.*--resume/);
  }
  await writeFile(path, bytes.subarray(0, bytes.length - 3));
  await expect(readCheckpoint(path)).rejects.toThrow("damaged");
  await writeFile(path, "");
  await expect(readCheckpoint(path)).rejects.toThrow("damaged");
});
