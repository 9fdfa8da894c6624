import { random } from "../../lib/base/random.js";
import { EMOTIONS } from "../../lib/corpora/clip.js";
import {
  classCounts,
  confusionMatrix,
  emotionPrediction,
  type Figure,
  learningCurves,
  type PredictedClip,
  perClassBars,
} from "../../lib/figures/index.js";

/** A clip of a gliding tone, its spectrogram a ridge in noise; seeded. */
export function exampleClip(given: Partial<PredictedClip> = {}): PredictedClip {
  const rng = random("figures");
  const [sampleRate, seconds, rows, cols] = [8000, 1.2, 121, 40];
  const samples = Float32Array.from({ length: sampleRate * seconds }, (_, i) => {
    const t = i / sampleRate;
    return 0.4 * Math.sin(Math.PI * (t / seconds)) * Math.sin(2 * Math.PI * (200 + 300 * t) * t);
  });
  const data = Float32Array.from({ length: rows * cols }, (_, i) => {
    const [frame, band] = [Math.floor(i / cols), i % cols];
    return -50 + 45 * Math.exp(-(((band - 8 - frame / 6) / 3) ** 2)) + 2 * rng.normal();
  });
  return {
    id: "tess/OAF_back_angry",
    samples,
    sampleRate,
    logmel: { data, rows, cols },
    hopSeconds: 0.01,
    truth: "anger",
    predicted: "anger",
    probabilities: {
      anger: 0.61,
      disgust: 0.14,
      fear: 0.02,
      happiness: 0.1,
      sadness: 0,
      surprise: 0.08,
      neutral: 0.05,
    },
    ...given,
  };
}

/** One of each figure, small. */
export function exampleFigures(): Record<string, Figure> {
  const rng = random("examples");
  return {
    confusionMatrix: confusionMatrix({
      counts: [
        [41, 5, 4],
        [9, 30, 11],
        [0, 0, 0],
      ],
      classes: ["anger", "fear", "neutral"],
      subtitle: "a row without clips stays empty",
    }),
    learningCurves: learningCurves({
      epochs: Array.from({ length: 12 }, (_, i) => ({
        epoch: i + 1,
        trainLoss: 0.4 + 1.5 * Math.exp(-i / 5),
        validationLoss: 0.8 + Math.exp(-i / 4),
        validationUar: 0.6 - 0.4 * Math.exp(-i / 4),
      })),
      bestEpoch: 9,
      synthetic: true,
    }),
    classCounts: classCounts({
      corpora: [
        { name: "savee", counts: { anger: 60, fear: 60, neutral: 120 } },
        { name: "ravdess", counts: { anger: 192, fear: 192, neutral: 96, calm: 192 } },
      ],
    }),
    perClassBars: perClassBars({
      classes: [...EMOTIONS],
      precision: EMOTIONS.map(() => rng.uniform(0.3, 1)),
      recall: EMOTIONS.map(() => rng.uniform(0.3, 1)),
      f1: EMOTIONS.map((_, i) => (i === 2 ? Number.NaN : rng.uniform(0.3, 1))),
      support: EMOTIONS.map(() => 50 + rng.int(50)),
      theme: "dark",
    }),
    emotionPrediction: emotionPrediction({ clips: [exampleClip()], subtitle: "a gliding tone" }),
  };
}
