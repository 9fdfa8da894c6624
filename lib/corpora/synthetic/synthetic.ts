import { existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { makeFolder, move, writeJson } from "../../base/atomic.js";
import { cannotWrite, systemCode, systemReason, UserError } from "../../base/errors.js";
import { runPool } from "../../base/pool.js";
import { isRunning } from "../../base/process.js";
import { Progress } from "../../base/progress.js";
import { CORPORA, type CorpusName } from "../clip.js";
import { SYNTHETIC_MARKER } from "../corpus.js";
import { type PlannedClip, planClips } from "./clips.js";
import type { SynthesisTask } from "./synthetic.worker.js";

/** Increased whenever the same seed would give other samples or files; older folders are then made again. */
export const SYNTHESIS_VERSION = 1;

/** Options of {@link synthesizeCorpora}. */
export interface SynthesisOptions {
  /** Default 1. */
  seed?: number;
  /** Default: all four. */
  corpora?: readonly CorpusName[];
  /** Number of worker threads; default: one per core. The files do not depend on it. */
  threads?: number;
  signal?: AbortSignal;
  /** Shows no progress bar. */
  quiet?: boolean;
}

/** The content of the marker file. */
interface Marker {
  synthetic: true;
  note: string;
  version: number;
  seed: number;
  corpora: CorpusName[];
  clips: number;
}

/**
 * Makes synthetic stand-ins for the four English corpora: 16-bit WAV files under the corpora's own file names in Kaggle's
 * layout, with the corpora's speakers and sampling rates. A marker file `SYNTHETIC.json` ensures that all results from them are
 * labelled synthetic. The files depend on the seed only, not on the number of threads. A complete folder is left as it
 * is; one of another seed or version is made again. The files are written to a temporary folder that is renamed when complete,
 * so a folder with a marker is always complete.
 *
 * @param folder the target; created if missing
 * @returns the number of clips, and whether they were already there
 * @throws {UserError} when the folder holds something else, or cannot be written
 * @throws {DOMException} AbortError when `signal` is aborted; nothing is left behind
 * @example
 * const { clips } = await synthesizeCorpora("data", { seed: 1, quiet: true });
 * clips; // => 2760
 */
export async function synthesizeCorpora(
  folder: string,
  options: SynthesisOptions = {},
): Promise<{ clips: number; skipped: boolean }> {
  const seed = options.seed ?? 1;
  const corpora = CORPORA.filter((name) => (options.corpora ?? CORPORA).includes(name));
  const target = resolve(folder);
  const clips = planClips(corpora);
  const marker: Marker = {
    synthetic: true,
    note: "Synthetic speech made by this workbench under the corpora's names; recordings of nobody.",
    version: SYNTHESIS_VERSION,
    seed,
    corpora,
    clips: clips.length,
  };
  if (await holds(target, marker)) return { clips: clips.length, skipped: true };
  const part = join(dirname(target), `.${basename(target)}.${process.pid}.part`);
  await removeAbandoned(target);
  try {
    await writeClips(part, clips, seed, options);
    await writeJson(join(part, SYNTHETIC_MARKER), marker);
    await replace(target, part, marker);
  } catch (error) {
    if (systemCode(error)) throw cannotWrite(target, error);
    throw error;
  } finally {
    await rm(part, { recursive: true, force: true });
  }
  return { clips: clips.length, skipped: false };
}

async function writeClips(
  part: string,
  clips: readonly PlannedClip[],
  seed: number,
  options: SynthesisOptions,
): Promise<void> {
  const folders = new Set(clips.map((clip) => join(part, dirname(clip.file))));
  for (const folder of folders)
    await makeFolder(folder).catch((error: unknown) => {
      throw cannotWrite(folder, error);
    });
  const tasks = clips.map((clip) => ({ clip, seed, path: join(part, clip.file) }));
  const progress = new Progress("synthetic speech", clips.length, { quiet: options.quiet });
  const { threads, signal } = options;
  const made = runPool<SynthesisTask, string | undefined>("corpora/synthetic/synthetic.worker", tasks, {
    threads,
    signal,
  });
  for await (const { index, result: problem } of made) {
    if (problem) throw new UserError(`cannot write ${clips[index]!.file} in ${part}: ${problem}`);
    progress.step();
  }
  progress.done();
}

/** Removes the temporary folders of processes that were killed. */
async function removeAbandoned(target: string): Promise<void> {
  const siblings = await readdir(dirname(target)).catch(() => []);
  for (const name of siblings) {
    if (!name.startsWith(`.${basename(target)}.`) || !/\.\d+\.part$/.test(name)) continue;
    if (isRunning(Number(name.split(".").at(-2)))) continue;
    await rm(join(dirname(target), name), { recursive: true, force: true });
  }
}

/** Moves the finished folder to the target, unless another process has done the same in the meantime. */
async function replace(target: string, part: string, marker: Marker): Promise<void> {
  if (await holds(target, marker)) return;
  await rm(target, { recursive: true, force: true });
  try {
    await move(part, target);
  } catch (error) {
    if (!(await holds(target, marker))) throw error;
  }
}

/** True when the folder is complete, false when it must be made; throws when it holds other files. */
async function holds(target: string, marker: Marker): Promise<boolean> {
  const names = await readdir(target).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return [];
    throw new UserError(`cannot use ${target}: ${systemReason(error)}`, { cause: error });
  });
  if (names.length === 0) return false;
  const path = join(target, SYNTHETIC_MARKER);
  if (!existsSync(path)) {
    throw new UserError(
      `${target} holds files that are not synthetic corpora (it has no ${SYNTHETIC_MARKER}); ` +
        "name another folder, or empty this one",
    );
  }
  const found = await readMarker(path);
  const { version, seed, corpora, clips } = marker;
  return (
    found.version === version &&
    found.seed === seed &&
    found.clips === clips &&
    String(found.corpora) === String(corpora)
  );
}

async function readMarker(path: string): Promise<Partial<Marker>> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    return value !== null && typeof value === "object" ? value : {};
  } catch {
    return {};
  }
}
