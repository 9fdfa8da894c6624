import { readFile } from "node:fs/promises";
import { type Audio, AudioError } from "../audio/audio.js";
import { decodeFile } from "../audio/read.js";
import { cutSegment, fragmentOf, type Segment } from "../audio/segment.js";
import { systemCode, systemReason } from "../base/errors.js";
import { sha256 } from "../base/hash.js";
import type { WorkerAnswer } from "../base/pool.js";

/** Full scale for three samples in a row: a single one may be a true peak, three are a flattened one. */
const CLIPPED_RUN = 3;

/** What reading a file tells, or why it cannot be read. */
export type FileFacts = ReadableFile | { problem: string };

export interface ReadableFile {
  /** SHA-256 of the file. */
  digest: string;
  /** SHA-256 of the decoded samples. */
  samples: string;
  seconds: number;
  sampleRate: number;
  channels: number;
  container: string;
  /** "wav, pcm_s16, 16000 Hz, mono". */
  format: string;
  /** No sample reaches one step of 16 bit. */
  silent: boolean;
  /** Three or more samples in a row at full scale. */
  clipped: boolean;
  warnings: readonly string[];
}

/** Reads some files, or segments, and says what is in them; what cannot be read is told, not thrown. */
export async function handle(segments: readonly Segment[]): Promise<WorkerAnswer<FileFacts[]>> {
  const result: FileFacts[] = [];
  // Segments of one file often follow one another.
  let last: (() => Promise<Whole>) | undefined;
  let path: string | undefined;
  for (const segment of segments) {
    if (segment.path !== path) last = once(segment.path);
    path = segment.path;
    result.push(await factsOf(segment, last!));
  }
  return { result };
}

interface Whole {
  digest: string;
  audio: Audio;
}

/** Reads a file when it is first asked for. */
function once(path: string): () => Promise<Whole> {
  const read = async () => {
    const bytes = await readFile(path);
    return { digest: sha256(bytes), audio: await decodeFile(bytes, path) };
  };
  let whole: Promise<Whole> | undefined;
  return () => {
    whole ??= read();
    return whole;
  };
}

async function factsOf(segment: Segment, read: () => Promise<Whole>): Promise<FileFacts> {
  try {
    const { digest, audio } = await read();
    const heard = fragmentOf(segment) === "" ? audio : cutSegment(audio, segment);
    const { samples, sampleRate, format, warnings } = heard;
    const { container, encoding, channels, bitsPerSample } = format;
    return {
      digest,
      samples: sha256(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)),
      seconds: samples.length / sampleRate,
      sampleRate,
      channels,
      container,
      format: `${container}, ${encoding}, ${sampleRate} Hz, ${channelWord(channels)}`,
      silent: isSilent(samples),
      clipped: isClipped(samples, bitsPerSample),
      warnings,
    };
  } catch (error) {
    if (error instanceof AudioError) return { problem: error.reason };
    if (systemCode(error)) return { problem: systemReason(error) };
    throw error;
  }
}

function channelWord(channels: number): string {
  if (channels === 1) return "mono";
  return channels === 2 ? "stereo" : `${channels} channels`;
}

function isSilent(samples: Float32Array): boolean {
  return samples.every((value) => Math.abs(value) < 2 ** -15);
}

/** Full scale is the largest number of the file's own width; beyond 16 bit, that of 16 bit. */
function isClipped(samples: Float32Array, bits: number): boolean {
  const fullScale = 1 - 2 ** (1 - Math.min(bits || 16, 16));
  let run = 0;
  for (let i = 0; i < samples.length; i++) {
    run = Math.abs(samples[i]!) >= fullScale ? run + 1 : 0;
    if (run === CLIPPED_RUN) return true;
  }
  return false;
}
