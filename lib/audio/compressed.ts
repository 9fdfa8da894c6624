import { messageOf } from "../base/errors.js";
import { plural } from "../base/text.js";
import { type Audio, AudioError, type AudioFormat } from "./audio.js";
import { viewOf } from "./chunks.js";
import { afterId3 } from "./id3.js";
import { joined, mixDown, type Stretch, withCancellation } from "./mix.js";
import { isCutMpeg, mpegStretches } from "./mpeg.js";
import { oggLinks } from "./ogg.js";

/** The compressed formats, by what holds them: FLAC by itself, MPEG audio, or Ogg with any of three codecs. */
export type Compressed = "flac" | "mpeg" | "ogg";

/** The decoders. */
type Codec = "flac" | "mpeg" | "vorbis" | "opus";

/** A part of a file that one decoder reads, with one sampling rate and number of channels. */
interface Part {
  codec: Codec;
  /** For {@link AudioFormat.encoding}. */
  encoding: string;
  bytes: Uint8Array;
  /** The stored number of channels, where the decoder gives more. */
  channels?: number;
  /** The most samples that count; the rest is the encoder's padding. */
  most?: number;
  /** Whether fewer than this many samples are there. */
  isCut: (samples: number) => boolean;
}

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
 * Decodes FLAC (plain or in Ogg), MPEG audio (MP3, layers I and II), Ogg Vorbis or Ogg Opus to mono samples, with the
 * WebAssembly builds of libFLAC, mpg123, libvorbis and libopus. A truncated or damaged file gives what can be decoded, with a
 * warning. A file of several recordings, one after the other, gives all of them; where they differ in sampling rate or
 * channels, each is read by its own.
 *
 * @param start where the content begins, bytes
 * @param path used in error messages
 * @throws {AudioError} when nothing can be decoded
 * @example (await decodeCompressed(bytes, "ogg", 0, "answer.ogg")).sampleRate; // 48000
 */
export async function decodeCompressed(
  bytes: Uint8Array,
  container: Compressed,
  start: number,
  path: string,
): Promise<Audio> {
  const warnings: string[] = [];
  const parts = PARTS[container](bytes, start, path, warnings);
  const stretches: Stretch[] = [];
  let bitsPerSample = 0;
  let errors = 0;
  let isCut = false;
  let failure: AudioError | undefined;
  for (const part of parts) {
    const decoded = await decode(part, path);
    // One recording that fails does not take the others with it.
    if (decoded instanceof AudioError) failure ??= decoded;
    const stretch = decoded instanceof AudioError ? undefined : stretchOf(part, decoded, path);
    const cut = part.isCut(stretch?.samples.length ?? 0);
    isCut ||= cut;
    errors += decoded instanceof AudioError ? 1 : decoded.errors.length + (stretch || cut ? 0 : 1);
    if (stretch) stretches.push(stretch);
    bitsPerSample = Math.max(bitsPerSample, stretch?.bitsPerSample ?? 0);
  }
  const { encoding } = parts[0]!;
  if (stretches.length === 0) {
    const nothing = `is ${encoding}, but contains no audio that can be decoded`;
    throw failure ?? new AudioError(path, start, nothing);
  }
  const { samples, sampleRate, channels, cancellation } = joined(stretches, warnings);
  if (isCut) warnings.push("truncated: the stream ends before its stated end");
  if (errors > 0) warnings.push(`${plural(errors, "damaged part")} ${errors === 1 ? "was" : "were"} skipped`);
  const format: AudioFormat = {
    container: container === "mpeg" ? (encoding as "mp3" | "mp2" | "mp1") : container,
    encoding: [...new Set(parts.map((part) => part.encoding))].join("+"),
    channels,
    bitsPerSample,
  };
  return withCancellation({ samples, sampleRate, format, warnings }, cancellation);
}

type Splitter = (bytes: Uint8Array, start: number, path: string, warnings: string[]) => Part[];

