import { readAudio } from "../audio/read.js";
import { openAudio } from "../audio/stream.js";
import { type EmotionModel, judged, noAnswer, type Prediction } from "./model.js";
import type { Segment } from "./segment-files.js";
import { Tail } from "./stream.js";
import { decide, type EmotionWindow, meanProbabilities } from "./timeline.js";

/** The prediction for one segment of a recording; its `duration` is the segment's. */
export interface SegmentAnswer {
  segment: Segment;
  prediction: Prediction;
}

/** Segments that a recording has, and what is said of the others; messages begin with "line N". */
export interface CheckedSegments {
  /** In order of their starts, within the recording. */
  segments: Segment[];
  /** What was left out: empty, backwards or outside the recording. */
  problems: string[];
  /** What was changed, or is unusual. */
  notes: string[];
}

/** How many lines a note names. */
const SHOWN = 8;

/**
 * Puts segments in order and leaves out those that no sound belongs to.
 *
 * @param duration of the recording, seconds
 * @example checkSegments([{ line: 1, start: 2, end: 1 }], 10).problems // ["line 1: ends (1 s) before it starts (2 s)"]
 */
export function checkSegments(all: readonly Segment[], duration: number): CheckedSegments {
  const problems: string[] = [];
  const notes: string[] = [];
  const kept = all.flatMap((one): Segment[] => {
    const { line, start, end } = one;
    const wrong = wrongWith(one, duration);
    if (wrong) {
      problems.push(`line ${line}: ${wrong}`);
      return [];
    }
    // Programs round the end of the last segment up.
    if (start < 0 || end > duration + 0.05)
      notes.push(
        `line ${line}: reaches from ${start} to ${end} s, cut to the recording of ${round(duration)} s`,
      );
    return [{ ...one, start: Math.max(0, start), end: Math.min(end, duration) }];
  });
  const segments = [...kept].sort((a, b) => a.start - b.start || a.end - b.end || a.line - b.line);
  const unsorted = kept.filter((one, i) => {
    const before = kept[i - 1];
    // A TextGrid has one tier, and that is one speaker, after the other.
    return before !== undefined && one.speaker === before.speaker && one.start < before.start;
  });
  if (unsorted.length > 0) notes.push(`${linesText(unsorted)}: not in order of time; the answers are`);
  let reach = 0;
  const overlapping = segments.filter(({ start, end }) => {
    const overlaps = start < reach;
    reach = Math.max(reach, end);
    return overlaps;
  });
  if (overlapping.length > 0)
    notes.push(
      `${linesText(overlapping)}: overlap with an earlier segment, so the sound may have both voices`,
    );
  return { segments, problems, notes };
}

function wrongWith({ start, end }: Segment, duration: number): string | undefined {
  if (end < start) return `ends (${end} s) before it starts (${start} s)`;
  if (end === start) return `is empty (${start} to ${end} s)`;
  if (start >= duration || end <= 0)
    return `is outside the recording (${start} to ${end} s of ${round(duration)} s)`;
  return undefined;
}

function linesText(segments: readonly Segment[]): string {
  const lines = segments.slice(0, SHOWN).map(({ line }) => line);
  const more = segments.length > SHOWN ? ` and ${segments.length - SHOWN} more` : "";
  return `${lines.length > 1 ? "lines" : "line"} ${lines.join(", ")}${more}`;
}

function round(seconds: number): number {
  return Math.round(1000 * seconds) / 1000;
}

/** Options of {@link predictSegments}. */
export interface PredictSegmentsOptions {
  signal?: AbortSignal;
  /** Called first, with what is wrong with the segments. */
  onChecked?: (checked: CheckedSegments, duration: number) => void;
  /** Share of the recording that has been heard, 0 to 1. */
  onProgress?: (share: number) => void;
}

/**
 * Predicts the segments of a recording, one after the other in order of time. A segment is to the model what a recording of its own
 * is. A long WAV or AIFF file is read piece by piece: memory grows with the longest segment.
 *
 * @throws {AudioError} when the file cannot be read
 * @throws {AbortError} when the signal is aborted
 * @example
 * for await (const { segment, prediction } of predictSegments(model, "talk.wav", await readSegments("talk.rttm")))
 *   console.log(segment.speaker, prediction.emotion);
 */
export async function* predictSegments(
  model: EmotionModel,
  file: string,
  segments: readonly Segment[],
  { signal, onChecked, onProgress }: PredictSegmentsOptions = {},
): AsyncGenerator<SegmentAnswer, { duration: number; warnings: string[] }> {
  const { sampleRate, duration, warnings, pieces } = await soundOf(file);
  const checked = checkSegments(segments, duration);
  onChecked?.(checked, duration);
  for (const [segment, samples] of cut(pieces, sampleRate, checked.segments)) {
    await new Promise(setImmediate); // lets Ctrl-C interrupt
    signal?.throwIfAborted();
    yield { segment, prediction: await model.predict({ samples, sampleRate }, { signal }) };
    onProgress?.(segment.end / duration);
  }
  return { duration, warnings };
}

async function soundOf(file: string) {
  const stream = openAudio(file);
  if (stream) return { ...stream, warnings: stream.warnings, pieces: stream.pieces() };
  const { samples, sampleRate, warnings } = await readAudio(file);
  return { sampleRate, duration: samples.length / sampleRate, warnings, pieces: [samples] };
}

/** The samples of segments in order of their starts. */
function* cut(
  pieces: Iterable<Float32Array>,
  sampleRate: number,
  segments: readonly Segment[],
): Generator<[Segment, Float32Array]> {
  const sound = new Tail();
  const at = (seconds: number) => Math.round(seconds * sampleRate);
  let next = 0;
  for (const piece of pieces) {
    sound.push(piece);
    for (; next < segments.length && at(segments[next]!.end) <= sound.length; next++)
      yield [segments[next]!, sound.slice(at(segments[next]!.start), at(segments[next]!.end))];
    sound.forget(next < segments.length ? at(segments[next]!.start) : sound.length);
  }
  // A file that became shorter while it was read ends before its last segments do.
  for (; next < segments.length; next++)
    yield [segments[next]!, sound.slice(Math.min(at(segments[next]!.start), sound.length), sound.length)];
}

/**
 * The answers of segments as one prediction of the recording: its windows are the segments that have an answer. Overlapping ones are
 * to be {@link smoothed} for a timeline.
 */
export function asPrediction(
  answers: readonly SegmentAnswer[],
  duration: number,
  threshold: number,
): Prediction {
  const windows = answers.flatMap(({ segment: { start, end }, prediction }): EmotionWindow[] => {
    const { emotion, confidence, probabilities } = prediction;
    return probabilities && confidence !== null ? [{ start, end, emotion, confidence, probabilities }] : [];
  });
  if (windows.length === 0)
    return { ...noAnswer(duration, answers[0]?.prediction.reason ?? "silence"), warnings: [] };
  return { duration, ...judged(decide(meanProbabilities(windows), threshold)), windows, warnings: [] };
}
