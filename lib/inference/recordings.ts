import { assertSounds, soundsOf } from "../features/files.js";

/** The name of standard input. */
export const STANDARD_INPUT = "-";

/** The recordings that were named. */
export interface Recordings {
  /** Paths, or "-" for standard input. */
  files: string[];
  /** A message for each name that was not found. */
  missing: string[];
  /** Whether anything but a single file was named. */
  several: boolean;
  /** A message for each folder in which sound files of kinds that are not read were passed over; absent without one. */
  passedOver?: string[];
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
  const passedOver: string[] = [];
  let several = args.length > 1;
  for (const arg of args) {
    if (arg === STANDARD_INPUT) {
      files.add(arg);
      continue;
    }
    const found = await soundsOf(arg);
    several ||= found.several;
    for (const { path } of found.files) files.add(path);
    missing.push(...found.missing);
    passedOver.push(...found.passedOver);
  }
  const found = { files: [...files], missing, several, ...(passedOver.length > 0 && { passedOver }) };
  assertSounds(found);
  return found;
}
