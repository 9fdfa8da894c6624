/**
 * Sound: reading, writing, resampling, trimming, and mixing with noise. Samples are float32, mono, nominally in -1..1.
 *
 * @module audio
 */

export type { Random } from "../base/random.js";
export { type Audio, AudioError, type AudioFormat, type ForeignContainer } from "./audio.js";
export type { LevelFault } from "./level.js";
export { babbleNoise, mixAtSnr, type NoiseKind, pinkNoise } from "./noise.js";
export { decodeAudio, decodePcm, readAudio } from "./read.js";
export { resample } from "./resample.js";
export { type TrimOptions, trimSilence } from "./trim.js";
export { encodeWav, writeWav } from "./write.js";
