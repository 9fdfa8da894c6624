import { ANNEX_HINT } from "../base/errors.js";
import { isAiff } from "./aiff.js";
import type { Foreign } from "./audio.js";
import { idAt } from "./chunks.js";
import { foreignSound } from "./foreign.js";
import { afterId3 } from "./id3.js";
import { findMpeg, isMpeg } from "./mpeg.js";
import { isOggSound } from "./ogg.js";
import { isWav } from "./wav.js";

/** The type of a file by its first bytes. */
export type Kind =
  /** What is read here; its content begins at byte `start`, behind a tag or what else is in front. */
  | { container: "wav" | "aiff" | "flac" | "mpeg" | "ogg"; start: number }
  /** Sound that only ffmpeg reads. */
  | { container: "foreign"; foreign: Foreign }
  /** Anything else; `isHopeless` where converting is no help. */
  | { container: "other"; name: string; isHopeless: boolean };

/**
 * Detects a file's container from its content; file names are often wrong (two of TESS's .wav files are AIFF).
 *
 * @example kindOf(await readFile("a.mp3")); // { container: "mpeg", start: 0 }
 */
export function kindOf(bytes: Uint8Array): Kind {
  if (bytes.length === 0) return other("is empty", true);
  const start = afterId3(bytes);
  if (isWav(bytes, start)) return { container: "wav", start };
  if (isAiff(bytes, start)) return { container: "aiff", start };
  const magic = idAt(bytes, start);
  if (magic === "fLaC") return { container: "flac", start };
  if (magic === "OggS" && isOggSound(bytes, start)) return { container: "ogg", start };
  if (isMpeg(bytes, start)) return { container: "mpeg", start };
  const foreign = foreignSound(bytes, start);
  if (foreign) return { container: "foreign", foreign };
  if (magic === "OggS") return other("is an Ogg file without Vorbis, Opus or FLAC sound");
  if (/^(RIFF|FORM)$/.test(magic)) {
    const wanted = magic === "RIFF" ? "WAVE" : "AIFF or AIFC";
    return other(`is a ${magic} file of type ${JSON.stringify(idAt(bytes, start + 8))}, not ${wanted}`);
  }
  if (isText(bytes)) return other(pointerName(bytes) ?? "is text, not sound", true);
  const found = findMpeg(bytes);
  if (found !== undefined) return { container: "mpeg", start: found };
  return other(start > 0 ? "is an ID3 tag without known sound behind it" : "is not a known sound file");
}

function other(name: string, isHopeless = false): Kind {
  return { container: "other", name, isHopeless };
}

function isText(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 256);
  return head.every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte !== 127));
}

/** A small text that stands for a file that was not fetched. */
function pointerName(bytes: Uint8Array): string | undefined {
  const text = String.fromCharCode(...bytes.subarray(0, 256));
  if (text.startsWith("version https://git-lfs.github.com/spec/"))
    return "is a Git LFS pointer, not the sound itself: fetch it with git lfs pull";
  // The content of a pointer is the object's place, as in "/annex/objects/SHA256E-s4--abc.wav".
  if (/^(\S*\.git)?\/annex\/objects\//.test(text))
    return `is a git-annex pointer, not the sound itself: ${ANNEX_HINT}`;
  return undefined;
}
