import { readFile } from "node:fs/promises";
import { AudioError } from "../audio/audio.js";
import { decodeAudio } from "../audio/read.js";
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

/** Reads some files and says what is in them; what cannot be read is told, not thrown. */
export async function handle(paths: readonly string[]): Promise<WorkerAnswer<FileFacts[]>> {
  const result: FileFacts[] = [];
  for (const path of paths) result.push(await factsOf(path));
  return { result };
}

async function factsOf(path: string): Promise<FileFacts> {
  try {
    const bytes = await readFile(path);
    const { samples, sampleRate, format, warnings } = await decodeAudio(bytes, path);
    const { container, encoding, channels, bitsPerSample } = format;
    return {
      digest: sha256(bytes),
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
