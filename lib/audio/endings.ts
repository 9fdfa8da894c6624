import { basename, extname } from "node:path";

/** File name extensions of the supported sound files. */
export const SOUND_ENDINGS: readonly string[] = [
  ...[".wav", ".aif", ".aiff", ".aifc", ".flac", ".mp3", ".ogg", ".oga", ".opus"],
];

/**
 * Whether a file name has the extension of a sound file; hidden files, such as macOS metadata (`._a.wav`), do not count.
 *
 * @example isSoundName("a/b.WAV") // true
 */
export function isSoundName(path: string): boolean {
  return SOUND_ENDINGS.includes(extname(path).toLowerCase()) && !basename(path).startsWith(".");
}
