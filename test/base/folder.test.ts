import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { assertWritable, makeFolder } from "../../lib/base/folder.js";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "ser-folder-"));
});
afterEach(() => rm(root, { recursive: true }));

const isFolder = async (path: string) => (await stat(path)).isDirectory();

test("a folder with those above it, once, twice and by many at once", async () => {
  const path = join(root, "a", "b", "c");
  await Promise.all(Array.from({ length: 8 }, () => makeFolder(path)));
  await makeFolder(path);
  expect(await isFolder(path)).toBe(true);
});

test("a link to a folder is a folder", async () => {
  await mkdir(join(root, "real"));
  await symlink(join(root, "real"), join(root, "link"));
  await makeFolder(join(root, "link", "a"));
  expect(await isFolder(join(root, "real", "a"))).toBe(true);
});

test("a file in the place of a folder is an error", async () => {
  await writeFile(join(root, "file"), "");
  await expect(makeFolder(join(root, "file"))).rejects.toThrow("EEXIST");
  await expect(makeFolder(join(root, "file", "a"))).rejects.toThrow(/EEXIST|ENOTDIR/);
  await symlink(join(root, "nowhere"), join(root, "dangling"));
  await expect(makeFolder(join(root, "dangling"))).rejects.toThrow("EEXIST");
});

test.skipIf(process.platform !== "linux")("under /proc it ends with an error", async () => {
  await expect(makeFolder("/proc/nonexistent/a")).rejects.toThrow(/ENOENT|EACCES|EPERM/);
});

test("where a folder cannot be written is known before it is made", async () => {
  await assertWritable(root);
  await assertWritable(join(root, "a", "b"));
  expect(await readdir(root)).toEqual([]);
  await writeFile(join(root, "file"), "");
  for (const path of ["file", "file/a/b"]) {
    const refusal = assertWritable(join(root, path));
    await expect(refusal).rejects.toThrow(UserError);
    await expect(refusal).rejects.toThrow(
      /^cannot write to .*file.* is not a folder; choose another folder with --out$/,
    );
  }
});

// Permissions do not count for root.
test.skipIf(process.getuid?.() === 0)("a folder without the permission is named", async () => {
  await chmod(root, 0o500);
  await expect(assertWritable(join(root, "a"), "take another")).rejects.toThrow(
    /^cannot write to .*a: permission denied; take another$/,
  );
  await chmod(root, 0o700);
});
