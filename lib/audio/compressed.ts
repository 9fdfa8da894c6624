import { messageOf } from "../base/errors.js";
import { type Audio, AudioError, type AudioFormat } from "./audio.js";
import { idAt, viewOf } from "./chunks.js";
import { afterId3, mpegFrame } from "./container.js";

/** The supported compressed formats. */
export type Codec = "flac" | "mp3" | "vorbis" | "opus";

/** The result of every decoder of the wasm-audio-decoders family. */
interface Decoded {
  channelData: Float32Array[];
  samplesDecoded: number;
  sampleRate: number;
  bitDepth?: number;
  errors: { inputBytes: number }[];
}

interface Decoder {
  ready: Promise<void>;
  free(): void;
}

/**
 * Decodes FLAC (plain or in Ogg), MP3, Ogg Vorbis or Ogg Opus to mono samples, with the WebAssembly builds of libFLAC,
 * mpg123, libvorbis and libopus. A truncated or damaged file gives what can be decoded, with a warning.
 *
 * @param path used in error messages
 * @throws {AudioError} when nothing can be decoded
 * @example (await decodeCompressed(bytes, "opus", "answer.ogg")).sampleRate; // 48000
 */
export async function decodeCompressed(bytes: Uint8Array, codec: Codec, path: string): Promise<Audio> {
  const decoded = await decode(bytes, codec, path);
  const { sampleRate, errors } = decoded;
  const channels = decoded.channelData.slice(0, storedChannels(bytes, codec));
  const length = Math.min(decoded.samplesDecoded, opusLength(bytes, codec));
  if (!(length > 0) || channels.length === 0 || !(sampleRate >= 1000 && sampleRate <= 768_000))
    throw new AudioError(
      path,
      errors[0]?.inputBytes ?? 0,
      `is ${codec}, but contains no audio that can be decoded`,
    );
  const samples = mixDown(channels, length, path);
  const warnings: string[] = [];
  if (isCut(bytes, codec, length)) warnings.push("truncated: the stream ends before its stated end");
  if (errors.length > 0) warnings.push(`${errors.length} damaged parts were skipped`);
  const format: AudioFormat = {
    container: codec === "mp3" ? "mp3" : idAt(bytes, 0) === "OggS" ? "ogg" : "flac",
    encoding: codec,
    channels: channels.length,
    bitsPerSample: codec === "flac" ? (decoded.bitDepth ?? 0) : 0,
  };
  return { samples, sampleRate, format, warnings };
}

async function decode(bytes: Uint8Array, codec: Codec, path: string): Promise<Decoded> {
  const restore = muteDecoders();
  try {
    return await DECODERS[codec](bytes);
  } catch (error) {
    throw new AudioError(path, 0, `is ${codec}, but decoding failed: ${messageOf(error)}`);
  } finally {
    restore();
  }
}

const DECODERS: Record<Codec, (bytes: Uint8Array) => Promise<Decoded>> = {
  flac: async (bytes) => {
    const { FLACDecoder } = await import("@wasm-audio-decoders/flac");
    const decoded = await using(new FLACDecoder(), (decoder) => decoder.decodeFile(bytes));
    return {
      ...decoded,
      channelData: decoded.channelData.map((data) => rescaleFlac(data, decoded.bitDepth)),
    };
  },
  mp3: async (bytes) => {
    const { MPEGDecoder } = await import("mpg123-decoder");
    return using(new MPEGDecoder(), (decoder) => decoder.decode(bytes));
  },
  vorbis: async (bytes) => {
    const { OggVorbisDecoder } = await import("@wasm-audio-decoders/ogg-vorbis");
    return using(new OggVorbisDecoder(), (decoder) => decoder.decodeFile(bytes));
  },
  opus: async (bytes) => {
    const { OggOpusDecoder } = await import("ogg-opus-decoder");
    return using(new OggOpusDecoder(), (decoder) => decoder.decodeFile(bytes));
  },
};

/** The decoder divides by 2^(b-1) - 1, the rest of the library by 2^(b-1): a recording must give the same samples in any format. */
function rescaleFlac(samples: Float32Array, bits: number): Float32Array {
  const half = 2 ** (bits - 1);
  return samples.map((value) => Math.round(value * (half - 1)) / half);
}

