import { growTo, instantiate, type KernelMemory } from "../base/wasm.js";
import { type Audio, AudioError, type AudioFormat } from "./audio.js";
import { viewOf } from "./chunks.js";
import { KERNEL_BINARY } from "./kernelBinary.js";
import { ChannelLevels, withCancellation } from "./mix.js";

/** How one sample is stored. */
export type Encoding =
  | "pcm_u8"
  | "pcm_s8"
  | "pcm_s16"
  | "pcm_s24"
  | "pcm_s32"
  | "float32"
  | "float64"
  | "mulaw"
  | "alaw";

/** Where a file's samples are and how they are stored: interleaved, `channels` per frame. */
export interface Layout {
  path: string;
  container: AudioFormat["container"];
  encoding: Encoding;
  littleEndian: boolean;
  channels: number;
  bitsPerSample: number;
  sampleRate: number;
  /** Position of the first sample, bytes. */
  offset: number;
  /** Bytes of samples that are present. */
  size: number;
  /** The number of frames before these bytes, when they are a part of the file. */
  before?: number;
}

const BYTES: Record<Encoding, number> = {
  pcm_u8: 1,
  pcm_s8: 1,
  pcm_s16: 2,
  pcm_s24: 3,
  pcm_s32: 4,
  float32: 4,
  float64: 8,
  mulaw: 1,
  alaw: 1,
};

const MAX_CHANNELS = 64;
const RATES = [1000, 768_000] as const;

/** Float samples above this are reported: the file probably holds unscaled integers. */
const LOUD = 16;

/**
 * Decodes interleaved samples to mono (the mean of the channels); integers of b bits are divided by
 * 2^(b-1).
 *
 * @param levels of the channels of a whole recording, of which this is a piece; without them it is whole, and says itself
 *   whether its channels cancel each other out
 * @throws {AudioError} when the number of channels or the rate is out of range, a sample is not finite, or there are none
 */
export function decodeLayout(
  bytes: Uint8Array,
  layout: Layout,
  warnings: string[],
  levels?: ChannelLevels,
): Audio {
  const { path, offset, channels, encoding, sampleRate } = layout;
  checkLayout(layout);
  const frameBytes = BYTES[encoding] * channels;
  const frames = Math.floor(layout.size / frameBytes);
  if (frames === 0) throw new AudioError(path, offset, "holds no samples");
  if (layout.size % frameBytes !== 0) warnings.push("the samples end in the middle of a frame");
  const compared = levels ?? new ChannelLevels(channels);
  const samples = decodeFrames(bytes, layout, frames, compared);
  if (encoding === "float32" || encoding === "float64") checkFloats(samples, layout, frameBytes, warnings);
  const { container, bitsPerSample } = layout;
  const format = { container, encoding, channels, bitsPerSample };
  const audio = { samples, sampleRate, format, warnings };
  return levels ? audio : withCancellation(audio, compared.cancellation);
}

/** Bytes per sample. */
export function bytesPerSample(encoding: Encoding): number {
  return BYTES[encoding];
}

/** @throws {AudioError} when the number of channels or the rate is out of range */
export function checkLayout({ path, offset, channels, sampleRate }: Layout): void {
  if (channels < 1 || channels > MAX_CHANNELS)
    throw new AudioError(path, offset, `states ${channels} channels; 1 to ${MAX_CHANNELS} can be read`);
  if (!(sampleRate >= RATES[0] && sampleRate <= RATES[1]))
    throw new AudioError(
      path,
      offset,
      `states a sampling rate of ${sampleRate} Hz; ${RATES[0]} to ${RATES[1]} Hz can be read`,
    );
}

function decodeFrames(
  bytes: Uint8Array,
  layout: Layout,
  frames: number,
  levels: ChannelLevels,
): Float32Array {
  const { encoding, littleEndian, channels, offset } = layout;
  // Nearly every corpus is 16-bit mono.
  if (encoding === "pcm_s16" && littleEndian && channels === 1) return decodeMono16(bytes, offset, frames);
  return BYTES[encoding] === 1
    ? decodeCodes(bytes, layout, frames, levels)
    : decodeAny(viewOf(bytes), layout, frames, levels);
}

interface Exports extends KernelMemory {
  scale16(input: number, out: number, count: number): void;
}

let kernel: Exports | undefined;

/** Samples that the kernel scales at once: they stay in the processor's cache. A multiple of 4. */
const BLOCK = 8192;

