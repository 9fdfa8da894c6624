import { UserError } from "../base/errors.js";

/** How a file stores its sound. */
export interface AudioFormat {
  container: "wav" | "rf64" | "aiff" | "aifc" | "flac" | "mp3" | "ogg" | "m4a";
  /** `pcm_u8`, `pcm_s16`, `float32`, `mulaw`, `alaw`, `flac`, `mp3`, `vorbis`, `opus`, ... */
  encoding: string;
  /** Channels in the file; {@link Audio.samples} is always mono. */
  channels: number;
  /** Bits a sample takes in the file; 0 where the encoding has no such number (MP3, Vorbis, Opus). */
  bitsPerSample: number;
}

/** One recording, decoded. */
export interface Audio {
  /** The mean of the channels; -1..1 nominally (float files may go beyond), always finite, never empty. */
  samples: Float32Array;
  /** Hz. */
  sampleRate: number;
  format: AudioFormat;
  /** What was amiss but could be read: a truncated file, a missing size. */
  warnings: string[];
}

/** A file that cannot be read as audio: where (`offset`, bytes) and why (`reason`). */
export class AudioError extends UserError {
  override name = "AudioError";
  readonly path: string;
  readonly offset: number;
  readonly reason: string;

  constructor(path: string, offset: number, reason: string) {
    super(`${path}: ${reason} (at byte ${offset})`);
    this.path = path;
    this.offset = offset;
    this.reason = reason;
  }
}

/** The `ffmpeg` line that turns a file into one every part of the library reads; never over the file itself. */
export function conversionHint(path: string): string {
  const stem = path.replace(/\.[^./\\]*$/, "");
  const target = `${stem}.wav` === path ? `${stem}.converted.wav` : `${stem}.wav`;
  return `convert it first: ffmpeg -i "${path}" "${target}"`;
}
