import type { Encoding } from "../audio/pcm.js";

/** The encodings of raw samples, by the names that ffmpeg has for them. */
export const RAW_ENCODINGS = {
  u8: ["pcm_u8", true],
  s8: ["pcm_s8", true],
  s16le: ["pcm_s16", true],
  s16be: ["pcm_s16", false],
  s24le: ["pcm_s24", true],
  s24be: ["pcm_s24", false],
  s32le: ["pcm_s32", true],
  s32be: ["pcm_s32", false],
  f32le: ["float32", true],
  f32be: ["float32", false],
  f64le: ["float64", true],
  f64be: ["float64", false],
  mulaw: ["mulaw", true],
  alaw: ["alaw", true],
} as const satisfies Record<string, readonly [Encoding, boolean]>;

/** Samples without a header, interleaved. */
export interface RawFormat {
  encoding: keyof typeof RAW_ENCODINGS;
  /** Hz. */
  sampleRate: number;
  channels: number;
}
