import { lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  assertReplaceable,
  assertWritable,
  beside,
  makeFolder,
  move,
  moveAside,
  moveBack,
  readIfThere,
  replaceFolder,
  writeAtomic,
  writeJson,
} from "../../lib/base/atomic.js";
import { UserError } from "../../lib/base/errors.js";
import { needs } from "../needs.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("writes text, bytes and JSON, making folders, leaving nothing beside", async () => {
  await writeAtomic(join(folder, "a/b/text"), "x");
  await writeAtomic(join(folder, "a/b/bytes"), Uint8Array.of(1, 2));
  await writeJson(join(folder, "a/b/json"), { a: 1 });
  expect((await readdir(join(folder, "a/b"))).sort()).toEqual(["bytes", "json", "text"]);
  expect(JSON.parse(await readFile(join(folder, "a/b/json"), "utf8"))).toEqual({ a: 1 });
});

test("a link stays, and what it leads to is written", needs("posix"), async () => {
  await writeFile(join(folder, "file"), "old");
  await symlink("file", join(folder, "link"));
  await writeAtomic(join(folder, "link"), "new");
  expect((await lstat(join(folder, "link"))).isSymbolicLink()).toBe(true);
  expect(await readFile(join(folder, "file"), "utf8")).toBe("new");
});

// Through a link, so that a mistake takes the place of the link and not of the device.
test("a device stays one", needs("posix"), async () => {
  const link = join(folder, "link");
  await symlink("/dev/null", link);
  await writeAtomic(link, "text");
  await writeAtomic(link, (path) => writeFile(path, "text"));
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  expect((await stat(link)).isCharacterDevice()).toBe(true);
  expect(await readdir(folder)).toEqual(["link"]);
});

test("when filling the file fails, the old content stays and nothing is left over", async () => {
  const path = join(folder, "file");
  await writeAtomic(path, "old");
  const failing = writeAtomic(path, async (temporary) => {
    await writeFile(temporary, "half");
    throw new Error("power cut");
  });
  await expect(failing).rejects.toThrow(`cannot write ${path}: power cut`);
  expect(await readFile(path, "utf8")).toBe("old");
  expect(await readdir(folder)).toEqual(["file"]);
});

test("a place that cannot be written is named", async () => {
  await writeAtomic(join(folder, "file"), "x");
  const below = writeAtomic(join(folder, "file", "below"), "y");
  await expect(below).rejects.toThrow(UserError);
  await expect(writeAtomic(folder, "y")).rejects.toThrow(`cannot write ${folder}`);
});

test("folders are made with those above them, once, twice and by many at once", async () => {
  await makeFolder(join(folder, "a", "b", "c"));
  await makeFolder(`${join(folder, "a", "b", "c")}/`);
  expect(await readdir(join(folder, "a", "b"))).toEqual(["c"]);
  for (let i = 0; i < 20; i++)
    await Promise.all(
      ["x", "y", "z"].flatMap((name) => Array(8).fill(join(folder, `${i}`, "d", name))).map(makeFolder),
    );
  expect(await readdir(join(folder, "19", "d"))).toEqual(["x", "y", "z"]);
  await writeAtomic(join(folder, "file"), "x");
  await expect(makeFolder(join(folder, "file"))).rejects.toThrow("EEXIST");
  await expect(makeFolder(join(folder, "file", "below"))).rejects.toThrow("ENOTDIR");
});

test("whether a folder can be written is tried, and nothing is left behind", async () => {
  await assertWritable(folder);
  await assertWritable(join(folder, "a", "b"));
  expect(await readdir(folder)).toEqual([]);
  await writeAtomic(join(folder, "file"), "x");
  for (const place of [join(folder, "file"), join(folder, "file", "below", "it")])
    await expect(assertWritable(place)).rejects.toThrow(`cannot write ${place}: `);
  expect(await readdir(folder)).toEqual(["file"]);
});

// Node's own recursive mkdir never comes back from there.
test("a place under /proc ends with an error", needs("linux"), async () => {
  const reason = "the system makes no file there";
  for (const place of ["/proc/ser", "/proc/ser/a/b", "/proc/self/ser"]) {
    await expect(makeFolder(place)).rejects.toThrow("ENOENT");
    await expect(assertWritable(place)).rejects.toThrow(`cannot write ${place}: ${reason}`);
    await expect(writeAtomic(join(place, "x.csv"), "x")).rejects.toThrow(
      `cannot write ${place}/x.csv: ${reason}`,
    );
  }
});

test("a folder takes another's place, also when it is named with a slash at its end", async () => {
  const target = `${join(folder, "model")}/`;
  for (const content of ["first", "second"]) {
    const whole = beside(target, ".partial");
    expect(whole).toBe(join(folder, "model.partial"));
    await writeAtomic(join(whole, "file"), content);
    await replaceFolder(whole, target);
    expect(await readFile(join(folder, "model", "file"), "utf8")).toBe(content);
    expect(await readdir(folder)).toEqual(["model"]);
  }
});

test("only what is missing, empty or an earlier one may be replaced", async () => {
  const target = join(folder, "summary");
  const check = () => assertReplaceable(target, (names) => names.includes("summary.json"), "a summary");
  await check();
  await writeAtomic(join(target, "thesis.tex"), "years of work");
  await expect(check()).rejects.toThrow(
    `${target} holds something other than a summary: choose another folder`,
  );
  await writeAtomic(join(target, "summary.json"), "{}");
  await check();
});

test("a folder moved aside comes back, unless another took its place", async () => {
  const place = join(folder, "aside");
  const content = (text: string) => writeAtomic(join(place, "a.txt"), text);
  await moveAside(place);
  await content("first");
  await moveAside(place);
  expect(await readdir(folder)).not.toContain("aside");
  await moveBack(place);
  expect(await readFile(join(place, "a.txt"), "utf8")).toBe("first");
  await moveAside(place);
  await content("second");
  await moveBack(place);
  expect(await readFile(join(place, "a.txt"), "utf8")).toBe("second");
});

test("a file that is not there has no text, and one that cannot be read is named", async () => {
  await writeAtomic(join(folder, "text"), "x");
  expect(await readIfThere(join(folder, "text"))).toBe("x");
  expect(await readIfThere(join(folder, "none"))).toBeUndefined();
  expect(await readIfThere(join(folder, "text", "inside"))).toBeUndefined();
  await expect(readIfThere(folder)).rejects.toThrow(`cannot read ${folder}: is a folder, not a file`);
});

test("on Windows a file that another program holds is renamed once it lets go", async () => {
  const failing = (times: number, code: string) => {
    let tries = 0;
    const rename = async () => {
      if (tries++ < times) throw Object.assign(new Error(code), { code });
    };
    return { rename, tries: () => tries };
  };
  const waits = [0, 0, 0];
  for (const code of ["EPERM", "EACCES", "EBUSY"]) {
    const held = failing(3, code);
    await move("a", "b", { rename: held.rename, platform: "win32", waits });
    expect(held.tries()).toBe(4);
  }
  const kept = failing(9, "EBUSY");
  await expect(move("a", "b", { rename: kept.rename, platform: "win32", waits })).rejects.toThrow("EBUSY");
  expect(kept.tries()).toBe(4);
  for (const [platform, code] of [
    ["linux", "EACCES"],
    ["win32", "ENOENT"],
  ] as const) {
    const refused = failing(9, code);
    await expect(move("a", "b", { rename: refused.rename, platform, waits })).rejects.toThrow(code);
    expect(refused.tries()).toBe(1);
  }
});
