import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ByteFile, bytesOf, floatsOf, shown, valuesOf } from "../../lib/encoders/bytes.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bytes-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("reads pieces, and none beyond the end, whatever length is asked for", async () => {
  const path = join(folder, "a");
  await writeFile(path, "abcdef");
  const file = await ByteFile.open(path);
  expect(file.size).toBe(6);
  expect((await file.read(1, 3)).toString()).toBe("bcd");
  expect(await file.read(6, 0)).toHaveLength(0);
  await expect(file.read(4, 3)).rejects.toThrow(/a is truncated: it has 6 bytes of at least 7/);
  await expect(file.read(0, 2 ** 50)).rejects.toThrow(/is truncated/);
  await writeFile(path, "abc");
  await expect(file.read(2, 4)).rejects.toThrow(/is truncated/);
  await file.close();
  await expect(ByteFile.open(join(folder, "b"))).rejects.toThrow(/cannot read .*b: no such file/);
  const none = await ByteFile.open(folder);
  await expect(none.read(0, 1)).rejects.toThrow(/cannot read .*: is a folder, not a file/);
  await none.close();
});

test("numbers are little-endian in files", () => {
  expect(bytesOf(Float32Array.of(1)).toString("hex")).toBe("0000803f");
  expect(bytesOf(Uint16Array.of(0x1234)).toString("hex")).toBe("3412");
  const copy = (hex: string) => Buffer.from(new Uint8Array(Buffer.from(hex, "hex")).buffer);
  expect(floatsOf(copy("0000803f"), "F32")).toEqual(Float32Array.of(1));
  expect(floatsOf(copy("003c00c0"), "F16")).toEqual(Float32Array.of(1, -2));
  expect(floatsOf(copy("803f"), "BF16")).toEqual(Float32Array.of(1));
});

test("how many values a shape has", () => {
  expect([valuesOf([]), valuesOf([2, 3]), valuesOf([0, 5])]).toEqual([1, 6, 0]);
  expect(valuesOf([2 ** 40, 2 ** 40])).toBeUndefined();
});

test("what a damaged file says takes one line", () => {
  expect(shown("a\nb\u001b[31m")).toBe("a?b?[31m");
  expect(shown("x".repeat(1000))).toHaveLength(200);
});
