import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { fromRows } from "../../lib/base/matrix.js";
import { decodeNpy, encodeNpy, readNpy, writeNpy } from "../../lib/features/npy.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "npy-"));
});
afterAll(() => rm(folder, { recursive: true }));

// numpy.save of numpy.array([[1, 2, 3], [4, 5, 6]], dtype="<f4"), NumPy 1.24, in hexadecimal.
const HEADER =
  "934e554d5059010076007b276465736372273a20273c6634272c2027666f727472616e5f6f72646572273a2046616c73652c20277368617065273a2028322c2033292c207d";
const NUMPY = Buffer.concat([
  Buffer.from(HEADER, "hex"),
  Buffer.from(`${" ".repeat(128 - HEADER.length / 2 - 1)}\n`),
  Buffer.from(Float32Array.of(1, 2, 3, 4, 5, 6).buffer),
]);

test("the bytes are NumPy's", () => {
  expect(Buffer.from(encodeNpy({ data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] }))).toEqual(NUMPY);
  expect(decodeNpy(NUMPY, "a.npy")).toEqual({ data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] });
});

test("there and back, in both precisions", () => {
  const arrays = fc.oneof(fc.float32Array(), fc.float64Array());
  fc.assert(
    fc.property(arrays, (data) => {
      expect(decodeNpy(encodeNpy({ data, shape: [data.length] }), "a.npy")).toEqual({
        data,
        shape: [data.length],
      });
    }),
    { seed: 1 },
  );
});

test("Fortran order", () => {
  const bytes = Buffer.from(NUMPY);
  bytes.write("True, ", bytes.indexOf("False"), "latin1");
  expect(Array.from(decodeNpy(bytes, "a.npy").data)).toEqual([1, 3, 5, 2, 4, 6]);
});

test("any other bytes are a UserError that names the file", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(150), (noise, at) => {
      const bytes = Buffer.from(NUMPY);
      bytes.set(noise.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length));
      try {
        const { data, shape } = decodeNpy(bytes.subarray(0, bytes.length - (at % 3)), "a.npy");
        expect(data.length).toBe(shape.reduce((product, n) => product * n, 1));
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        expect((error as Error).message).toMatch(/^a\.npy: /);
      }
    }),
    { seed: 1, numRuns: 500 },
  );
});

test("matrices in files", async () => {
  const path = join(folder, "deep", "a.npy");
  const matrix = fromRows([[1, 2, 3], [4, 5, 6]]); // biome-ignore format: a matrix
  await writeNpy(path, matrix);
  expect(await readNpy(path)).toEqual(matrix);
  await writeFile(path, encodeNpy({ data: Float64Array.of(1, 2), shape: [2] }));
  expect(await readNpy(path)).toEqual(fromRows([[1, 2]]));
  await writeFile(path, encodeNpy({ data: Float64Array.of(1, Number.NaN), shape: [2] }));
  await expect(readNpy(path)).rejects.toThrow(/NaN/);
  await writeFile(path, encodeNpy({ data: Float64Array.of(1), shape: [1, 1, 1] }));
  await expect(readNpy(path)).rejects.toThrow(/3 dimensions/);
  await expect(readNpy(join(folder, "none.npy"))).rejects.toThrow(/no such file/);
});
