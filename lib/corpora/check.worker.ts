import { readFile } from "node:fs/promises";
import { type Audio, AudioError } from "../audio/audio.js";
import { type LevelFault, LevelMeter } from "../audio/level.js";
import { cancellationText } from "../audio/mix.js";
import { decodeFile } from "../audio/read.js";
import { cutSegment, fragmentOf, type Segment } from "../audio/segment.js";
import { systemCode, systemReason } from "../base/errors.js";
import { sha256 } from "../base/hash.js";
import type { WorkerAnswer } from "../base/pool.js";

/** The facts of a file, or why it cannot be read. */
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
  /** What is wrong with its level; channels that cancel each other out are not silent. */
  level: readonly LevelFault[];
  /** See `Audio`, dB. */
  cancellation?: number;
  /** Without that of the cancellation. */
  warnings: readonly string[];
}

/** Reads files, or segments of files, and returns their facts. An unreadable file is reported in the result, not thrown. */
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

/** Reads a file once, on the first call. */
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
    const { samples, sampleRate, format, warnings, cancellation } = heard;
    const { container, encoding, channels, bitsPerSample } = format;
    return {
      digest,
      samples: sha256(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)),
      seconds: samples.length / sampleRate,
      sampleRate,
      channels,
      container,
      format: `${container}, ${encoding}, ${sampleRate} Hz, ${channelWord(channels)}`,
      level: levelOf(samples, bitsPerSample).filter(
        ({ kind }) => kind !== "silent" || cancellation === undefined,
      ),
      ...(cancellation !== undefined && { cancellation }),
      warnings:
        cancellation === undefined
          ? warnings
          : warnings.filter((text) => text !== cancellationText(cancellation)),
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

function levelOf(samples: Float32Array, bitsPerSample: number): LevelFault[] {
  const meter = new LevelMeter(bitsPerSample);
  meter.push(samples);
  return meter.faults();
}
