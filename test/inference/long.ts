import { readAudio } from "../../lib/audio/read.js";
import { resample } from "../../lib/audio/resample.js";
import { random } from "../../lib/base/random.js";
import type { Clip } from "../../lib/corpora/clip.js";
import type { EmotionWindow } from "../../lib/inference/model.js";
import { VoiceDetector } from "../../lib/inference/voice.js";

/** A long recording made of clips, and what was said when. */
export interface LongRecording {
  samples: Float32Array;
  sampleRate: number;
  truth: { clip: Clip; start: number; end: number; emotion: string }[];
}

/**
 * Joins clips, drawn anew without end, with pauses of 0.5 to 3 s, up to a length.
 *
 * @param seconds the length to reach
 * @param options.noise standard deviation of white noise under all of it; default none
 */
export async function joinClips(
  clips: readonly Clip[],
  seconds: number,
  sampleRate: number,
  { seed = 1, noise = 0 }: { seed?: number; noise?: number } = {},
): Promise<LongRecording> {
  const rng = random(seed);
  const samples = Float32Array.from({ length: seconds * sampleRate }, () => noise * rng.normal());
  const truth: LongRecording["truth"] = [];
  let order: Clip[] = [];
  let at = sampleRate;
  for (;;) {
    if (order.length === 0) order = rng.shuffle([...clips]);
    const clip = order.pop()!;
    const audio = await readAudio(clip.path);
    const sound = resample(audio.samples, audio.sampleRate, sampleRate);
    if (at + sound.length > samples.length) return { samples, sampleRate, truth };
    sound.forEach((value, i) => {
      samples[at + i]! += value;
    });
    const [start, end] = [at / sampleRate, (at + sound.length) / sampleRate];
    truth.push({ clip, start, end, emotion: clip.emotion });
    at += sound.length + Math.round(rng.uniform(0.5, 3) * sampleRate);
  }
}

/** How well a timeline follows the truth, over the voiced frames of the clips. */
export function follow({ samples, sampleRate, truth }: LongRecording, intervals: readonly EmotionWindow[]) {
  const heardAt = (t: number) => intervals.find(({ start, end }) => start <= t && t < end);
  let voiced = 0;
  let covered = 0;
  let right = 0;
  for (const frame of new VoiceDetector(sampleRate).push(samples)) {
    const t = (frame.start + frame.end) / 2 / sampleRate;
    const said = frame.voiced && truth.find(({ start, end }) => start <= t && t < end);
    if (!said) continue;
    voiced++;
    const heard = heardAt(t);
    if (heard) covered++;
    if (heard?.emotion === said.emotion) right++;
  }
  return { voicedSeconds: voiced * 0.02, covered: covered / voiced, right: right / voiced };
}
