import { UserError } from "../base/errors.js";
import { SILENCE, VoiceDetector } from "./voice.js";
import { type PlannedWindow, WindowPlanner } from "./windows.js";

/** A window with the sound that the model gets. */
export interface SoundWindow extends PlannedWindow {
  /** A copy. */
  samples: Float32Array;
}

/** What is known of a recording at its end. */
export interface Heard {
  /** The whole recording, if it is not longer than `head`. */
  head: Float32Array | undefined;
  /** Samples. */
  length: number;
  /** Whether any frame was louder than `SILENCE`. */
  loud: boolean;
}

/**
 * Cuts a recording that arrives in pieces into windows over its voiced parts. The windows depend on the sound alone, not
 * on how it is cut into pieces. Memory holds a window, a pause, a piece and the head.
 *
 * @param options.sampleRate Hz
 * @param options.window length of a window, samples
 * @param options.head number of samples kept from the beginning
 * @example for await (const { start, samples } of streamWindows(pieces, { sampleRate: 16000, window: 48000, head: 0 })) ...
 */
export async function* streamWindows(
  pieces: Iterable<Float32Array> | AsyncIterable<Float32Array>,
  { sampleRate, window, head }: { sampleRate: number; window: number; head: number },
): AsyncGenerator<SoundWindow, Heard> {
  assertSound(new Float32Array(0), sampleRate);
  const detector = new VoiceDetector(sampleRate);
  const planner = new WindowPlanner(sampleRate, window);
  const sound = new Tail();
  const beginning = new Float32Array(head);
  let loud = false;
  for await (const whole of pieces) {
    // A piece may be an hour long; only a second of it is processed at a time.
    for (let at = 0; at < whole.length; at += sampleRate) {
      const piece = whole.subarray(at, at + sampleRate);
      assertSound(piece, sampleRate);
      if (sound.length < head) beginning.set(piece.subarray(0, head - sound.length), sound.length);
      sound.push(piece);
      const frames = detector.push(piece);
      loud ||= frames.some(({ level }) => level > SILENCE);
      for (const span of planner.push(frames)) yield { ...span, samples: sound.slice(span.from, span.to) };
      sound.forget(planner.keepFrom);
    }
  }
  for (const span of planner.end(sound.length)) yield { ...span, samples: sound.slice(span.from, span.to) };
  const short = sound.length <= head;
  return { head: short ? beginning.subarray(0, sound.length) : undefined, length: sound.length, loud };
}

/** @throws {UserError} for a rate that is not a whole number of at least 1000 Hz, or a sample that is not finite */
export function assertSound(samples: Float32Array, sampleRate: number): void {
  if (!Number.isInteger(sampleRate) || sampleRate < 1000)
    throw new UserError(`the sampling rate must be a whole number of at least 1000 Hz, not ${sampleRate}`);
  const at = samples.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw new UserError(`sample ${at} is ${samples[at]}: samples must be finite`);
}

/** The end of a growing signal. */
export class Tail {
  #kept = new Float32Array(0);
  #from = 0;
  #length = 0;

  /** Of the whole signal. */
  get length(): number {
    return this.#length;
  }

  push(piece: Float32Array): void {
    const used = this.#length - this.#from;
    if (used + piece.length > this.#kept.length) {
      const larger = new Float32Array(2 * (used + piece.length));
      larger.set(this.#kept.subarray(0, used));
      this.#kept = larger;
    }
    this.#kept.set(piece, used);
    this.#length += piece.length;
  }

  /** Drops what is before a sample. */
  forget(before: number): void {
    const drop = Math.min(before, this.#length) - this.#from;
    if (drop <= 0) return;
    this.#kept.copyWithin(0, drop, this.#length - this.#from);
    this.#from += drop;
  }

  slice(from: number, to: number): Float32Array {
    return this.#kept.slice(from - this.#from, to - this.#from);
  }
}
