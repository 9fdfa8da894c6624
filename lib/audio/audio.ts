import { UserError } from "../base/errors.js";

/** How a file stores its sound. */
export interface AudioFormat {
  /** Detected from the content, not from the file name. */
  container: "wav" | "rf64" | "aiff" | "aifc" | "flac" | "mp3" | "ogg" | "m4a";
  /** `pcm_u8`, `pcm_s16`, `float32`, `mulaw`, `alaw`, `flac`, `mp3`, `vorbis`, `opus`, ... */
  encoding: string;
  /** Channels in the file; {@link Audio.samples} is always mono. */
  channels: number;
  /** Bits per sample in the file; 0 for encodings without a fixed number (MP3, Vorbis, Opus). */
  bitsPerSample: number;
}

/** One decoded recording. */
export interface Audio {
  /** The mean of the channels; nominally -1..1 (float files may exceed it), always finite, never empty. */
  samples: Float32Array;
  /** Hz. */
  sampleRate: number;
  /** How the file stored it. */
  format: AudioFormat;
  /** Defects that did not prevent reading: a truncated file, a missing size. */
  warnings: string[];
}

/**
 * A file that cannot be read or written as audio. Its message is `PATH: REASON (at byte OFFSET)`.
 *
 * @example
 * const error = await readAudio("clips.csv").catch((thrown) => thrown);
 * error instanceof AudioError; // => true
 * error.reason; // => "is text, not sound"
 */
export class AudioError extends UserError {
  override name = "AudioError";
  /** The file, as it was named. */
  readonly path: string;
  /** Where the problem is, bytes from the beginning of the file. */
  readonly offset: number;
  /** What is wrong. */
  readonly reason: string;

  constructor(path: string, offset: number, reason: string) {
    super(`${path}: ${reason} (at byte ${offset})`);
    this.path = path;
    this.offset = offset;
    this.reason = reason;
  }
}

/** The `ffmpeg` command that converts a file to WAV; it never overwrites the file itself. */
export function conversionHint(path: string): string {
  const stem = path.replace(/\.[^./\\]*$/, "");
  const target = `${stem}.wav` === path ? `${stem}.converted.wav` : `${stem}.wav`;
  return `convert it first: ffmpeg -i "${path}" "${target}"`;
}
