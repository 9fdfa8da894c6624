import { spawnSync } from "node:child_process";
import { link, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { claim, claimed } from "../../lib/base/claims.js";
import { onPlatform } from "../platform.js";

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  return { ...real, link: vi.fn(real.link) };
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-claims-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("of many that claim a run at once one gets it", async () => {
  const claims = await Promise.all(Array.from({ length: 50 }, () => claim(folder, "a")));
  const mine = claims.filter((one) => one !== undefined);
  expect(mine.length).toBe(1);
  expect(await claimed(folder)).toEqual(["a"]);
  expect(await claim(folder, "a")).toBeUndefined();
  expect(await claim(folder, "a.b")).toBeDefined();
  await mine[0]!.release(true);
  expect(await claimed(folder)).toEqual(["a.b"]);
  expect(await readdir(folder)).toEqual(["a.b.1"]);
});

test("a run that was given up can be claimed again, under a number that was never given", async () => {
  await (await claim(folder, "a"))!.release(false);
  expect(await claimed(folder)).toEqual([]);
  expect(await claim(folder, "a")).toBeDefined();
  expect((await readdir(folder)).sort()).toEqual(["a.1", "a.2"]);
});

const write = (name: string, owner: object | string) =>
  writeFile(join(folder, name), typeof owner === "string" ? owner : JSON.stringify(owner));

test("the claim of a process that is gone is taken over, by one", async () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  await write("a.7", { host: hostname(), pid, born: "1" });
  const claims = await Promise.all(Array.from({ length: 20 }, () => claim(folder, "a")));
  expect(claims.filter((one) => one !== undefined).length).toBe(1);
  expect((await readdir(folder)).sort()).toEqual(["a.7", "a.8"]);
});

test("the id of a process that is gone may be another's by now", async () => {
  await write("a.1", { host: hostname(), pid: process.pid, born: "not when this one was" });
  expect(await claim(folder, "a")).toBeDefined();
});

test("another machine's claim holds as long as there are signs of life, as one that cannot be read", async () => {
  const old = new Date(Date.now() - 3_600_000);
  await write("far.1", { host: "elsewhere", pid: 1, born: "1" });
  await write("torn.1", "{");
  expect(await claimed(folder)).toEqual(["far", "torn"]);
  for (const name of ["far", "torn"]) {
    expect(await claim(folder, name)).toBeUndefined();
    await utimes(join(folder, `${name}.1`), old, old);
    expect(await claim(folder, name)).toBeDefined();
  }
});

test("where it is not known when a process started, its claim needs signs of life besides", async () => {
  await onPlatform("win32", async () => {
    expect(await claim(folder, "a")).toBeDefined();
    expect(JSON.parse(await readFile(join(folder, "a.1"), "utf8"))).toMatchObject({ born: "alive" });
    expect(await claim(folder, "a")).toBeUndefined();
    // As that of a process that was killed, whose id is another's now.
    const old = new Date(Date.now() - 3_600_000);
    await utimes(join(folder, "a.1"), old, old);
    expect(await claim(folder, "a")).toBeDefined();
  });
});

test("a file system without links has claims, too, each of one process", async () => {
  const refused = Object.assign(new Error("EPERM"), { code: "EPERM" });
  vi.mocked(link).mockRejectedValue(refused);
  try {
    const claims = await Promise.all(Array.from({ length: 50 }, () => claim(folder, "a")));
    expect(claims.filter((one) => one !== undefined).length).toBe(1);
    expect(await readdir(folder)).toEqual(["a.1"]);
  } finally {
    vi.mocked(link).mockReset();
  }
});

test("a place that cannot be written is named", async () => {
  await mkdir(join(folder, "b"));
  await writeFile(join(folder, "file"), "");
  await expect(claim(join(folder, "file"), "a")).rejects.toThrow(/file/);
});