/** In the kernel: from the bytes to the floats in a quarter of the time that a loop here takes. */
function decodeMono16(bytes: Uint8Array, offset: number, frames: number): Float32Array {
  kernel ??= instantiate<Exports>(KERNEL_BINARY);
  const input = 16 * Math.ceil(kernel.__heap_base.value / 16);
  const scaled = input + 2 * BLOCK;
  growTo(kernel, scaled + 4 * BLOCK);
  const { buffer } = kernel.memory;
  const source = new Uint8Array(buffer, input, 2 * BLOCK);
  const floats = new Float32Array(buffer, scaled, BLOCK);
  const out = new Float32Array(frames);
  for (let first = 0; first < frames; first += BLOCK) {
    const count = Math.min(BLOCK, frames - first);
    const at = offset + 2 * first;
    source.set(bytes.subarray(at, at + 2 * count));
    kernel.scale16(input, scaled, 4 * Math.ceil(count / 4));
    out.set(floats.subarray(0, count), first);
  }
  return out;
}

/** One byte per sample: the values of the 256 codes are looked up. */
function decodeCodes(
  bytes: Uint8Array,
  { encoding, channels, offset }: Layout,
  frames: number,
  levels: ChannelLevels,
): Float32Array {
  const codes = new DataView(Uint8Array.from({ length: 256 }, (_, code) => code).buffer);
  const meaning = Float32Array.from(
    { length: 256 },
    (_, code) => READERS[encoding](codes, code, true) / channels,
  );
  const { sums } = levels;
  let squares = 0;
  let mixed = 0;
  const out = new Float32Array(frames);
  for (let i = 0, at = offset; i < frames; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) {
      const share = meaning[bytes[at++]!]!;
      sum += share;
      sums[c]! += share * channels;
      squares += (share * channels) ** 2;
    }
    out[i] = sum;
    mixed += sum * sum;
  }
  levels.add(frames, squares, mixed);
  return out;
}

function decodeAny(view: DataView, layout: Layout, frames: number, levels: ChannelLevels): Float32Array {
  const { encoding, littleEndian, channels, offset } = layout;
  const read = READERS[encoding];
  const step = BYTES[encoding];
  const { sums } = levels;
  let squares = 0;
  let mixed = 0;
  const out = new Float32Array(frames);
  for (let i = 0, at = offset; i < frames; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++, at += step) {
      const value = read(view, at, littleEndian);
      sum += value;
      sums[c]! += value;
      squares += value * value;
    }
    const mean = sum / channels;
    out[i] = mean;
    mixed += mean * mean;
  }
  levels.add(frames, squares, mixed);
  return out;
}

function checkFloats(samples: Float32Array, layout: Layout, frameBytes: number, warnings: string[]): void {
  let peak = 0;
  for (let i = 0; i < samples.length; i++) {
    const size = Math.abs(samples[i]!);
    if (!(size < Number.POSITIVE_INFINITY))
      throw new AudioError(
        layout.path,
        layout.offset + i * frameBytes,
        `sample ${(layout.before ?? 0) + i} is ${Number.isNaN(samples[i]) ? "not a number" : "infinite"}`,
      );
    if (size > peak) peak = size;
  }
  if (peak > LOUD) warnings.push(`the samples reach ${peak.toPrecision(3)} where 1 is full scale`);
}

type Reader = (view: DataView, at: number, littleEndian: boolean) => number;

const READERS: Record<Encoding, Reader> = {
  pcm_u8: (view, at) => (view.getUint8(at) - 128) / 2 ** 7,
  pcm_s8: (view, at) => view.getInt8(at) / 2 ** 7,
  pcm_s16: (view, at, little) => view.getInt16(at, little) / 2 ** 15,
  pcm_s24: (view, at, little) =>
    little
      ? (view.getInt8(at + 2) * 65536 + view.getUint16(at, true)) / 2 ** 23
      : (view.getInt8(at) * 65536 + view.getUint16(at + 1, false)) / 2 ** 23,
  pcm_s32: (view, at, little) => view.getInt32(at, little) / 2 ** 31,
  float32: (view, at, little) => view.getFloat32(at, little),
  float64: (view, at, little) => view.getFloat64(at, little),
  mulaw: (view, at) => expandMuLaw(view.getUint8(at)) / 2 ** 15,
  alaw: (view, at) => expandALaw(view.getUint8(at)) / 2 ** 15,
};

/** ITU-T G.711 mu-law, as 16-bit linear. */
function expandMuLaw(code: number): number {
  const bits = ~code & 0xff;
  const size = (((bits & 0x0f) << 3) + 0x84) << ((bits >> 4) & 7);
  return bits & 0x80 ? 0x84 - size : size - 0x84;
}

/** ITU-T G.711 A-law, as 16-bit linear. */
function expandALaw(code: number): number {
  const bits = code ^ 0x55;
  const segment = (bits >> 4) & 7;
  const step = ((bits & 0x0f) << 4) + 8;
  const size = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return bits & 0x80 ? size : -size;
}
