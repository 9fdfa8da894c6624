import { readFileSync, statSync } from "node:fs";
import { systemReason } from "../base/errors.js";
import { decodeAiff } from "./aiff.js";
import { type Audio, AudioError, conversionHint } from "./audio.js";
import { kindOf } from "./container.js";
import { decodeWav } from "./wav.js";

/**
 * Decodes a WAV or AIFF file, told apart by content, to mono samples. Total: any bytes give finite samples
 * or an {@link AudioError}.
 *
 * @param bytes the whole file
 * @param path named in errors
 * @throws {AudioError} when it is neither, broken beyond use, or without a finite sample
 * @example const { samples, sampleRate } = decodePcm(readFileSync("a.wav"), "a.wav");
 */
export function decodePcm(bytes: Uint8Array, path: string): Audio {
  const kind = kindOf(bytes);
  if (kind.container === "wav") return decodeWav(bytes, path);
  if (kind.container === "aiff") return decodeAiff(bytes, path);
  if (kind.container === "other") throw new AudioError(path, 0, unreadable(kind.name, path));
  throw new AudioError(path, 0, `is ${kind.container}, not WAV or AIFF; ${conversionHint(path)}`);
}

/**
 * Decodes a sound file of any format that is read (WAV, AIFF, FLAC, MP3, Ogg Vorbis, Ogg Opus), told by its
 * content, to mono samples. The decoders of the compressed ones are loaded when first needed.
 *
 * @param bytes the whole file
 * @param path named in errors
 * @throws {AudioError} as {@link decodePcm}
 * @example const { samples } = await decodeAudio(bytes, "answer.ogg");
 */
export async function decodeAudio(bytes: Uint8Array, path: string): Promise<Audio> {
  const kind = kindOf(bytes);
  switch (kind.container) {
    case "wav":
      return decodeWav(bytes, path);
    case "aiff":
      return decodeAiff(bytes, path);
    case "m4a":
      throw new AudioError(path, 0, `is M4A/MP4, for which no decoder is at hand; ${conversionHint(path)}`);
    case "other":
      throw new AudioError(path, 0, unreadable(kind.name, path));
    default: {
      const { decodeCompressed } = await import("./compressed.js");
      return decodeCompressed(bytes, kind.container, path);
    }
  }
}

/**
 * Reads and decodes a sound file.
 *
 * @throws {AudioError} as {@link decodeAudio}, and when the file cannot be read
 * @example const { samples, sampleRate } = await readAudio("data/Crema/1001_DFA_ANG_XX.wav");
 */
export async function readAudio(path: string): Promise<Audio> {
  return decodeAudio(readWhole(path), path);
}

/** Synchronous: 0.1 ms for a clip of 400 kB, where the promises of node:fs take 0.6. */
function readWhole(path: string): Uint8Array {
  try {
    // A pipe or a device has no end to read to.
    if (statSync(path).isFile()) return readFileSync(path);
  } catch (error) {
    throw new AudioError(path, 0, `cannot be read: ${systemReason(error)}`);
  }
  throw new AudioError(path, 0, "is a folder or a device, not a file");
}

function unreadable(name: string, path: string): string {
  const hopeless = name === "is empty" || name.startsWith("is text");
  return hopeless ? name : `${name}; where it is sound, ${conversionHint(path)}`;
}
