import { randomBytes } from "node:crypto";
import { readFileSync, statSync, utimesSync } from "node:fs";
import { link, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { makeFolder, writeAtomic } from "./atomic.js";
import { cannotWrite, systemCode, systemReason, UserError } from "./errors.js";
import { isRunning } from "./process.js";

/** Milliseconds between updates of a claim; a claim of another machine that is older than STALE has expired. */
const BEAT = 10_000;
const STALE = 30 * BEAT;

interface Owner {
  host: string;
  pid: number;
  /** When the process started, in the system's units, since process ids are reused. */
  born: string;
  released?: boolean;
}

/** The exclusive right to do a run, until it is released or this process ends. */
export interface Claim {
  /** Ends the claim. `done`: the run is complete, so that its claims can be removed. */
  release(done: boolean): Promise<void>;
}

/**
 * Claims a run of a store that several processes share, on one machine or, through a shared folder, on several.
 *
 * A claim is a file `NAME.<n>`. Creating it fails if it exists; the one with the highest number counts. The claim of a process
 * that has ended is taken over by creating the next number, which again only one process can do: nothing is ever overwritten or
 * removed on a guess. After claiming, check whether the run was done in the meantime.
 *
 * @param folder of the claims
 * @param name of the run
 * @returns `undefined` where another process is working on the run
 * @throws {UserError} when the folder cannot be written
 */
export async function claim(folder: string, name: string): Promise<Claim | undefined> {
  const last = await lastClaim(folder, name);
  if (last !== undefined && (await isHeld(join(folder, `${name}.${last}`)))) return undefined;
  const path = join(folder, `${name}.${(last ?? 0) + 1}`);
  const me: Owner = { host: hostname(), pid: process.pid, born: bornAt(process.pid) };
  if (!(await create(folder, path, JSON.stringify(me)))) return undefined;
  const beat = setInterval(() => touch(path), BEAT);
  beat.unref();
  return {
    release: async (done) => {
      clearInterval(beat);
      if (done) return removeClaims(folder, name);
      // Kept, not removed: a number must not be used twice while the run is open.
      await writeAtomic(path, JSON.stringify({ ...me, released: true }));
    },
  };
}

/** The names of the runs that a process is working on. */
export async function claimed(folder: string): Promise<string[]> {
  const names = new Set((await list(folder)).map((file) => file.replace(/\.\d+$/, "")));
  const held: string[] = [];
  for (const name of names) {
    const last = await lastClaim(folder, name);
    if (last !== undefined && (await isHeld(join(folder, `${name}.${last}`)))) held.push(name);
  }
  return held.sort();
}

/** Writes a draft and links it to its name, so that no reader sees a part of it; false where the name exists. */
async function create(folder: string, path: string, content: string): Promise<boolean> {
  const draft = join(folder, `.${process.pid}-${randomBytes(6).toString("hex")}`);
  try {
    await makeFolder(folder);
    const file = await open(draft, "wx");
    await file.writeFile(content);
    await file.close();
    await link(draft, path).catch((error: unknown) => {
      if (systemCode(error) === "EEXIST") throw error;
      // exFAT and some shares know no links. What a reader finds half written is a claim as long as it is fresh.
      return writeFile(path, content, { flag: "wx" });
    });
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw cannotWrite(path, error);
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
}

async function lastClaim(folder: string, name: string): Promise<number | undefined> {
  const numbers = (await list(folder))
    .filter((file) => file.startsWith(`${name}.`))
    .map((file) => Number(file.slice(name.length + 1)))
    .filter(Number.isInteger);
  return numbers.length > 0 ? Math.max(...numbers) : undefined;
}

async function list(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((file) => /\.\d+$/.test(file));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw new UserError(`cannot read ${folder}: ${systemReason(error)}`, { cause: error });
  }
}

async function isHeld(path: string): Promise<boolean> {
  let owner: Owner;
  try {
    owner = JSON.parse(await readFile(path, "utf8")) as Owner;
  } catch (error) {
    // Removed in the meantime, since the run was done: the next look finds it.
    if (systemCode(error) === "ENOENT") return true;
    return isFresh(path);
  }
  if (owner.released) return false;
  if (owner.host !== hostname()) return isFresh(path);
  if (owner.born === "" || bornAt(owner.pid) !== owner.born) return false;
  // The id of a process that is gone may be another's by now, on Windows soon.
  return owner.born !== ALIVE || isFresh(path);
}

function isFresh(path: string): boolean {
  try {
    return Date.now() - statSync(path).mtimeMs < STALE;
  } catch {
    return true;
  }
}

function touch(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // Only this update is lost, not the work.
  }
}

const ALIVE = "alive";

/**
 * The time at which a process started, or "" where no process has that id. Outside of Linux it is only known whether there is one:
 * ALIVE.
 */
function bornAt(pid: number): string {
  if (!isRunning(pid)) return "";
  if (process.platform !== "linux") return ALIVE;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? "" : fields[19]!;
  } catch {
    return "";
  }
}

async function removeClaims(folder: string, name: string): Promise<void> {
  for (const file of await list(folder)) {
    if (file.replace(/\.\d+$/, "") === name) await rm(join(folder, file), { force: true });
  }
}