async function using<D extends Decoder, R>(decoder: D, work: (decoder: D) => R | Promise<R>): Promise<R> {
  await decoder.ready;
  try {
    return await work(decoder);
  } finally {
    decoder.free();
  }
}

let muted = 0;

/** The decoders print every damaged frame to the console; this is reported as a warning instead. */
function muteDecoders(): () => void {
  const original = console.error;
  if (muted++ === 0)
    console.error = (...words: unknown[]) => {
      if (!/^(@wasm-audio-decoders|mpg123-decoder|libopus)/.test(String(words[0]))) original(...words);
    };
  const active = console.error;
  return () => {
    if (--muted === 0 && console.error === active) console.error = original;
  };
}

/** mpg123 always returns two channels; the frame header has the real number. */
function storedChannels(bytes: Uint8Array, codec: Codec): number | undefined {
  if (codec !== "mp3") return undefined;
  return bytes[afterId3(bytes) + 3]! >> 6 === 3 ? 1 : 2;
}

function mixDown(channels: Float32Array[], length: number, path: string): Float32Array {
  const out = new Float32Array(length);
  for (const channel of channels)
    for (let i = 0; i < length; i++) out[i] = out[i]! + channel[i]! / channels.length;
  const bad = out.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new AudioError(path, 0, `sample ${bad} decodes to a value that is not finite`);
  return out;
}

/**
 * Samples at 48 kHz up to the granule position of the last page (RFC 7845, section 4); what follows is the encoder's
 * padding.
 */
function opusLength(bytes: Uint8Array, codec: Codec): number {
  const page = codec === "opus" ? lastPage(bytes) : undefined;
  if (!page?.isLast) return Number.POSITIVE_INFINITY;
  return page.granule - viewOf(bytes).getUint16(27 + bytes[26]! + 10, true);
}

/** The last Ogg page: `isLast` if it is marked as the end of the stream, `isWhole` if it is complete. */
function lastPage(bytes: Uint8Array): { granule: number; isLast: boolean; isWhole: boolean } | undefined {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).lastIndexOf("OggS");
  if (at < 0 || at + 27 > bytes.length) return undefined;
  const segments = bytes.subarray(at + 27, at + 27 + bytes[at + 26]!);
  const end = at + 27 + bytes[at + 26]! + segments.reduce((sum, size) => sum + size, 0);
  const granule = Number(viewOf(bytes).getBigInt64(at + 6, true));
  return { granule, isLast: (bytes[at + 5]! & 4) !== 0, isWhole: end <= bytes.length };
}

function isCut(bytes: Uint8Array, codec: Codec, length: number): boolean {
  const page = idAt(bytes, 0) === "OggS" ? lastPage(bytes) : undefined;
  if (page) return !(page.isLast && page.isWhole);
  return codec === "mp3" ? isCutMp3(bytes) : isCutFlac(bytes, length);
}

/** STREAMINFO, always the first block, has the number of samples in 36 bits; 0 means unknown. */
function isCutFlac(bytes: Uint8Array, length: number): boolean {
  const at = afterId3(bytes) + 8;
  if (at + 18 > bytes.length) return true;
  const stated = (bytes[at + 13]! & 15) * 2 ** 32 + viewOf(bytes).getUint32(at + 14, false);
  return length < stated;
}

/** Whether the last frame is incomplete, or there are fewer frames than the Xing or Info tag in the first one states. */
function isCutMp3(bytes: Uint8Array): boolean {
  const start = afterId3(bytes);
  const stated = xingFrames(bytes, start);
  let frames = 0;
  let at = start;
  for (let length = mpegFrame(bytes, at); length > 0; length = mpegFrame(bytes, at)) {
    at += length;
    frames++;
  }
  return at > bytes.length || frames - 1 < stated;
}

function xingFrames(bytes: Uint8Array, frame: number): number {
  const isVersion1 = (bytes[frame + 1]! & 8) !== 0;
  const isMono = bytes[frame + 3]! >> 6 === 3;
  const at = frame + 4 + (isVersion1 ? (isMono ? 17 : 32) : isMono ? 9 : 17);
  if (at + 12 > bytes.length || !/^(Xing|Info)$/.test(idAt(bytes, at)) || (bytes[at + 7]! & 1) === 0)
    return 0;
  return viewOf(bytes).getUint32(at + 8, false);
}
