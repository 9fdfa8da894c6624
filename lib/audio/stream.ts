import { closeSync, openSync, readSync, statSync } from "node:fs";
import { locateAiff } from "./aiff.js";
import { AudioError, type AudioFormat } from "./audio.js";
import { kindOf } from "./container.js";
import { ChannelLevels, cancellationText } from "./mix.js";
import { bytesPerSample, checkLayout, decodeLayout, type Layout } from "./pcm.js";
import { locateWav } from "./wav.js";

/** A sound file that is read piece by piece. */
export interface AudioStream {
  /** Hz. */
  sampleRate: number;
  /** Seconds. */
  duration: number;
  format: AudioFormat;
  /** Defects of the file; complete when the last piece has been read. */
  warnings: string[];
  /** The mono samples from the beginning, in pieces of about a second; the same values as from `readAudio`. */
  pieces(): Generator<Float32Array>;
}

/** Everything before the samples must lie within this many bytes. */
const HEAD = 65536;

/**
 * Opens a WAV or AIFF file for reading piece by piece, so that memory does not grow with its length.
 *
 * @returns `undefined` for other formats, and for files whose samples cannot be located from the beginning alone: use
 *   `readAudio` for them, which also reports what is wrong with a broken file
 * @example for (const samples of openAudio("talk.wav")?.pieces() ?? []) level.add(samples);
 */
export function openAudio(path: string): AudioStream | undefined {
  const warnings: string[] = [];
  const layout = locate(path, warnings);
  if (!layout) return undefined;
  const { container, encoding, channels, bitsPerSample, sampleRate } = layout;
  const frameBytes = bytesPerSample(encoding) * channels;
  const frames = Math.floor(layout.size / frameBytes);
  if (frames === 0) return undefined;
  return {
    sampleRate,
    duration: frames / sampleRate,
    format: { container, encoding, channels, bitsPerSample },
    warnings,
    pieces: () => readPieces(path, layout, frameBytes, frames, warnings),
  };
}

function locate(path: string, warnings: string[]): Layout | undefined {
  let file: number | undefined;
  try {
    const status = statSync(path);
    // Opening a pipe would block the whole process until someone writes to it.
    if (!status.isFile()) return undefined;
    file = openSync(path, "r");
    const head = new Uint8Array(Math.min(HEAD, status.size));
    const bytes = head.subarray(0, readSync(file, head));
    const kind = kindOf(bytes);
    if (kind.container !== "wav" && kind.container !== "aiff") return undefined;
    const locateIn = kind.container === "wav" ? locateWav : locateAiff;
    const layout = locateIn(bytes, kind.start, path, warnings, status.size);
    checkLayout(layout);
    return layout;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function* readPieces(
  path: string,
  layout: Layout,
  frameBytes: number,
  frames: number,
  warnings: string[],
): Generator<Float32Array> {
  const file = openSync(path, "r");
  const levels = new ChannelLevels(layout.channels);
  try {
    const bytes = new Uint8Array(Math.min(frames, layout.sampleRate) * frameBytes);
    for (let before = 0; before < frames; ) {
      const wanted = Math.min(bytes.length, (frames - before) * frameBytes);
      const offset = layout.offset + before * frameBytes;
      const there = Math.floor(readSync(file, bytes, 0, wanted, offset) / frameBytes) * frameBytes;
      if (there === 0) {
        warnings.push("truncated: the file became shorter while it was read");
        return;
      }
      const piece = { ...layout, offset: 0, size: there, before };
      const odd: string[] = [];
      yield decodePiece(bytes.subarray(0, there), piece, offset, odd, levels);
      if (!warnings.some((text) => text.startsWith("the samples reach"))) warnings.push(...odd);
      before += there / frameBytes;
    }
    if (layout.size % frameBytes !== 0) warnings.push("the samples end in the middle of a frame");
    const { cancellation } = levels;
    if (cancellation !== undefined) warnings.push(cancellationText(cancellation));
  } finally {
    closeSync(file);
  }
}

function decodePiece(
  bytes: Uint8Array,
  piece: Layout,
  offset: number,
  warnings: string[],
  levels: ChannelLevels,
): Float32Array {
  try {
    return decodeLayout(bytes, piece, warnings, levels).samples;
  } catch (error) {
    if (!(error instanceof AudioError)) throw error;
    throw new AudioError(piece.path, offset + error.offset, error.reason);
  }
}
