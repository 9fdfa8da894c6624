// What the examples of figures show: sound of the synthetic voice, and answers that no model gave. Seeded.
import { type Random, random } from "../../lib/base/random.js";
import { EMOTIONS, type Emotion } from "../../lib/corpora/clip.js";
import { planClips, synthesizeClip } from "../../lib/corpora/synthetic/clips.js";
import { argmax } from "../../lib/evaluation/metrics.js";
import type { TimelineWindow } from "../../lib/figures/index.js";
import type { Epoch } from "../../lib/figures/learning-curves.js";

/** What one seed of a model answered. */
interface MadeUpAnswers {
  classes: readonly string[];
  truth: number[];
  predicted: number[];
  /** Row by row; surer than they should be. */
  probabilities: Float32Array;
  speakers: string[];
}

/** Clips of each emotion that each speaker says. */
const TIMES = 6;

/** How alike emotions sound: what is added to the score of the second where the first is true, and the other way. */
const ALIKE: readonly [Emotion, Emotion, number][] = [
  ["anger", "happiness", 1.2],
  ["anger", "disgust", 0.6],
  ["fear", "surprise", 1.1],
  ["fear", "sadness", 0.7],
  ["sadness", "neutral", 1.3],
  ["disgust", "neutral", 0.9],
];

/** How easy emotions are, and how readily they are named. */
const EASE: Partial<Record<Emotion, number>> = { anger: 0.7, disgust: -0.5, sadness: 0.4, happiness: -0.2 };
const READINESS: Partial<Record<Emotion, number>> = { anger: 0.2, neutral: 0.6, surprise: -0.4 };

/** Who speaks in {@link madeUpAnswers}. */
export const SPEAKERS = Array.from({ length: 20 }, (_, i) => ({
  speaker: String(i < 12 ? i + 1 : i - 11).padStart(2, "0"),
  group: i < 12 ? "corpus A" : "corpus B",
  sex: i % 2 ? "female" : "male",
}));

/** The answers of one seed: about six in ten are right, and speakers differ. */
export function madeUpAnswers(seed: number): MadeUpAnswers {
  const clips = SPEAKERS.flatMap(({ group, speaker }, s) =>
    EMOTIONS.flatMap((_, emotion) =>
      Array.from({ length: TIMES }, () => ({ name: `${group}/${speaker}`, s, emotion })),
    ),
  );
  const rng = random(`answers ${seed}`);
  const skills = random("speakers");
  const skill = SPEAKERS.map(() => skills.normal(2.3, 0.6));
  const rows = clips.flatMap(({ s, emotion }) =>
    shares(
      EMOTIONS.map((name, c) => {
        const own = c === emotion ? skill[s]! + (EASE[name] ?? 0) : likeness(EMOTIONS[emotion]!, name);
        return 2 * (own + (READINESS[name] ?? 0) + rng.normal());
      }),
    ),
  );
  const probabilities = Float32Array.from(rows);
  return {
    classes: EMOTIONS,
    truth: clips.map(({ emotion }) => emotion),
    predicted: argmax(probabilities, EMOTIONS.length),
    probabilities,
    speakers: clips.map(({ name }) => name),
  };
}

/** Probabilities by class, the named one ahead by so much. */
export function madeUpProbabilities(emotion: string, lead: number, rng: Random): Record<string, number> {
  const values = shares(EMOTIONS.map((name) => rng.normal(name === emotion ? lead : 0, 0.5)));
  return Object.fromEntries(EMOTIONS.map((name, c) => [name, values[c]!]));
}

/** A training that learns fast, then slowly, and in the end the training clips by heart. */
export function madeUpTraining(
  seed: number,
  count: number,
  best: number,
): { epochs: Epoch[]; bestEpoch: number } {
  const rng = random(`training ${seed}`);
  const epochs = Array.from({ length: count }, (_, i) => {
    const learned = 1 - Math.exp(-i / (count / 6));
    const late = Math.max(0, i / count - 0.5);
    return {
      epoch: i + 1,
      trainLoss: 1.95 - 1.45 * learned + rng.normal(0, 0.02),
      validationLoss: 1.95 - 0.85 * learned + 0.7 * late + rng.normal(0, 0.03),
      validationUar: 1 / 7 + (best - 1 / 7) * learned - 0.08 * late + rng.normal(0, 0.012),
    };
  });
  const top = epochs.reduce((a, b) => (b.validationUar > a.validationUar ? b : a));
  return { epochs, bestEpoch: top.epoch };
}

/** The first clip of a corpus's speaker with an emotion, as the synthetic voice says it. */
export function spoken(corpus: "cremad" | "savee", speaker: string, emotion: Emotion) {
  const clip = planClips([corpus]).find((one) => one.emotion === emotion && one.speaker === speaker)!;
  return { id: clip.id, samples: synthesizeClip(clip, 1), sampleRate: clip.sampleRate };
}

/** Clips of one speaker with pauses between them, and what a model might hear: one emotion wrong, and one not clear enough. */
export function madeUpRecording() {
  const told: readonly (readonly [Emotion, string, number])[] = [
    ["neutral", "neutral", 2.5],
    ["happiness", "happiness", 2.8],
    ["anger", "anger", 3],
    ["fear", "surprise", 2],
    ["sadness", "sadness", 2.6],
    ["disgust", "disgust", 1.6],
    ["neutral", "neutral", 2.8],
  ];
  const rng = random("recording");
  const pause = 0.6;
  const rate = 44_100;
  const pieces: Float32Array[] = [];
  const truth: { start: number; end: number; emotion: string }[] = [];
  const windows: TimelineWindow[] = [];
  let at = 0;
  for (const [emotion, heard, lead] of told) {
    const { samples } = spoken("savee", "DC", emotion);
    const end = at + samples.length / rate;
    truth.push({ start: at, end, emotion });
    for (let start = at; start + 0.8 < end; start += 0.8) {
      const probabilities = madeUpProbabilities(heard, lead, rng);
      const [best, share] = Object.entries(probabilities).reduce((a, b) => (b[1] > a[1] ? b : a));
      windows.push({
        start,
        end: Math.min(start + 1.6, end),
        emotion: share > 0.4 ? best : null,
        probabilities,
      });
    }
    pieces.push(samples, new Float32Array(pause * rate));
    at = end + pause;
  }
  return {
    samples: Float32Array.from(pieces.flatMap((piece) => [...piece])),
    sampleRate: rate,
    truth,
    windows,
  };
}

function likeness(truth: string, name: string): number {
  return ALIKE.find(([a, b]) => (a === truth && b === name) || (b === truth && a === name))?.[2] ?? 0;
}

/** Softmax. */
function shares(scores: readonly number[]): number[] {
  const powers = scores.map(Math.exp);
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
