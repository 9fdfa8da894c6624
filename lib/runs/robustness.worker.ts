import { babbleNoise, mixAtSnr, type NoiseKind, pinkNoise } from "../audio/noise.js";
import { resample } from "../audio/resample.js";
import { readSegment, type Segment } from "../audio/segment.js";
import { messageOf } from "../base/errors.js";
import type { WorkerAnswer } from "../base/pool.js";
import { type Random, random } from "../base/random.js";
import { type EmotionModel, loadModel } from "../inference/model.js";
import { addNoise } from "../training/sound.js";

export interface RobustnessTask extends Segment {
  /** Folder of the model. */
  model: string;
  noise: NoiseKind;
  /** dB. */
  snrs: readonly number[];
  /** Seed of the clip's noise. */
  seed: string;
  /** The clips that are mixed to babble. */
  voices: readonly Segment[];
}

/** Predicted class indices, clean and for each level; or why the clip could not be read. */
export type RobustnessAnswer = { clean: number; noisy: number[] } | { error: string };

const models = new Map<string, Promise<EmotionModel>>();

/**
 * The predictions of a model for one clip, clean and at each noise level. The levels differ only in the gain of the same
 * noise.
 */
export async function handle(task: RobustnessTask): Promise<WorkerAnswer<RobustnessAnswer>> {
  const { model: folder, snrs } = task;
  if (!models.has(folder)) models.set(folder, loadModel(folder, { threshold: 0 }));
  const model = await models.get(folder)!;
  const audio = await readSegment(task).catch((error: unknown) => messageOf(error));
  if (typeof audio === "string") return { result: { error: audio } };
  const { samples, sampleRate } = audio;
  const answer = async (heard: Float32Array) => {
    const probabilities = await model.judge({ samples: heard, sampleRate });
    const values = model.card.classes.map((name) => probabilities[name]!);
    return values.indexOf(Math.max(...values));
  };
  const noisy: number[] = [];
  const mix = await mixer(task, samples, sampleRate);
  for (const snr of snrs) noisy.push(await answer(mix(snr)));
  return { result: { clean: await answer(samples), noisy } };
}

async function mixer(
  { noise, seed, voices }: RobustnessTask,
  samples: Float32Array,
  sampleRate: number,
): Promise<(snr: number) => Float32Array> {
  const rng = (): Random => random(seed);
  if (noise === "white") return (snr) => addNoise(samples, snr, rng());
  const added =
    noise === "pink"
      ? pinkNoise(samples.length, rng())
      : babbleNoise(
          await Promise.all(voices.map((voice) => soundOf(voice, sampleRate))),
          samples.length,
          rng(),
        );
  return (snr) => mixAtSnr(samples, added, snr);
}

/** Empty if the clip cannot be read: the babble then has one voice less. */
async function soundOf(segment: Segment, sampleRate: number): Promise<Float32Array> {
  const voice = await readSegment(segment).catch(() => undefined);
  if (!voice) return new Float32Array(0);
  return resample(voice.samples, voice.sampleRate, sampleRate);
}
