import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commitOf } from "../../lib/base/commit.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-commit-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const git = (...args: string[]) =>
  execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], {
    cwd: folder,
    encoding: "utf8",
  }).trim();

test("a folder that is no checkout has none, nor has one before its first commit", async () => {
  const none = join(folder, "none");
  await mkdir(none);
  expect(commitOf(none)).toBeUndefined();
  expect(commitOf(join(folder, "not-there"))).toBeUndefined();
});

test("a checkout has that of its head; a folder inside of it is none", async () => {
  git("init", "-q");
  git("commit", "-q", "--allow-empty", "-m", "first");
  const inside = join(folder, "inside");
  await mkdir(inside);
  expect(commitOf(folder)).toBe(git("rev-parse", "HEAD"));
  expect(commitOf(inside)).toBeUndefined();
});
