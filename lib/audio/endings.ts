import { basename, extname } from "node:path";

/** Endings of the sound files that are read. */
export const SOUND_ENDINGS: readonly string[] = [
  ...[".wav", ".aif", ".aiff", ".aifc", ".flac", ".mp3", ".ogg", ".oga", ".opus"],
];

/**
 * Whether a file is sound by its name; hidden files, such as macOS's copies of metadata (`._a.wav`), are not.
 *
 * @example isSoundName("a/b.WAV") // true
 */
export function isSoundName(path: string): boolean {
  return SOUND_ENDINGS.includes(extname(path).toLowerCase()) && !basename(path).startsWith(".");
}
