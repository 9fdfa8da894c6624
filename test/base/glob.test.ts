import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expandPattern, isPattern } from "../../lib/base/glob.js";
import { needs } from "../needs.js";
import { onPlatform } from "../platform.js";

let folder: string;
// Windows has no bar in a name.
const ODD = process.platform === "win32" ? "a-b (2).wav" : "a|b (2).wav";
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
    `take (1)/${ODD}`,
    "take (1)/!c.wav",
  ]) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), "");
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const matches = async (pattern: string) =>
  (await expandPattern(`${folder}/${pattern}`)).map((path) =>
    path.slice(folder.length + 1).replaceAll("\\", "/"),
  );

test("patterns match as in a shell", async () => {
  expect(await matches("a/*.wav")).toEqual(["a/x1.wav", "a/x2.wav"]);
  expect(await matches("a/x?.wav")).toEqual(["a/x1.wav", "a/x2.wav"]);
  expect(await matches("a/x[!1].wav")).toEqual(["a/x2.wav"]);
  expect(await matches("**/*.wav")).toEqual([
    ...["a/b/c/y+.wav", "a/x1.wav", "a/x2.wav", "q[1].wav"],
    ...["take (1)/!c.wav", `take (1)/${ODD}`],
  ]);
  expect(await matches("a/**/x1.*")).toEqual(["a/b/x1.flac", "a/x1.wav"]);
  expect(await matches("*/b/{x1.flac,c/*+.wav}")).toEqual(["a/b/c/y+.wav", "a/b/x1.flac"]);
  expect(await matches("a/.*/*")).toEqual(["a/.hidden/z.wav"]);
  expect(await matches("*/none")).toEqual([]);
  expect(await matches("none/*")).toEqual([]);
  expect(await matches("a/*")).toEqual(["a/b", "a/x1.wav", "a/x2.wav"]);
  expect(isPattern("a/b.wav")).toBe(false);
});

test("parentheses, bars and exclamation marks are parts of names", async () => {
  expect(await matches("take (1)/*")).toEqual(["take (1)/!c.wav", `take (1)/${ODD}`]);
  expect(await matches(`t* (1)/${ODD.replace("2", "?")}`)).toEqual([`take (1)/${ODD}`]);
  expect(await matches("take (1)/!*.wav")).toEqual(["take (1)/!c.wav"]);
  expect(await matches("take (1)/[!!]*.wav")).toEqual([`take (1)/${ODD}`]);
});

test("a relative pattern gives relative paths, whatever is in front of them", async () => {
  const here = relative(process.cwd(), folder);
  expect(await expandPattern(`${here}/a/x*`)).toEqual([join(here, "a/x1.wav"), join(here, "a/x2.wav")]);
  expect(await expandPattern("./packa*.json")).toContain("package.json");
});

test("links are followed, but not in circles", needs("posix"), async () => {
  await symlink(folder, join(folder, "a/b/round"));
  expect(await matches("a/**/y+.wav")).toContain("a/b/c/y+.wav");
  expect(await matches("a/b/round/q*")).toEqual(["a/b/round/q[1].wav"]);
  await rm(join(folder, "a/b/round"));
});

test("links match, those to nowhere too, each once", needs("posix"), async () => {
  await symlink("/no/where", join(folder, "a/x3.wav"));
  await symlink(join(folder, "a/x1.wav"), join(folder, "a/x4.wav"));
  expect(await matches("a/x*.wav")).toEqual(["a/x1.wav", "a/x2.wav", "a/x3.wav", "a/x4.wav"]);
  await rm(join(folder, "a/x3.wav"));
  await rm(join(folder, "a/x4.wav"));
  await symlink(join(folder, "a/b"), join(folder, "a/linked"));
  expect(await matches("a/[bl]*")).toEqual(["a/b", "a/linked"]);
  expect(await matches("a/*/x1.flac")).toEqual(["a/b/x1.flac", "a/linked/x1.flac"]);
  await rm(join(folder, "a/linked"));
});

test("any pattern gives files that are there, or none", async () => {
  const part = fc.string({ unit: fc.constantFrom(..."ab.x1*?[]{},!-\\^$(+|/".split("")), maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(part, async (pattern) => {
      for (const path of await expandPattern(`${folder}/a/${pattern}`))
        expect(path.startsWith(join(folder, "a"))).toBe(true);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("on Windows backslashes separate folders", async () => {
  const pattern = `${folder}\\a\\**\\x1.*`;
  const found = await onPlatform("win32", () => expandPattern(pattern));
  expect(found).toEqual([join(folder, "a/b/x1.flac"), join(folder, "a/x1.wav")]);
});