const PARTS: Record<Compressed, Splitter> = {
  flac: (bytes, start) => {
    const starts = flacStarts(bytes, start);
    return starts.map((at, i) => {
      const own = bytes.subarray(at, starts[i + 1]);
      return { codec: "flac", encoding: "flac", bytes: own, isCut: (samples) => isCutFlac(own, samples) };
    });
  },
  mpeg: (bytes, start, _path, warnings) => {
    const skipped = start - afterId3(bytes);
    if (skipped > 0) warnings.push(`${skipped} bytes before the first frame were skipped`);
    const cut = isCutMpeg(bytes, start);
    return mpegStretches(bytes, start).map(({ start, end, layer, channels }) => ({
      codec: "mpeg",
      encoding: `mp${layer}`,
      bytes: bytes.subarray(start, end),
      // mpg123 always gives two; where both numbers occur, a single one comes twice.
      channels: Math.max(...channels),
      isCut: () => cut,
    }));
  },
  ogg: (bytes, start, path, warnings) => {
    const { links, foreign } = oggLinks(bytes, start);
    if (links.length === 0)
      throw new AudioError(path, start, "begins in the middle of an Ogg stream, whose header is missing");
    if (foreign > 0)
      warnings.push(
        `${foreign} of ${links.length + foreign} recordings in it have no known header and were left out`,
      );
    return links.map(({ codec, bytes, granule, isCut }) => ({
      codec,
      encoding: codec,
      bytes,
      // What follows the granule position of the last page is padding (RFC 7845, section 4); the decoder leaves some of it.
      ...(codec === "opus" &&
        !isCut && { most: granule - viewOf(bytes).getUint16(27 + bytes[26]! + 10, true) }),
      isCut: () => isCut,
    }));
  },
};

/** Samples that one part gives; nothing if it has none. */
function stretchOf(
  part: Part,
  decoded: Decoded,
  path: string,
): (Stretch & { bitsPerSample: number }) | undefined {
  const { sampleRate } = decoded;
  const bitsPerSample = part.codec === "flac" ? (decoded.bitDepth ?? 0) : 0;
  const channels = decoded.channelData.slice(0, part.channels);
  const length = Math.min(decoded.samplesDecoded, part.most ?? Number.POSITIVE_INFINITY);
  if (!(length > 0) || channels.length === 0 || !(sampleRate >= 1000 && sampleRate <= 768_000))
    return undefined;
  return { ...mixDown(channels, length, path), sampleRate, channels: channels.length, bitsPerSample };
}

/** What the decoder gives, or why it gives nothing. */
async function decode({ codec, encoding, bytes }: Part, path: string): Promise<Decoded | AudioError> {
  const restore = muteDecoders();
  try {
    return await DECODERS[codec](bytes);
  } catch (error) {
    return new AudioError(path, 0, `is ${encoding}, but decoding failed: ${messageOf(error)}`);
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
  mpeg: async (bytes) => {
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

/** STREAMINFO, always the first block, has 34 bytes. */
const FLAC_HEAD = Buffer.from("fLaC\0\0\0\x22", "latin1");
const FLAC_ONLY_HEAD = Buffer.from("fLaC\x80\0\0\x22", "latin1");

/** Where the files begin that were joined. */
function flacStarts(bytes: Uint8Array, start: number): number[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const starts = [start];
  for (const head of [FLAC_HEAD, FLAC_ONLY_HEAD])
    for (let at = buffer.indexOf(head, start + 1); at >= 0; at = buffer.indexOf(head, at + 1))
      starts.push(at);
  return starts.sort((a, b) => a - b);
}

/** STREAMINFO has the number of samples in 36 bits; 0 means unknown. */
function isCutFlac(bytes: Uint8Array, length: number): boolean {
  const at = 8;
  if (at + 18 > bytes.length) return true;
  const stated = (bytes[at + 13]! & 15) * 2 ** 32 + viewOf(bytes).getUint32(at + 14, false);
  return length < stated;
}
