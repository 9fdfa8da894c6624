import { stat } from "node:fs/promises";
import { addAbortSignal, type Readable } from "node:stream";
import type { Audio } from "../audio/audio.js";
import { decodeAudio } from "../audio/read.js";
import { messageOf, UsageError, UserError } from "../base/errors.js";
import { expandPattern, isPattern } from "../base/glob.js";
import { findSounds } from "../features/files.js";

/** The name of standard input. */
export const STANDARD_INPUT = "-";

/** Most bytes of standard input. */
const MOST = 2 ** 30;

/** The recordings that were named. */
export interface Recordings {
  /** Paths, or "-" for standard input. */
  files: string[];
  /** A message for each name that was not found. */
  missing: string[];
  /** Whether anything but a single file was named. */
  several: boolean;
}

/**
 * Finds recordings: files, sound files in folders at any depth, files that match patterns, and standard input ("-"), each
 * once, in the order given.
 *
 * @throws {UserError} when no recording is found
 * @example
 * const { files } = await findRecordings(["recording.wav", "recordings", "rec*.wav"]);
 * files.length; // => 3
 */
export async function findRecordings(args: readonly string[]): Promise<Recordings> {
  const files = new Set<string>();
  const missing: string[] = [];
  let several = args.length > 1;
  for (const arg of args) {
    try {
      const found = await expand(arg);
      several ||= found.several;
      for (const file of found.files) files.add(file);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      missing.push(messageOf(error));
    }
  }
  if (files.size === 0) throw new UserError(missing.join("\n     "));
  return { files: [...files], missing, several };
}

async function expand(arg: string): Promise<{ files: string[]; several: boolean }> {
  if (arg === STANDARD_INPUT) return { files: [arg], several: false };
  const there = await stat(arg).catch(() => undefined);
  if (!there && isPattern(arg)) {
    const matches = await expandPattern(arg);
    if (matches.length === 0) throw new UserError(`${arg}: no file matches this pattern`);
    const { files } = await findSounds(matches);
    return { files: files.map(({ path }) => path), several: true };
  }
  const { files } = await findSounds([arg]);
  return { files: files.map(({ path }) => path), several: there?.isDirectory() ?? false };
}

/**
 * Decodes a recording from a pipe, in any supported format.
 *
 * @param signal ends the wait for input with an `AbortError`
 * @throws {UsageError} when the input is a terminal
 * @throws {UserError} when it is longer than 1 GiB; as `decodeAudio`
 */
export async function readPiped(
  input: Readable & { isTTY?: boolean } = process.stdin,
  signal?: AbortSignal,
): Promise<Audio> {
  if (input.isTTY) throw new UsageError('"-" reads a recording from a pipe: ser predict - < recording.wav');
  if (signal) addAbortSignal(signal, input);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of input as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > MOST) throw new UserError("standard input: more than 1 GiB; give a file instead");
    parts.push(part);
  }
  return decodeAudio(Buffer.concat(parts), "standard input");
}
