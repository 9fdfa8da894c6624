import { randomBytes } from "node:crypto";
import {
  access,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cannotWrite, systemCode, systemReason, UserError } from "./errors.js";

/**
 * Writes a file completely or not at all: into a temporary file beside it, which is then renamed. Missing folders are created. A
 * reader sees the old content or the new, never a part of it, even when the process is killed. What a link leads to is written, and
 * the link stays. A device or a pipe, such as /dev/null or /dev/stdout, is written as it is.
 *
 * @param path where to write
 * @param write the content, or a function that writes the temporary file
 * @throws {UserError} naming the path, when it cannot be written
 * @example await writeAtomic("results/table.csv", "model,uar\ncnn,0.52\n");
 */
export async function writeAtomic(
  path: string,
  write: string | Uint8Array | ((temporary: string) => Promise<void>),
): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const temporary = `${target}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
  try {
    if (await isSpecial(target))
      return typeof write === "function" ? await write(target) : await writeFile(target, write);
    await makeFolder(dirname(target));
    if (typeof write === "function") await write(temporary);
    else await writeAndSync(temporary, write);
    await move(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    if (error instanceof UserError) throw error;
    throw cannotWrite(path, error);
  }
}

/** A device or a pipe, which cannot be replaced. */
function isSpecial(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isCharacterDevice() || found.isFIFO(),
    () => false,
  );
}

async function writeAndSync(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Milliseconds between the tries of {@link move}, 1.5 s together. */
const WAITS = [10, 20, 50, 100, 200, 400, 800];

/**
 * Renames a file or folder. On Windows that fails while another program has it open, as virus scanners and indexers do for a moment:
 * there it is tried again.
 *
 * @param system what renames, where, and how long it waits: for tests
 * @throws the system's error
 * @example await move("results/runs/a.partial", "results/runs/a");
 */
export async function move(
  from: string,
  to: string,
  system: { rename?: typeof rename; platform?: NodeJS.Platform; waits?: readonly number[] } = {},
): Promise<void> {
  const { platform = process.platform, waits = WAITS } = system;
  const attempt = system.rename ?? rename;
  for (const wait of waits) {
    try {
      return await attempt(from, to);
    } catch (error) {
      if (platform !== "win32" || !HELD.includes(systemCode(error) ?? "")) throw error;
    }
    await sleep(wait);
  }
  return attempt(from, to);
}

const HELD = ["EPERM", "EACCES", "EBUSY"];

/**
 * Makes a folder and those above it; one that is there is left as it is. Node's own recursive `mkdir` never returns where the
 * system refuses a folder with "no such file", as it does under /proc.
 *
 * @throws the system's error
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (await isFolder(folder)) return;
    const above = dirname(folder);
    if (systemCode(error) !== "ENOENT" || above === folder) throw error;
    await makeFolder(above);
    // Once more: the folder above may have been made, also by another process.
    await mkdir(folder).catch(async (again: unknown) => {
      if (!(await isFolder(folder))) throw again;
    });
  }
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/**
 * Tries whether files can be written into a folder, before the work and not after it. Where the folder is missing, the nearest one
 * above it is tried. Nothing is left behind.
 *
 * @param instead what to do, for the message
 * @throws {UserError} naming the folder
 * @example await assertWritable("results/report/quick");
 */
export async function assertWritable(
  folder: string,
  instead = "choose another folder with --out",
): Promise<void> {
  let at = resolve(folder);
  const exists = (path: string) =>
    stat(path).then(
      () => true,
      () => false,
    );
  while (!(await exists(at)) && dirname(at) !== at) at = dirname(at);
  const probe = join(at, `.${process.pid}-${randomBytes(4).toString("hex")}.tmp`);
  try {
    await writeFile(probe, "");
    await rm(probe);
  } catch (error) {
    throw new UserError(`${cannotWrite(folder, error).message}; ${instead}`, { cause: error });
  }
}

/**
 * The text of a file; `undefined` where it does not exist.
 *
 * @throws {UserError} naming the path, when it cannot be read
 * @example await readIfThere("results/summary/quick/readings.json")
 */
export async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: unknown) => {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return undefined;
    throw new UserError(`cannot read ${path}: ${systemReason(error)}`, { cause: error });
  });
}

/** Writes a value as indented JSON, completely or not at all. */
export function writeJson(path: string, value: unknown): Promise<void> {
  return writeAtomic(path, jsonText(value));
}

/** A value as {@link writeJson} writes it. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * Renames a finished folder to its final name. An existing folder of that name is kept aside until the new one is in place.
 *
 * @throws {UserError} naming the folder, when it cannot be written
 * @example await replaceFolder("results/runs/a.partial", "results/runs/a");
 */
export async function replaceFolder(whole: string, folder: string): Promise<void> {
  try {
    await moveAside(folder);
    await move(whole, folder);
    await rm(asideOf(folder), { recursive: true, force: true, maxRetries: 5 });
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}

/** Renames a folder, if it exists, to `NAME.old`, so that another can take its place. */
export async function moveAside(folder: string): Promise<void> {
  if (!(await isThere(folder))) return;
  await rm(asideOf(folder), { recursive: true, force: true, maxRetries: 5 });
  await move(folder, asideOf(folder));
}

/** Undoes {@link moveAside}, unless another folder has taken the place. */
export async function moveBack(folder: string): Promise<void> {
  if ((await isThere(asideOf(folder))) && !(await isThere(folder))) await move(asideOf(folder), folder);
}

function asideOf(folder: string): string {
  return beside(folder, ".old");
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: unknown) => {
      if (systemCode(error) === "ENOENT") return false;
      throw error;
    },
  );
}

/**
 * A folder's name with a suffix, with or without a slash at its end.
 *
 * @example beside("results/runs/a/", ".partial") // "results/runs/a.partial"
 */
export function beside(folder: string, suffix: string): string {
  return join(dirname(folder), `${basename(folder)}${suffix}`);
}

/**
 * Refuses to replace a folder that holds something else. A folder that is missing, is empty or has the files of an earlier result
 * may be replaced.
 *
 * @param isEarlier whether the names of the folder's files are those of an earlier result
 * @param what the result is, for the message: "a shipped model"
 * @throws {UserError} naming the folder
 * @example await assertReplaceable("results/summary/a", (names) => names.includes("summary.json"), "a summary");
 */
export async function assertReplaceable(
  folder: string,
  isEarlier: (names: readonly string[]) => boolean,
  what: string,
): Promise<void> {
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (systemCode(error) === "ENOENT") return [];
    throw cannotWrite(folder, error);
  });
  if (names.length === 0 || isEarlier(names)) return;
  throw new UserError(`${folder} holds something other than ${what}: choose another folder with --out`);
}
