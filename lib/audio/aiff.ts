import { type Audio, AudioError, ForeignError } from "./audio.js";
import { type Chunk, chunks, idAt, viewOf } from "./chunks.js";
import { bytesPerSample, decodeLayout, type Encoding, type Layout } from "./pcm.js";

/** The contents of the COMM chunk. */
interface AiffFormat {
  encoding: Encoding;
  littleEndian: boolean;
  channels: number;
  /** The stated number of sample frames. */
  frames: number;
  bitsPerSample: number;
  sampleRate: number;
}

/** Whether an AIFF or AIFF-C file begins at byte `start`. */
export function isAiff(bytes: Uint8Array, start = 0): boolean {
  return (
    bytes.length >= start + 12 && idAt(bytes, start) === "FORM" && /^AIF[FC]$/.test(idAt(bytes, start + 8))
  );
}

/**
 * Decodes an AIFF or AIFF-C file (Apple, 1989 and 1991): PCM of 8 to 32 bits in either byte order, float of 32
 * and 64 bits, mu-law and A-law. A truncated file gives the samples it has, with a warning.
 *
 * @param path used in error messages
 * @param start where the file begins, bytes: behind a tag
 * @throws {AudioError} with the byte offset and the reason
 * @example decodeAiff(await readFile("a.aiff"), "a.aiff").format.encoding; // "pcm_s16"
 */
export function decodeAiff(bytes: Uint8Array, path: string, start = 0): Audio {
  const warnings: string[] = [];
  return decodeLayout(bytes, locateAiff(bytes, start, path, warnings), warnings);
}

/**
 * Finds where the samples of an AIFF file are and how they are stored.
 *
 * @param bytes the file, or its beginning
 * @param start where the file begins in them, bytes
 * @param warnings defects of the file are added
 * @param length of the file, bytes
 * @throws {AudioError} also when `bytes` end too early to find out
 */
export function locateAiff(
  bytes: Uint8Array,
  start: number,
  path: string,
  warnings: string[],
  length = bytes.length,
): Layout {
  const container = idAt(bytes, start + 8) === "AIFC" ? "aifc" : "aiff";
  let format: AiffFormat | undefined;
  let sound: Chunk | undefined;
  for (const chunk of chunks(bytes, start + 12, false)) {
    if (chunk.id === "COMM") format ??= readCommon(bytes, chunk, container, path);
    if (chunk.id === "SSND") sound ??= chunk;
    if (format && sound) break;
  }
  if (!format) throw new AudioError(path, start + 12, "is an AIFF file without a readable COMM chunk");
  if (!sound) throw new AudioError(path, bytes.length, "is an AIFF file without an SSND chunk");
  const { frames, ...layout } = format;
  return { path, container, ...layout, ...soundPlace(bytes, sound, format, path, warnings, length) };
}

function readCommon(bytes: Uint8Array, chunk: Chunk, container: "aiff" | "aifc", path: string): AiffFormat {
  const { offset } = chunk;
  const end = Math.min(bytes.length, offset + chunk.size);
  if (end - offset < (container === "aifc" ? 22 : 18))
    throw new AudioError(path, offset, "the COMM chunk is cut short");
  const view = viewOf(bytes);
  const bitsPerSample = view.getInt16(offset + 6, false);
  const compression = container === "aifc" ? idAt(bytes, offset + 18) : "NONE";
  const coding = encodingOf(compression, bitsPerSample);
  if (!coding) {
    const name = compression.replace(/[^ -~]/g, "?");
    throw new ForeignError(path, offset + 6, {
      name: `stores its samples as ${name} of ${bitsPerSample} bits`,
      container,
      demuxer: "aiff",
    });
  }
  return {
    ...coding,
    channels: view.getInt16(offset, false),
    frames: view.getUint32(offset + 2, false),
    bitsPerSample,
    sampleRate: Math.round(extended(view, offset + 8)),
  };
}

function encodingOf(
  compression: string,
  bits: number,
): { encoding: Encoding; littleEndian: boolean } | undefined {
  const pcm = (["pcm_s8", "pcm_s16", "pcm_s24", "pcm_s32"] as const)[Math.ceil(bits / 8) - 1];
  const big = (encoding: Encoding | undefined) => encoding && { encoding, littleEndian: false };
  switch (compression) {
    case "NONE":
    case "twos":
    case "in24":
    case "in32":
      return big(pcm);
    case "sowt":
      return pcm && { encoding: pcm, littleEndian: true };
    case "raw ":
      return big(bits === 8 ? "pcm_u8" : undefined);
    case "fl32":
    case "FL32":
      return big("float32");
    case "fl64":
    case "FL64":
      return big("float64");
    case "ulaw":
    case "ULAW":
      return big("mulaw");
    case "alaw":
    case "ALAW":
      return big("alaw");
    default:
      return undefined;
  }
}

/** An 80-bit IEEE 754 extended number: sign, 15 bits of exponent, 64 of mantissa with its leading one. */
function extended(view: DataView, at: number): number {
  const head = view.getUint16(at, false);
  const mantissa = view.getUint32(at + 2, false) * 2 ** 32 + view.getUint32(at + 6, false);
  return (head & 0x8000 ? -1 : 1) * mantissa * 2 ** ((head & 0x7fff) - 16383 - 63);
}

function soundPlace(
  bytes: Uint8Array,
  sound: Chunk,
  format: AiffFormat,
  path: string,
  warnings: string[],
  length: number,
): { offset: number; size: number } {
  if (sound.offset + 8 > bytes.length)
    throw new AudioError(path, sound.offset, "the SSND chunk is cut short");
  const skip = viewOf(bytes).getUint32(sound.offset, false);
  const offset = sound.offset + 8 + skip;
  if (offset > length)
    throw new AudioError(
      path,
      sound.offset,
      `states that its samples begin at byte ${offset}, after the end of the file`,
    );
  const there = Math.min(length, sound.offset + sound.size) - offset;
  const promised = format.frames * format.channels * bytesPerSample(format.encoding);
  if (promised > there)
    warnings.push(`truncated: ${Math.max(0, there)} of ${promised} bytes of samples are present`);
  return { offset, size: Math.max(0, Math.min(there, promised)) };
}
