import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expandPattern, isPattern } from "../../lib/base/glob.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-glob-"));
  for (const path of [
    "a/x1.wav",
    "a/x2.wav",
    "a/b/x1.flac",
    "a/b/c/y+.wav",
    "a/.hidden/z.wav",
    "a/.z.wav",
    "q[1].wav",
  ]) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), "");
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const matches = async (pattern: string) =>
  (await expandPattern(`${folder}/${pattern}`)).map((path) => path.slice(folder.length + 1));

test("patterns match as in a shell", async () => {
  expect(await matches("a/*.wav")).toEqual(["a/x1.wav", "a/x2.wav"]);
  expect(await matches("a/x?.wav")).toEqual(["a/x1.wav", "a/x2.wav"]);
  expect(await matches("a/x[!1].wav")).toEqual(["a/x2.wav"]);
  expect(await matches("**/*.wav")).toEqual(["a/b/c/y+.wav", "a/x1.wav", "a/x2.wav", "q[1].wav"]);
  expect(await matches("a/**/x1.*")).toEqual(["a/b/x1.flac", "a/x1.wav"]);
  expect(await matches("*/b/{x1.flac,c/*+.wav}")).toEqual(["a/b/c/y+.wav", "a/b/x1.flac"]);
  expect(await matches("a/.*/*")).toEqual(["a/.hidden/z.wav"]);
  expect(await matches("*/none")).toEqual([]);
  expect(await matches("none/*")).toEqual([]);
  expect(isPattern("a/b.wav")).toBe(false);
});

test("any pattern gives files that are there, or none", async () => {
  const part = fc.string({ unit: fc.constantFrom(..."ab.x1*?[]{},!-\\^$(+|/".split("")), maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(part, async (pattern) => {
      for (const path of await expandPattern(`${folder}/a/${pattern}`))
        expect(path.startsWith(`${folder}/a`)).toBe(true);
    }),
    { seed: 1, numRuns: 300 },
  );
});
