import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { Interrupted } from "../base/errors.js";
import type { Matrix } from "../base/matrix.js";
import { runPool } from "../base/pool.js";
import type { ExtractItem, ExtractTask, Sound } from "./extract.worker.js";
import type { SoundSettings } from "./settings.js";

/** The features of a file, or why it has none. */
export type FileResult =
  | { index: number; hash: string; samples: string; stamp: string | undefined; matrix: Matrix }
  | { index: number; error: string };

export interface BatchOptions {
  /** Threads; default: one per core. */
  threads?: number;
  signal?: AbortSignal;
}

/** A batch of larger files goes to a worker thread, so that this thread still reacts to Ctrl-C. */
const INLINE_BYTES = 2 ** 24;

/** Files per batch: enough to make messages cheap, few enough that all threads finish at about the same time. */
const BATCH = 16;

/**
 * Extracts the features of sound files on all cores. Batches come as they are finished, each file with its index.
 *
 * @param sounds sound files, or segments of them
 * @param settings absent: the files are only read and hashed, and the matrices are empty
 * @throws {Interrupted} when the signal is aborted
 * @throws {UserError} when an encoder is not installed
 * @example for await (const batch of extractFiles(sounds, settings)) for (const result of batch) { ... }
 */
export async function* extractFiles(
  sounds: readonly Sound[],
  settings?: SoundSettings,
  options: BatchOptions = {},
): AsyncGenerator<FileResult[]> {
  if (settings?.kind !== "encoder") return yield* readFiles(sounds, settings, options);
  if (sounds.length === 0) return;
  // Needs TensorFlow.js, which other features do not. Its threads share each clip, so that the encoder is in memory once.
  const { openEncoderFeatures } = await import("./encoder.js");
  const encoder = await openEncoderFeatures(settings, options);
  try {
    for await (const batch of readFiles(sounds, settings, options))
      for (const result of batch) {
        await new Promise(setImmediate); // lets a Ctrl-C through
        if (options.signal?.aborted) throw new Interrupted("stopped");
        if ("error" in result) yield [result];
        else yield [{ ...result, matrix: await encoder.of(result.matrix.data) }];
      }
  } finally {
    await encoder.dispose();
  }
}

/** The part of the extraction that runs in the threads that read the files. */
async function* readFiles(
  sounds: readonly Sound[],
  settings: SoundSettings | undefined,
  { threads, signal }: BatchOptions,
): AsyncGenerator<FileResult[]> {
  const tasks: ExtractTask[] = Array.from({ length: Math.ceil(sounds.length / BATCH) }, (_, b) => ({
    paths: sounds.slice(b * BATCH, (b + 1) * BATCH).map(resolved),
    settings,
  }));
  if (tasks.length === 1 && (await bytesOf(sounds)) < INLINE_BYTES) {
    // Starting a thread takes longer than one batch.
    const { handle } = await import("./extract.worker.js");
    if (signal?.aborted) throw new Interrupted("stopped");
    yield numbered(0, (await handle(tasks[0]!)).result);
    return;
  }
  try {
    const pool = runPool<ExtractTask, ExtractItem[]>("features/extract.worker", tasks, { threads, signal });
    for await (const { index, result } of pool) yield numbered(index * BATCH, result);
  } catch (error) {
    throw signal?.aborted ? new Interrupted("stopped", { cause: error }) : error;
  }
}

function resolved(sound: Sound): Sound {
  if (typeof sound === "string") return resolve(sound);
  const { path, start, end } = sound;
  return { path: resolve(path), start, end };
}

/** Total size of the files that exist; errors with the others are reported when they are read. */
async function bytesOf(sounds: readonly Sound[]): Promise<number> {
  const sizes = await Promise.all(
    sounds.map((sound) =>
      stat(typeof sound === "string" ? sound : sound.path).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function numbered(first: number, items: readonly ExtractItem[]): FileResult[] {
  return items.map((item, k) => ({ index: first + k, ...item }));
}
