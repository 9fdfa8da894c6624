import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { filesBelow } from "../../lib/base/folder.js";
import { needs } from "../needs.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-folder-"));
  for (const path of [
    "a.wav",
    "b/c.wav",
    ".h.wav",
    ".git/d.wav",
    "b/.x/e.wav",
    "__MACOSX/a.wav",
    "b/._c.wav",
  ]) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), "");
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const below = async (root: string) => (await filesBelow(root)).map(({ relative }) => relative).sort();

test("hidden files and folders are left out, but not a hidden root", async () => {
  expect(await below(folder)).toEqual(["a.wav", "b/c.wav"]);
  expect(await below(join(folder, ".git"))).toEqual(["d.wav"]);
  expect((await filesBelow(folder)).map(({ path }) => path)).toContain(join(folder, "b/c.wav"));
});

test("links are followed, a loop of them ends, a dead one is a file", needs("posix"), async () => {
  await symlink(folder, join(folder, "b/up"));
  await symlink("/no/where", join(folder, "b/dead.wav"));
  expect(await below(folder)).toEqual(["a.wav", "b/c.wav", "b/dead.wav"]);
  await rm(join(folder, "b/up"));
  await rm(join(folder, "b/dead.wav"));
});

test("a folder that is not there is the system's error; a signal stops", async () => {
  await expect(filesBelow(join(folder, "none"))).rejects.toMatchObject({ code: "ENOENT" });
  await expect(filesBelow(join(folder, "a.wav"))).rejects.toMatchObject({ code: "ENOTDIR" });
  await expect(filesBelow(folder, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    name: "AbortError",
  });
});
