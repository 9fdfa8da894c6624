import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { compact, encoderDigest } from "../../lib/encoders/digest.js";

const tensors = (...values: number[]) =>
  new Map([
    ["a", { shape: [2], data: Float32Array.of(1, -2) }],
    ["b", { shape: [1, values.length], data: Float32Array.from(values) }],
  ]);

test("float16 where it loses nothing in any tensor, else float32 in all", () => {
  const half = compact(tensors(0.5, 65_504));
  expect(half.map(({ name, type, shape }) => [name, type, shape])).toEqual([
    ["a", "F16", [2]],
    ["b", "F16", [1, 2]],
  ]);
  expect(Buffer.from(half[0]!.bytes).toString("hex")).toBe("003c00c0");
  const full = compact(tensors(0.1));
  expect(full.map(({ type }) => type)).toEqual(["F32", "F32"]);
  expect(Buffer.from(full[0]!.bytes).toString("hex")).toBe("0000803f000000c0");
});

test("the digest is SHA-256 of what is written here", async () => {
  const text = '{"heads":8}\n{"name":"a","shape":[2],"type":"F16"}\n';
  const expected = createHash("sha256").update(text).update(Buffer.from("003c00c0", "hex")).digest("hex");
  const [first] = compact(new Map([["a", { shape: [2], data: Float32Array.of(1, -2) }]]));
  expect(await encoderDigest(8, [first!])).toBe(expected);
});

test("heads, names, types, shapes, values and order are in the digest", async () => {
  const [a, b] = compact(tensors(1, 2));
  const all = [
    [8, [a!, b!]],
    [4, [a!, b!]],
    [8, [b!, a!]],
    [8, [a!]],
    [8, [a!, { ...b!, name: "c" }]],
    [8, [a!, { ...b!, type: "F32" }]],
    [8, [a!, { ...b!, shape: [2, 1] }]],
    [8, [a!, { ...b!, bytes: Buffer.alloc(4) }]],
  ] as const;
  const digests = await Promise.all(all.map(([heads, stored]) => encoderDigest(heads, stored)));
  expect(new Set(digests).size).toBe(all.length);
});
