import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { bytesOf } from "../../lib/encoders/bytes.js";
import { toHalf } from "../../lib/encoders/half.js";
import { SafetensorsFile, type StoredTensor, writeSafetensors } from "../../lib/encoders/safetensors.js";
import { FIXTURE, withHeader } from "./files.js";

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "safetensors-"));
  path = join(folder, "a.safetensors");
});
afterAll(() => rm(folder, { recursive: true }));

async function opened(bytes: Buffer): Promise<SafetensorsFile> {
  await writeFile(path, bytes);
  return SafetensorsFile.open(path);
}

const entry = (shape: number[], begin: number, end: number, dtype = "F32") => ({
  ...{ dtype, shape, data_offsets: [begin, end] },
});
const bytes = (count: number) => Buffer.alloc(count, 1);

test("reads what Python's safetensors wrote", async () => {
  const file = await SafetensorsFile.open(join(FIXTURE, "states.safetensors"));
  expect(Object.fromEntries(file.shapes)).toEqual({
    ...{ mel: [72, 80], state0: [36, 24], state1: [36, 24], state2: [36, 24] },
  });
  expect((await file.stored("mel")).type).toBe("F16");
  expect((await file.stored("state0")).type).toBe("F32");
  const mel = await file.read("mel");
  expect(mel).toHaveLength(72 * 80);
  // Random numbers of deviation 0.7.
  expect(Math.sqrt(mel.reduce((sum, x) => sum + x * x, 0) / mel.length)).toBeCloseTo(0.7, 1);
  await expect(file.read("other")).rejects.toThrow(/has no tensor other/);
  await file.close();
});

test("what is written is read, and the same tensors give the same bytes", async () => {
  const names = fc.uniqueArray(
    fc.string({ unit: "binary" }).filter((name) => !name.startsWith("__")),
    { maxLength: 5 },
  );
  const values = fc.float32Array({ noNaN: true, noDefaultInfinity: true, maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(names, values, fc.boolean(), async (all, data, half) => {
      const whole = Float32Array.from(data, (x) => Math.round(x) % 2048);
      const halves = half ? toHalf(whole) : undefined;
      const stored = bytesOf(halves ?? data);
      const tensors = all.map((name): StoredTensor => {
        return { name, type: halves ? "F16" : "F32", shape: [data.length, 1], bytes: stored };
      });
      await writeSafetensors(path, tensors, { made: "here" });
      const first = await readFile(path);
      const file = await SafetensorsFile.open(path);
      expect([...file.shapes]).toEqual(all.map((name) => [name, [data.length, 1]]));
      expect(file.metadata).toEqual({ made: "here" });
      for (const name of all) expect(await file.read(name)).toEqual(halves ? whole : data);
      await file.close();
      await writeSafetensors(path, tensors, { made: "here" });
      expect((await readFile(path)).equals(first)).toBe(true);
      expect(first.readBigUInt64LE() % 8n).toBe(0n);
    }),
    { seed: 1, numRuns: 60 },
  );
});

describe("refuses by name", () => {
  const header = (value: unknown, rest = 8) => withHeader(JSON.stringify(value), bytes(rest));
  test.each([
    ["a file of a few bytes", Buffer.from("abc"), /is truncated/],
    ["a header longer than the file", withHeader("{}").fill(255, 0, 2), /is truncated/],
    ["a header beyond all measure", Buffer.alloc(16, 0x7b), /header would have/],
    ["a header that is no JSON", withHeader("{abc"), /header is not a JSON object/],
    [
      "a header that is not UTF-8",
      Buffer.concat([withHeader("{").fill(1, 0, 1), Buffer.of(0xff)]),
      /not a JSON object/,
    ],
    ["a header that is no object", withHeader("[]"), /not a JSON object/],
    ["a tensor without a shape", header({ a: { dtype: "F32", data_offsets: [0, 8] } }), /a\.shape/],
    ["a shape with fractions", header({ a: entry([0.5], 0, 8) }), /an invalid value 0.5 at a\.shape\.0/],
    ["a negative place", header({ a: entry([2], -8, 0) }), /an invalid value -8 at/],
    ["a cut file", header({ a: entry([4], 0, 16) }), /is truncated: it has \d+ bytes of at least \d+/],
    [
      "a shape with other bytes",
      header({ a: entry([3], 0, 8) }),
      /a has 8 bytes, which does not fit its shape \[3\] of F32/,
    ],
    ["a shape beyond whole numbers", header({ a: entry([2 ** 40, 2 ** 40], 0, 8) }), /a has 8 bytes/],
    [
      "tensors over one another",
      header({ a: entry([2], 0, 8), b: entry([1], 4, 8) }),
      /b does not begin where/,
    ],
    ["a hole", header({ a: entry([1], 4, 8) }), /a does not begin where/],
    [
      "an end before the beginning",
      header({ a: entry([2], 0, 8), b: entry([1], 8, 4) }),
      /b does not begin where/,
    ],
    ["bytes behind the end", header({ a: entry([1], 0, 4) }), /4 bytes follow/],
    ["metadata of another kind", header({ __metadata__: { a: 1 }, a: entry([2], 0, 8) }), /__metadata__\.a/],
  ])("%s", async (_, content, words) => {
    await expect(opened(content)).rejects.toThrow(UserError);
    await expect(opened(content)).rejects.toThrow(words);
    await expect(opened(content)).rejects.toThrow(path);
  });

  test("types of integers when they are read, and NaN", async () => {
    const header = {
      a: entry([1], 0, 8, "I64"),
      b: entry([2], 8, 12, "F4"),
      c: entry([1], 12, 16),
      d: entry([1], 16, 18, "BF16"),
    };
    const file = await opened(
      withHeader(JSON.stringify(header), bytes(12), Buffer.alloc(4, 255), Buffer.of(0x80, 0x3f)),
    );
    await expect(file.read("a")).rejects.toThrow(/a has the type I64; supported are float32/);
    await expect(file.read("b")).rejects.toThrow(/b has the type F4/);
    await expect(file.read("c")).rejects.toThrow(/c contains NaN/);
    expect(await file.read("d")).toEqual(Float32Array.of(1));
    await file.close();
  });

  test("a file that is not there", async () => {
    await expect(SafetensorsFile.open(join(folder, "none"))).rejects.toThrow(
      /cannot read .*none: no such file/,
    );
  });
});

test("any damage gives whole tensors or a UserError", async () => {
  const whole = withHeader(JSON.stringify({ a: entry([2, 2], 0, 16), b: entry([1], 16, 20) }), bytes(20));
  const damage = fc.record({
    at: fc.nat(whole.length - 1),
    noise: fc.uint8Array({ maxLength: 12 }),
    cut: fc.nat(whole.length),
    keep: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(damage, async ({ at, noise, cut, keep }) => {
      const damaged = Buffer.from(whole);
      damaged.set(noise.subarray(0, damaged.length - at), at);
      await mayFail(keep ? damaged : damaged.subarray(0, cut));
    }),
    { seed: 2, numRuns: 600 },
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), (noise) => mayFail(Buffer.from(noise))),
    { seed: 3, numRuns: 200 },
  );
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
