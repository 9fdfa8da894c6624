import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PackedLines, readPacked } from "../../lib/base/packed.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-packed-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("any lines come back, with their SHA-256", async () => {
  const path = join(folder, "lines.gz");
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: "grapheme" })), async (lines) => {
      const file = new PackedLines(path);
      for (const line of lines) await file.write(line);
      const digest = await file.end();
      const text = lines.map((line) => `${line}\n`).join("");
      expect(await readPacked(path)).toBe(text);
      expect(digest).toBe(createHash("sha256").update(text).digest("hex"));
    }),
    { numRuns: 50 },
  );
});

test("more than fits a buffer", async () => {
  const path = join(folder, "long.gz");
  const file = new PackedLines(path);
  const line = Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 100_003).join(",");
  for (let i = 0; i < 20; i++) await file.write(`${i},${line}`);
  await file.end();
  const lines = (await readPacked(path)).trimEnd().split("\n");
  expect(lines.map((own) => own.split(",")[0])).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
});

test("a folder that is not there is an error, not a crash", async () => {
  const file = new PackedLines(join(folder, "none", "lines.gz"));
  const writing = async () => {
    for (let i = 0; i < 1000; i++) await file.write("x".repeat(10_000));
    await file.end();
  };
  await expect(writing()).rejects.toThrow("ENOENT");
});

test("what is cut, or no gzip, is damaged; what is missing is named", async () => {
  const path = join(folder, "damaged.gz");
  for (const bytes of [
    gzipSync("text ".repeat(100)).subarray(0, 20),
    Buffer.from("plain text"),
    Buffer.alloc(0),
  ]) {
    await writeFile(path, bytes);
    await expect(readPacked(path)).rejects.toThrow(`${path} is damaged`);
  }
  await expect(readPacked(join(folder, "none.gz"))).rejects.toThrow("none.gz: no such file");
});
