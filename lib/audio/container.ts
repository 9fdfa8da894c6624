import { isAiff } from "./aiff.js";
import { idAt } from "./chunks.js";
import { isWav } from "./wav.js";

/** The type of a file by its first bytes: a known container, or a description of something else. */
export type Kind =
  | { container: "wav" | "aiff" | "flac" | "mp3" | "vorbis" | "opus" | "m4a" }
  | { container: "other"; name: string };

/**
 * Detects a file's container from its content; file names are often wrong (two of TESS's .wav files are AIFF).
 *
 * @example kindOf(await readFile("a.ogg")); // { container: "opus" }
 */
export function kindOf(bytes: Uint8Array): Kind {
  if (bytes.length === 0) return other("is empty");
  if (isWav(bytes)) return { container: "wav" };
  if (isAiff(bytes)) return { container: "aiff" };
  const start = afterId3(bytes);
  const magic = idAt(bytes, start);
  if (magic === "fLaC") return { container: "flac" };
  if (magic === "OggS") return oggKind(bytes);
  if (isMp3(bytes, start)) return { container: "mp3" };
  if (idAt(bytes, 4) === "ftyp") return { container: "m4a" };
  return other(nameOf(bytes, magic));
}

function other(name: string): Kind {
  return { container: "other", name };
}

function oggKind(bytes: Uint8Array): Kind {
  const packet = 27 + bytes[26]!;
  const codec = idAt(bytes, packet) + idAt(bytes, packet + 4);
  if (codec === "OpusHead") return { container: "opus" };
  if (codec.startsWith("\u0001vorbis")) return { container: "vorbis" };
  if (codec.startsWith("\u007fFLAC")) return { container: "flac" };
  return other(
    codec.startsWith("Speex") ? "is Ogg Speex" : "is an Ogg file without Vorbis, Opus or FLAC sound",
  );
}

function nameOf(bytes: Uint8Array, magic: string): string {
  if (magic === "RIFF") return `is a RIFF file of type ${JSON.stringify(idAt(bytes, 8))}, not WAVE`;
  if (magic === "RIFX") return "is a big-endian RIFX file";
  if (magic === "\u001aE\u00df\u00a3") return "is a WebM or Matroska file";
  if (magic === "0&\u00b2u") return "is a WMA file";
  if (magic === "caff") return "is a Core Audio file";
  if (magic === "#!AM") return "is an AMR file";
  if (magic === ".snd") return "is a Sun audio file";
  if (bytes[0] === 0xff && (bytes[1]! & 0xf6) === 0xf0) return "is a raw AAC stream";
  const head = bytes.subarray(0, 256);
  if (head.every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte !== 127)))
    return "is text, not sound";
  return "is not a known sound file";
}

/** Where the content begins after ID3v2 tags and the zeros that follow some of them. */
export function afterId3(bytes: Uint8Array): number {
  let at = 0;
  while (idAt(bytes, at).startsWith("ID3") && at + 10 <= bytes.length) {
    const [a, b, c, d] = bytes.subarray(at + 6, at + 10);
    at += 10 + ((a! & 127) << 21) + ((b! & 127) << 14) + ((c! & 127) << 7) + (d! & 127);
  }
  if (at > 0) while (bytes[at] === 0) at++;
  return at;
}

/** Whether two MPEG audio frames follow each other, or one ends the file: a single sync word can occur in any data. */
function isMp3(bytes: Uint8Array, at: number): boolean {
  const length = mpegFrame(bytes, at);
  if (length === 0) return false;
  return at + length + 4 > bytes.length || mpegFrame(bytes, at + length) > 0;
}

const BITRATES_1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const BITRATES_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

/** Length in bytes of the layer III frame that begins here (ISO 11172-3, 13818-3); 0 if none does. */
export function mpegFrame(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length || bytes[at] !== 0xff || (bytes[at + 1]! & 0xe6) !== 0xe2) return 0;
  const version = (bytes[at + 1]! >> 3) & 3;
  const bitrate = (version === 3 ? BITRATES_1 : BITRATES_2)[bytes[at + 2]! >> 4];
  const rate = [44100, 48000, 32000][(bytes[at + 2]! >> 2) & 3];
  if (version === 1 || !bitrate || !rate) return 0;
  const padding = (bytes[at + 2]! >> 1) & 1;
  const scale = version === 3 ? 1 : version === 2 ? 2 : 4;
  return Math.floor(((version === 3 ? 144_000 : 72_000) * bitrate) / (rate / scale)) + padding;
}
