import { type Audio, AudioError } from "./audio.js";
import { readAudio } from "./read.js";

/** A sound file, or a part of one. */
export interface Segment {
  path: string;
  /** Seconds; default: the beginning of the file. */
  start?: number;
  /** Seconds; default: the end of the file. */
  end?: number;
}

/** By how much a segment may exceed the end of the file, seconds: times are rounded, and encoders pad. */
const TOLERANCE = 0.05;

/**
 * Cuts a segment from a recording, from the sample nearest to `start` to the one nearest to `end`.
 *
 * @throws {AudioError} when the segment is outside the file, or contains no samples
 * @example cutSegment(await readAudio("talk.wav"), { path: "talk.wav", start: 1.5, end: 3 }).samples
 */
export function cutSegment(audio: Audio, { path, start = 0, end }: Segment): Audio {
  const { samples, sampleRate } = audio;
  const seconds = samples.length / sampleRate;
  const wrong = (what: string) =>
    new AudioError(path, 0, `${what}, but the file lasts ${Number(seconds.toFixed(3))} s`);
  if (start >= seconds) throw wrong(`the segment begins at ${start} s`);
  if (end !== undefined && end > seconds + TOLERANCE) throw wrong(`the segment ends at ${end} s`);
  const part = samples.subarray(
    Math.round(start * sampleRate),
    end === undefined ? samples.length : Math.round(end * sampleRate),
  );
  if (part.length > 0) return { ...audio, samples: part };
  throw new AudioError(path, 0, `the segment from ${start} to ${end ?? seconds} s contains no samples`);
}

/**
 * The media fragment of a segment (W3C Media Fragments, `#t=START,END`); "" for a whole file.
 *
 * @example fragmentOf({ path: "talk.wav", start: 1.5, end: 3 }) // "#t=1.5,3"
 */
export function fragmentOf({ start, end }: Segment): string {
  return start === undefined && end === undefined ? "" : `#t=${start ?? 0},${end ?? ""}`;
}

/**
 * Reads a sound file, or the given segment of it.
 *
 * @throws {AudioError} as `readAudio` and `cutSegment`
 * @example const { samples } = await readSegment(clip);
 */
export async function readSegment(segment: Segment): Promise<Audio> {
  const audio = await readAudio(segment.path);
  return fragmentOf(segment) === "" ? audio : cutSegment(audio, segment);
}
