import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { CTranslate2File } from "../../lib/encoders/ctranslate2.js";
import { ctranslate2Of, FIXTURE, type Variable } from "./files.js";

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ctranslate2-"));
  path = join(folder, "model.bin");
});
afterAll(() => rm(folder, { recursive: true }));

async function opened(bytes: Buffer): Promise<CTranslate2File> {
  await writeFile(path, bytes);
  return CTranslate2File.open(path);
}

const floats = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer);
const variable = (name: string, shape: number[], type: number, bytes: Buffer): Variable => ({
  ...{ name, shape, type, bytes },
});

test("reads what CTranslate2 wrote: int8 differs from float16 by half a step of its row at most", async () => {
  const half = await CTranslate2File.open(join(FIXTURE, "model.bin"));
  const int8 = await CTranslate2File.open(join(FIXTURE, "model.int8.bin"));
  expect(half.spec).toBe("WhisperSpec");
  expect(await half.read("encoder/num_heads")).toEqual(Float32Array.of(3));
  let different = 0;
  for (const [name, shape] of half.shapes) {
    if (shape.length === 0) continue;
    const [exact, rounded] = [await half.read(name), await int8.read(name)];
    const columns = exact.length / shape[0]!;
    for (let row = 0; row < shape[0]!; row++) {
      const values = exact.subarray(row * columns, (row + 1) * columns);
      const step = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / 127;
      for (const [i, value] of values.entries()) {
        const error = Math.abs(rounded[row * columns + i]! - value);
        expect(error).toBeLessThanOrEqual(step / 2 + 1e-6);
        if (error > 0) different++;
      }
    }
  }
  expect(different).toBeGreaterThan(1000);
  expect(int8.shapes.has("encoder/layer_0/ffn/linear_0/weight_scale")).toBe(true);
  await half.close();
  await int8.close();
});

test("divides the scale of each row out of int8, of matrices and convolutions", async () => {
  const file = await opened(
    ctranslate2Of([
      variable("w", [2, 2], 1, Buffer.from(Int8Array.of(1, -127, 4, 0).buffer)),
      variable("w_scale", [2], 0, floats(2, 8)),
      variable("c", [1, 2, 1], 1, Buffer.from(Int8Array.of(3, 6).buffer)),
      variable("c_scale", [1], 0, floats(3)),
    ]),
  );
  expect(await file.read("w")).toEqual(Float32Array.of(0.5, -63.5, 0.5, 0));
  expect(await file.read("c")).toEqual(Float32Array.of(1, 2));
  await file.close();
});

test("a variable that is equal to another is kept once, and has two names", async () => {
  const a = [variable("a", [1], 0, floats(5))];
  const file = await opened(ctranslate2Of(a, { aliases: [["b", "a"]] }));
  expect(await file.read("b")).toEqual(Float32Array.of(5));
  expect(file.shapes.get("b")).toEqual([1]);
  await file.close();
  await expect(opened(ctranslate2Of(a, { aliases: [["b", "c"]] }))).rejects.toThrow(
    /b refers to no variable/,
  );
});

test("refuses int16, int8 without scales, scales of another number, and infinities", async () => {
  const file = await opened(
    ctranslate2Of([
      variable("a", [2], 2, Buffer.alloc(4)),
      variable("b", [2, 1], 1, Buffer.alloc(2)),
      variable("c", [2, 1], 1, Buffer.alloc(2)),
      variable("c_scale", [1], 0, floats(1)),
      variable("d", [1, 1], 1, Buffer.from([1])),
      variable("d_scale", [1], 0, floats(0)),
    ]),
  );
  await expect(file.read("a")).rejects.toThrow(
    /a is int16; supported are float32, .* --quantization float16/,
  );
  await expect(file.read("b")).rejects.toThrow(/b is int8 without a scale for each row/);
  await expect(file.read("c")).rejects.toThrow(/c is int8 without a scale for each row/);
  await expect(file.read("d")).rejects.toThrow(/d contains NaN or infinity/);
  await expect(file.read("e")).rejects.toThrow(/has no variable e/);
  await file.close();
});

test("refuses other versions by name, and what is not whole", async () => {
  const one = variable("a", [1], 0, floats(1));
  await expect(opened(ctranslate2Of([one], { version: 5 }))).rejects.toThrow(
    /WhisperSpec in binary version 5; supported is version 6/,
  );
  await expect(opened(ctranslate2Of([one, one]))).rejects.toThrow(/a occurs twice/);
  await expect(opened(ctranslate2Of([{ ...one, type: 9 }]))).rejects.toThrow(/a has an unknown type/);
  await expect(opened(ctranslate2Of([{ ...one, shape: [3] }]))).rejects.toThrow(
    /a has 4 bytes, which does not fit its shape \[3\]/,
  );
  const whole = ctranslate2Of([one]);
  await expect(opened(Buffer.concat([whole, Buffer.alloc(1)]))).rejects.toThrow(/1 bytes follow/);
  for (let end = 6; end < whole.length; end++)
    await expect(opened(whole.subarray(0, end))).rejects.toThrow(/is truncated/);
});

test("any damage gives whole variables or a UserError", async () => {
  const fixture = await readFile(join(FIXTURE, "model.int8.bin"));
  // Of the real file the beginning, where names and shapes are dense.
  const small = ctranslate2Of(
    [
      variable("encoder/a", [2, 2], 0, floats(1, 2, 3, 4)),
      variable("b", [3], 4, Buffer.alloc(6)),
      variable("c", [2, 1], 1, Buffer.alloc(2)),
      variable("c_scale", [2], 0, floats(1, 2)),
    ],
    { aliases: [["d", "b"]] },
  );
  for (const [whole, numRuns] of [
    [small, 600],
    [fixture, 100],
  ] as const) {
    const cut = fc.oneof(fc.constant(whole.length), fc.nat(whole.length));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.uint8Array({ maxLength: 12 }),
        cut,
        async (at, noise, end) => {
          const damaged = Buffer.from(whole);
          damaged.set(noise.subarray(0, damaged.length - at), at);
          await mayFail(damaged.subarray(0, end));
        },
      ),
      { seed: 4, numRuns },
    );
  }
});

async function mayFail(content: Buffer): Promise<void> {
  try {
    const file = await opened(content);
    try {
      for (const [name, shape] of file.shapes)
        expect((await file.read(name)).length).toBe(shape.reduce((product, n) => product * n, 1));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
}
