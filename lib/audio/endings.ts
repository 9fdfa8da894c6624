import { basename, extname } from "node:path";
import { conversionHint } from "./audio.js";
import { findFfmpeg } from "./ffmpeg.js";

/** File name extensions of the sound files that are read without any help. */
export const SOUND_ENDINGS: readonly string[] = [
  ...[".wav", ".wave", ".bwf", ".rf64", ".aif", ".aiff", ".aifc"],
  ...[".flac", ".mp3", ".mp2", ".mp1", ".mpga", ".ogg", ".oga", ".opus"],
];

/**
 * Whether a file name has the extension of a sound file; hidden files, such as macOS metadata (`._a.wav`), do not count.
 *
 * @example isSoundName("a/b.WAV") // true
 */
export function isSoundName(path: string): boolean {
  return hasEnding(path, SOUND_ENDINGS);
}

/** File name extensions of sound, and of films with sound, that only ffmpeg reads. */
const FFMPEG_ENDINGS: readonly string[] = [
  ...[
    ".m4a",
    ".m4b",
    ".mp4",
    ".m4v",
    ".mov",
    ".3gp",
    ".3g2",
    ".aac",
    ".webm",
    ".mkv",
    ".mka",
    ".avi",
    ".flv",
  ],
  ...[".wma", ".asf", ".wmv", ".caf", ".amr", ".awb", ".sph", ".au", ".snd", ".spx", ".w64", ".voc"],
  ...[".wv", ".ape", ".tta", ".ra", ".rm", ".mpg", ".mpeg", ".8svx"],
];

/** Those of sound that is not read at all. */
const UNREAD_ENDINGS: readonly string[] = [".ac3", ".dts", ".gsm", ".dss", ".ds2", ".mid", ".midi"];

/** Which file names are those of sound, on this machine. */
export interface SoundNames {
  /** Of a kind that is read, here or through ffmpeg. */
  isRead(path: string): boolean;
  /** Of a kind of sound that is not read. */
  isOther(path: string): boolean;
}

/**
 * Tells sound that is read from sound that is not; it is looked up once whether ffmpeg is installed.
 *
 * @example soundNames().isOther("a/memo.m4a") // true without ffmpeg
 */
export function soundNames(): SoundNames {
  const through = findFfmpeg() ? FFMPEG_ENDINGS : [];
  const others = [...FFMPEG_ENDINGS, ...UNREAD_ENDINGS].filter((ending) => !through.includes(ending));
  return {
    isRead: (path) => isSoundName(path) || hasEnding(path, through),
    isOther: (path) => hasEnding(path, others),
  };
}

function hasEnding(path: string, endings: readonly string[]): boolean {
  return endings.includes(extname(path).toLowerCase()) && !basename(path).startsWith(".");
}

/** What to do about a file of a kind that is not read. */
export function unreadHint(path: string): string {
  const install = hasEnding(path, FFMPEG_ENDINGS) ? "install ffmpeg to have them read, or " : "";
  return `${install}${conversionHint(path)}`;
}
