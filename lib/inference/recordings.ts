import { stat } from "node:fs/promises";
import { addAbortSignal, type Readable } from "node:stream";
import type { Audio } from "../audio/audio.js";
import { decodeAudio } from "../audio/read.js";
import { messageOf, UsageError, UserError } from "../base/errors.js";
import { expandPattern, isPattern } from "../base/glob.js";
import { findSounds } from "../features/files.js";

/** The name of standard input. */
export const STANDARD_INPUT = "-";

/** Bytes of standard input beyond which it is no recording. */
const MOST = 2 ** 30;

/** What was asked to be heard. */
export interface Recordings {
  /** Paths, or {@link STANDARD_INPUT}. */
  files: string[];
  /** What could not be found, in words. */
  missing: string[];
  /** Anything but one file by its name. */
  several: boolean;
}

/**
 * Files, sound files in folders at any depth, files that patterns match, and standard input ("-"), each once, in the order
 * given.
 *
 * @throws {UserError} when nothing at all is found
 * @example const { files } = await findRecordings(["talks", "*.wav"]);
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
 * Decodes a recording that comes through a pipe, in any format that is read.
 *
 * @param signal ends the wait for more with an `AbortError`
 * @throws {UsageError} for a keyboard
 * @throws {UserError} when it is longer than a gibibyte; as {@link decodeAudio}
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
