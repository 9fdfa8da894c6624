import { basename, extname } from "node:path";

/** File name extensions of the supported sound files. */
export const SOUND_ENDINGS: readonly string[] = [
  ...[".wav", ".wave", ".bwf", ".rf64", ".aif", ".aiff", ".aifc"],
  ...[".flac", ".mp3", ".mpga", ".ogg", ".oga", ".opus"],
];

/**
 * Whether a file name has the extension of a sound file; hidden files, such as macOS metadata (`._a.wav`), do not count.
 *
 * @example isSoundName("a/b.WAV") // true
 */
export function isSoundName(path: string): boolean {
  return SOUND_ENDINGS.includes(extname(path).toLowerCase()) && !basename(path).startsWith(".");
}

/** File name extensions of sound, or of films with sound, that is not read. */
const OTHER_ENDINGS: readonly string[] = [
  ...[".m4a", ".m4b", ".mp4", ".m4v", ".mov", ".3gp", ".3g2", ".aac", ".webm", ".mkv", ".mka", ".avi"],
  ...[".wma", ".asf", ".caf", ".amr", ".awb", ".au", ".snd", ".spx", ".ape", ".wv", ".w64", ".ac3"],
  ...[".mp2", ".ra", ".rm", ".gsm", ".dss"],
];

/**
 * Whether a file name has the extension of a kind of sound that is not read.
 *
 * @example isOtherSoundName("a/memo.m4a") // true
 */
export function isOtherSoundName(path: string): boolean {
  return OTHER_ENDINGS.includes(extname(path).toLowerCase()) && !basename(path).startsWith(".");
}
