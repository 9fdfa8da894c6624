import type { Foreign } from "./audio.js";
import { idAt } from "./chunks.js";

type Place = (bytes: Uint8Array, start: number) => boolean;

const begins =
  (magic: string, at = 0): Place =>
  (bytes, start) => {
    for (let i = 0; i < magic.length; i++) if (bytes[start + at + i] !== magic.charCodeAt(i)) return false;
    return true;
  };

/** The kinds by how their files begin; a demuxer is ffmpeg's name of a format. */
const KINDS: readonly [isIt: Place, name: string, container: Foreign["container"], demuxer: string][] = [
  [begins("ftyp", 4), "is an M4A or MP4 file", "m4a", "mov"],
  [isOldQuickTime, "is a QuickTime or MP4 file", "m4a", "mov"],
  [begins("\u001aE\u00df\u00a3"), "is a WebM or Matroska file", "webm", "matroska"],
  [begins("0&\u00b2u\u008ef\u00cf\u0011"), "is a WMA file", "wma", "asf"],
  [begins("caff"), "is a Core Audio file", "caf", "caf"],
  [begins("#!AMR"), "is an AMR file", "amr", "amr"],
  [isAdts, "is a raw AAC stream", "aac", "aac"],
  [begins("NIST_1A"), "is a NIST SPHERE file", "sphere", "nistsphere"],
  [begins("riff\u002e\u0091\u00cf\u0011"), "is a Wave64 file", "w64", "w64"],
  [begins("Creative Voice File"), "is a Creative Voice (VOC) file", "voc", "voc"],
  [begins(".snd"), "is a Sun audio file", "au", "au"],
  [begins("RIFX"), "is a big-endian RIFX file", "rifx", "wav"],
  [begins("wvpk"), "is a WavPack file", "wavpack", "wv"],
  [begins("MAC "), "is a Monkey's Audio file", "ape", "ape"],
  [begins("TTA1"), "is a True Audio file", "tta", "tta"],
  [begins("FLV\u0001"), "is a Flash Video file", "flv", "flv"],
  [begins(".RMF"), "is a RealMedia file", "rm", "rm"],
  [begins("\0\0\u0001\u00ba"), "is an MPEG video file", "mpeg", "mpeg"],
  [
    (bytes, start) => begins("RIFF")(bytes, start) && begins("AVI ", 8)(bytes, start),
    "is an AVI file",
    "avi",
    "avi",
  ],
  [
    (bytes, start) => begins("FORM")(bytes, start) && begins("8SVX", 8)(bytes, start),
    "is an 8SVX file",
    "iff",
    "iff",
  ],
  [isOggSpeex, "is Ogg Speex", "ogg", "ogg"],
];

/** Sound that is not read here but by ffmpeg, by its first bytes from `start` on. */
export function foreignSound(bytes: Uint8Array, start: number): Foreign | undefined {
  const kind = KINDS.find(([isIt]) => isIt(bytes, start));
  return kind && { name: kind[1], container: kind[2], demuxer: kind[3] };
}

/** QuickTime files without a type begin with one of these boxes. */
function isOldQuickTime(bytes: Uint8Array, start: number): boolean {
  return /^(moov|mdat|wide)$/.test(idAt(bytes, start + 4));
}

/** Two frames of AAC in ADTS (ISO 13818-7), or one that ends the file. */
function isAdts(bytes: Uint8Array, start: number): boolean {
  const length = adtsFrame(bytes, start);
  return length > 0 && (start + length >= bytes.length || adtsFrame(bytes, start + length) > 0);
}

/** Bytes; 0 if no frame begins here. */
function adtsFrame(bytes: Uint8Array, at: number): number {
  if (at + 7 > bytes.length || bytes[at] !== 0xff || (bytes[at + 1]! & 0xf6) !== 0xf0) return 0;
  const length = ((bytes[at + 3]! & 3) << 11) | (bytes[at + 4]! << 3) | (bytes[at + 5]! >> 5);
  return length >= 7 ? length : 0;
}

function isOggSpeex(bytes: Uint8Array, start: number): boolean {
  return begins("OggS")(bytes, start) && begins("Speex", 27 + (bytes[start + 26] ?? 0))(bytes, start);
}
