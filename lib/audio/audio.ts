import { UserError } from "../base/errors.js";

/** How a file stores its sound. */
export interface AudioFormat {
  /** Detected from the content, not from the file name. */
  container: "wav" | "rf64" | "aiff" | "aifc" | "flac" | "mp3" | "mp2" | "mp1" | "ogg" | ForeignContainer;
  /** `pcm_u8`, `pcm_s16`, `float32`, `mulaw`, `alaw`, `flac`, `mp3`, `vorbis`, `opus`, ...; `ffmpeg` if read through it. */
  encoding: string;
  /** Channels in the file; {@link Audio.samples} is always mono. */
  channels: number;
  /** Bits per sample in the file; 0 for encodings without a fixed number (MP3, Vorbis, Opus). */
  bitsPerSample: number;
}

/** A container that is read through ffmpeg only. */
export type ForeignContainer =
  | ("m4a" | "webm" | "wma" | "caf" | "amr" | "aac" | "sphere" | "w64" | "voc" | "au" | "rifx" | "avi")
  | ("wavpack" | "ape" | "tta" | "flv" | "iff" | "rm" | "mpeg");

/** Sound that is recognised, and read through ffmpeg where that is installed. */
export interface Foreign {
  /** What it is: `is an M4A or MP4 file`. */
  name: string;
  container: AudioFormat["container"];
  /** ffmpeg's name of the format. */
  demuxer: string;
}

/** One decoded recording. */
export interface Audio {
  /** The mean of the channels; nominally -1..1 (float files may exceed it), always finite, never empty. */
  samples: Float32Array;
  /** Hz. */
  sampleRate: number;
  /** How the file stored it. */
  format: AudioFormat;
  /**
   * Where the channels cancel each other out: by how many dB the mean of the channels is below them. Absent elsewhere, and
   * repeated in the warnings.
   */
  cancellation?: number;
  /** Defects that did not prevent reading: a truncated file, a missing size; also that it was read through ffmpeg. */
  warnings: string[];
}

/**
 * A file that cannot be read or written as audio. Its message is `PATH: REASON (at byte OFFSET)`, without the place where that is the
 * beginning of the file, and in one line whatever the name.
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
    // A problem of the file as a whole, or at its very beginning, has no place worth telling.
    const place = offset > 0 ? ` (at byte ${offset})` : "";
    super(`${path}: ${reason}${place}`.replace(/\p{Cc}/gu, (odd) => JSON.stringify(odd).slice(1, -1)));
    this.path = path;
    this.offset = offset;
    this.reason = reason;
  }
}

/**
 * Sound of a kind that only ffmpeg reads.
 *
 * @example throw new ForeignError("talk.m4a", 0, { name: "is an M4A or MP4 file", container: "m4a", demuxer: "mov" });
 */
export class ForeignError extends AudioError {
  readonly foreign: Foreign;

  constructor(path: string, offset: number, foreign: Foreign) {
    super(path, offset, `${foreign.name}: install ffmpeg to have it read, or ${conversionHint(path)}`);
    this.foreign = foreign;
  }
}

/** The `ffmpeg` command that converts a file to WAV; it never overwrites the file itself. */
export function conversionHint(path: string): string {
  // Neither an option nor a protocol.
  const file = /^-|^[^/\\]{2,}:/.test(path) ? `./${path}` : path;
  const stem = file.replace(/\.[^./\\]*$/, "");
  const target = `${stem}.wav` === file ? `${stem}.converted.wav` : `${stem}.wav`;
  return `convert it first: ffmpeg -i "${file}" "${target}"`;
}
