import { plural } from "../base/text.js";
import { type Audio, AudioError, ForeignError } from "./audio.js";
import { type Chunk, chunks, endsInChunks, idAt, viewOf } from "./chunks.js";
import { bytesPerSample, decodeLayout, type Encoding, type Layout } from "./pcm.js";

/** The contents of the `fmt ` chunk. */
interface WavFormat {
  encoding: Encoding;
  channels: number;
  sampleRate: number;
  bitsPerSample: number;
}

/** Whether a RIFF WAVE, RF64 or BW64 file begins at byte `start`. */
export function isWav(bytes: Uint8Array, start = 0): boolean {
  return (
    bytes.length >= start + 12 &&
    /^(RIFF|RF64|BW64)$/.test(idAt(bytes, start)) &&
    idAt(bytes, start + 8) === "WAVE"
  );
}

/**
 * Decodes a WAV file (RIFF WAVE, EBU RF64, ITU BW64): PCM of 8 to 32 bits, float of 32 and 64 bits, mu-law and A-law,
 * plain or extensible, chunks in any order. A data chunk without a size extends to the end of the file; a
 * truncated one gives the samples it has, with a warning.
 *
 * @param path used in error messages
 * @param start where the file begins, bytes: behind a tag
 * @throws {AudioError} with the byte offset and the reason
 * @example decodeWav(await readFile("a.wav"), "a.wav").sampleRate; // 16000
 */
export function decodeWav(bytes: Uint8Array, path: string, start = 0): Audio {
  const warnings: string[] = [];
  return decodeLayout(bytes, locateWav(bytes, start, path, warnings), warnings);
}

/**
 * Finds where the samples of a WAV file are and how they are stored.
 *
 * @param bytes the file, or its beginning
 * @param start where the file begins in them, bytes
 * @param warnings defects of the file are added
 * @param length of the file, bytes
 * @throws {AudioError} also when `bytes` end too early to find out
 */
export function locateWav(
  bytes: Uint8Array,
  start: number,
  path: string,
  warnings: string[],
  length = bytes.length,
): Layout {
  let format: WavFormat | undefined;
  let data: Chunk | undefined;
  let wideSize: number | undefined;
  for (const chunk of chunks(bytes, start + 12, true)) {
    if (chunk.id === "ds64") wideSize = readWideSize(bytes, chunk);
    if (chunk.id === "fmt ") format ??= readFormat(bytes, chunk, path, warnings);
    if (chunk.id === "data") data ??= chunk;
    if (format && data) break;
  }
  if (!format) throw new AudioError(path, start + 12, "is a WAV file without a readable fmt chunk");
  if (!data) throw new AudioError(path, bytes.length, "is a WAV file without a data chunk");
  const container = idAt(bytes, start) === "RIFF" ? "wav" : "rf64";
  if (data.size === 0 && bytes.length < length)
    throw new AudioError(path, data.offset, "states no size, so that the whole file is needed");
  const size = dataSize(bytes, data, wideSize, warnings, length);
  return { path, container, ...format, littleEndian: true, offset: data.offset, size };
}

const CODES: Record<number, string> = {
  2: "Microsoft ADPCM",
  17: "IMA ADPCM",
  49: "GSM 6.10",
  80: "MPEG layer II",
  85: "MP3",
  255: "AAC",
};

function readFormat(bytes: Uint8Array, chunk: Chunk, path: string, warnings: string[]): WavFormat {
  const { offset, size } = chunk;
  const end = Math.min(bytes.length, offset + size);
  if (end - offset < 16) throw new AudioError(path, offset, "the fmt chunk is cut short");
  const view = viewOf(bytes);
  const channels = view.getUint16(offset + 2, true);
  const sampleRate = view.getUint32(offset + 4, true);
  const blockAlign = view.getUint16(offset + 12, true);
  const bitsPerSample = view.getUint16(offset + 14, true);
  const code = formatCode(view, offset, end, path);
  const encoding = encodingOf(code, bitsPerSample);
  if (!encoding) {
    const name = CODES[code] ?? `format 0x${code.toString(16).padStart(4, "0")}`;
    throw new ForeignError(path, offset, {
      name: `stores its samples as ${name} of ${bitsPerSample} bits`,
      container: "wav",
      demuxer: "wav",
    });
  }
  const odd = blockAlignFault(blockAlign, channels, bytesPerSample(encoding), bitsPerSample);
  if (odd?.isAmbiguous)
    throw new AudioError(
      path,
      offset + 12,
      `${odd.text}: they may be integers in 4 bytes or Cool Edit's floats; save it again, as 16-bit PCM`,
    );
  if (odd) warnings.push(`${odd.text}: ignored`);
  return { encoding, channels, sampleRate, bitsPerSample };
}

/**
 * What is wrong with the number of bytes a frame, which many recorders state falsely and which channels and bits say already.
 * Samples of 3 bytes in 4 are another matter: there are such files.
 */
function blockAlignFault(
  stated: number,
  channels: number,
  bytes: number,
  bits: number,
): { text: string; isAmbiguous: boolean } | undefined {
  if (stated === channels * bytes) return undefined;
  return {
    text: `states frames of ${stated} bytes for ${plural(channels, "channel")} of ${bits} bits`,
    isAmbiguous: bytes === 3 && stated === channels * 4,
  };
}

/** The GUIDs of extensible formats are the plain code followed by these bytes. */
const GUID_TAIL = [0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113];

function formatCode(view: DataView, offset: number, end: number, path: string): number {
  const code = view.getUint16(offset, true);
  if (code !== 0xfffe) return code;
  if (end - offset < 40) throw new AudioError(path, offset, "the extensible fmt chunk is cut short");
  if (GUID_TAIL.some((byte, i) => view.getUint8(offset + 26 + i) !== byte))
    throw new ForeignError(path, offset + 24, {
      name: "has an unknown extensible format",
      container: "wav",
      demuxer: "wav",
    });
  return view.getUint16(offset + 24, true);
}

/** Other widths (12 or 20 bits) are stored in whole bytes, with the value in the upper bits. */
function encodingOf(code: number, bits: number): Encoding | undefined {
  if (code === 1) return (["pcm_u8", "pcm_s16", "pcm_s24", "pcm_s32"] as const)[Math.ceil(bits / 8) - 1];
  if (code === 3) return bits === 32 ? "float32" : bits === 64 ? "float64" : undefined;
  if (bits !== 8) return undefined;
  return code === 6 ? "alaw" : code === 7 ? "mulaw" : undefined;
}

function readWideSize(bytes: Uint8Array, { offset, size }: Chunk): number | undefined {
  if (size < 16 || offset + 16 > bytes.length) return undefined;
  return Number(viewOf(bytes).getBigUint64(offset + 8, true));
}

/** Programs that write to a pipe store 0, 0xFFFFFFFF or (SoX, arecord) about 0x7FFFFFFF as the size. */
export const UNKNOWN_SIZE = 0x7fff_f000;

function dataSize(
  bytes: Uint8Array,
  data: Chunk,
  wide: number | undefined,
  warnings: string[],
  length: number,
): number {
  const there = length - data.offset;
  const stated = data.size === 0xffff_ffff && wide !== undefined ? wide : data.size;
  if (stated > 0 && stated <= there) return stated;
  if (stated === 0 && (there <= 1 || endsInChunks(bytes, data.offset, true))) return 0;
  if (stated === 0 || (stated >= UNKNOWN_SIZE && wide === undefined))
    warnings.push("the data chunk states no size: read to the end of the file");
  else warnings.push(`truncated: ${there} of ${stated} bytes of samples are present`);
  return there;
}
