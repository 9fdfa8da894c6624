import { random } from "../../lib/base/random.js";
import { EMOTIONS } from "../../lib/corpora/clip.js";
import {
  ablation,
  classCounts,
  confusionMatrix,
  crossCorpusMatrix,
  distributions,
  emotionPrediction,
  emotionTimeline,
  envelopeOf,
  type Figure,
  learningCurves,
  mfccHeatmap,
  noiseRobustness,
  type PredictedClip,
  perClassBars,
  perSpeaker,
  projection,
  reliabilityDiagram,
  riskCoverageCurve,
  rocCurves,
  spectrogram,
  type ThemeName,
  type TimelineWindow,
  waveform,
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

/** A group an emotion, its values around a middle; seeded. */
function spread(middle: number) {
  const rng = random(`spread ${middle}`);
  return EMOTIONS.map((name, i) => ({
    name,
    values: Array.from({ length: 60 }, () => middle * (1 + 0.05 * i + 0.12 * rng.normal())),
  }));
}

/** Probabilities of made-up answers, six to eight in ten right; seeded. */
function exampleAnswers(count: number) {
  const rng = random("answers");
  const truth = Array.from({ length: count }, () => rng.int(EMOTIONS.length));
  const rows = truth.map((own) => {
    const scores = EMOTIONS.map((_, c) => Math.exp(1.2 * rng.normal() + (c === own ? 2 : 0)));
    const sum = scores.reduce((a, b) => a + b, 0);
    return scores.map((score) => score / sum);
  });
  const top = rows.map((row) => row.indexOf(Math.max(...row)));
  return {
    truth,
    probabilities: rows.flat(),
    confidence: rows.map((row) => Math.max(...row)),
    right: top.map((best, i) => best === truth[i]),
  };
}

/** Windows of 2 s, one a second, with a silence and a doubtful stretch; and what was said. */
function exampleTimeline() {
  const rng = random("timeline");
  const truth = [
    { start: 0, end: 14, emotion: "neutral" },
    { start: 18, end: 31, emotion: "anger" },
    { start: 31, end: 45, emotion: "sadness" },
  ];
  const windows = Array.from({ length: 44 }, (_, i): TimelineWindow | undefined => {
    const own = truth.find(({ start, end }) => i >= start && i + 1 <= end);
    if (!own) return undefined;
    const scores = EMOTIONS.map((name) => rng.uniform(0.2, 1) + (name === own.emotion && i < 38 ? 4 : 0));
    const sum = scores.reduce((a, b) => a + b, 0);
    const probabilities = Object.fromEntries(EMOTIONS.map((name, c) => [name, scores[c]! / sum]));
    const best = EMOTIONS[scores.indexOf(Math.max(...scores))]!;
    const emotion = Math.max(...scores) / sum > 0.35 ? best : null;
    return { start: i, end: Math.min(i + 2, own.end), emotion, probabilities };
  }).filter((window) => window !== undefined);
  const rate = 200;
  const samples = Float32Array.from({ length: 45 * rate }, (_, i) => {
    const speaks = truth.some(({ start, end }) => i / rate >= start && i / rate < end);
    return (speaks ? 0.3 + 0.2 * Math.sin(i / 90) : 0.01) * rng.normal();
  });
  return { duration: 45, windows, truth, envelope: envelopeOf(samples, rate) };
}

/** One of each figure, small. */
export function exampleFigures(theme: ThemeName = "light"): Record<string, Figure> {
  const rng = random("examples");
  const answers = exampleAnswers(600);
  const clip = exampleClip();
  const listeners = { name: "listeners", value: 0.407 };
  const chance = { name: "chance", value: 1 / 6 };
  return {
    confusionMatrix: confusionMatrix({
      counts: [
        [41, 5, 4],
        [9, 30, 11],
        [0, 0, 0],
      ],
      classes: ["anger", "fear", "neutral"],
      subtitle: "a row without clips stays empty",
      theme,
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
      theme,
    }),
    classCounts: classCounts({
      corpora: [
        { name: "savee", counts: { anger: 60, fear: 60, neutral: 120 } },
        { name: "ravdess", counts: { anger: 192, fear: 192, neutral: 96, calm: 192 } },
      ],
      theme,
    }),
    perClassBars: perClassBars({
      classes: [...EMOTIONS],
      precision: EMOTIONS.map(() => rng.uniform(0.3, 1)),
      recall: EMOTIONS.map(() => rng.uniform(0.3, 1)),
      f1: EMOTIONS.map((_, i) => (i === 2 ? Number.NaN : rng.uniform(0.3, 1))),
      support: EMOTIONS.map(() => 50 + rng.int(50)),
      theme,
    }),
    perClassIntervals: perClassBars({
      classes: ["anger", "fear", "neutral"],
      precision: [0.72, 0.5, 0.9],
      recall: [0.6, 0.8, 0.97],
      f1: [0.65, 0.62, 0.93],
      intervals: {
        recall: [{ low: 0.51, high: 0.68 }, null, { low: 0.9, high: 1 }],
      },
      leaky: true,
      synthetic: true,
      theme,
    }),
    emotionPrediction: emotionPrediction({ clips: [clip], subtitle: "a gliding tone", theme }),
    waveform: waveform({ samples: clip.samples, sampleRate: clip.sampleRate, emotion: "anger", theme }),
    spectrogram: spectrogram({
      ...clip,
      pitch: {
        hz: Array.from({ length: 121 }, (_, i) => (i % 50 < 40 ? 700 + 8 * i : Number.NaN)),
        hopSeconds: 0.01,
      },
      theme,
    }),
    mfccHeatmap: mfccHeatmap({ mfcc: clip.logmel, hopSeconds: clip.hopSeconds, theme }),
    distributions: distributions({
      panels: [
        { name: "pitch (Hz)", log: true, groups: spread(110) },
        { name: "energy (dB)", groups: spread(-30) },
      ],
      theme,
    }),
    projection: projection({
      points: {
        data: Float32Array.from({ length: 240 }, (_, i) => rng.normal() + (i % 6 < 2 ? 3 : 0)),
        rows: 120,
        cols: 2,
      },
      labels: Array.from({ length: 120 }, (_, i) => EMOTIONS[i % 3]!),
      explained: [0.31, 0.12],
      theme,
    }),
    reliability: reliabilityDiagram({
      series: [
        {
          name: "raw",
          confidence: answers.confidence.map((p) => p ** 0.4),
          right: answers.right,
          ece: 0.151,
        },
        { name: "calibrated", ...answers, ece: 0.032 },
      ],
      bins: 10,
      theme,
    }),
    riskCoverageCurve: riskCoverageCurve({
      points: Array.from({ length: 50 }, (_, i) => ({ coverage: (i + 1) / 50, risk: 0.2 + 0.004 * i })),
      marks: [{ name: "chosen", coverage: 0.6, risk: 0.316 }],
      theme,
    }),
    rocCurves: rocCurves({ ...answers, classes: [...EMOTIONS], theme }),
    crossCorpusMatrix: crossCorpusMatrix({
      train: ["ravdess", "tess", "savee", "cremad"],
      test: ["ravdess", "tess", "savee", "cremad"],
      cells: [0, 1, 2, 3].map((i) =>
        [0, 1, 2, 3].map((j) => {
          if (i === 1 && j === 2) return null;
          const estimate = i === j ? 0.6 + 0.1 * i : 0.2 + 0.05 * j;
          const classes = i === 3 || j === 3 ? 6 : 7;
          return j === 2
            ? { estimate, classes }
            : { estimate, classes, low: estimate - 0.04, high: estimate + 0.03 };
        }),
      ),
      theme,
    }),
    ablation: ablation({
      rows: [
        { name: "cnn, log-mel", estimate: 0.612, low: 0.58, high: 0.641, baseline: true },
        { name: "MFCC", group: "features", estimate: 0.571, low: 0.54, high: 0.602 },
        { name: "mel power", group: "features", estimate: 0.49, low: 0.451, high: 0.523 },
        { name: "no SpecAugment", group: "training", estimate: 0.583, low: 0.55, high: 0.62 },
        { name: "one speaker left out", group: "training", estimate: 0.55 },
      ],
      references: [listeners, chance],
      theme,
    }),
    perSpeaker: perSpeaker({
      speakers: Array.from({ length: 14 }, (_, i) => ({
        speaker: String(i + 1).padStart(2, "0"),
        group: i < 10 ? "ravdess" : "savee",
        sex: i % 2 ? "female" : "male",
        values: [0, 1, 2].map(() => 0.35 + 0.02 * i + rng.uniform(0, 0.08)),
      })),
      references: [chance],
      theme,
    }),
    noiseRobustness: noiseRobustness({
      series: ["cnn", "linear"].map((name, s) => ({
        name,
        points: (["clean", 20, 10, 0, -5] as const).map((snr, i) => {
          const estimate = 0.62 - 0.1 * s - 0.06 * i * (1 + s / 2);
          return { snr, estimate, low: estimate - 0.03, high: estimate + 0.03 };
        }),
      })),
      references: [listeners, chance],
      theme,
    }),
    emotionTimeline: emotionTimeline({ ...exampleTimeline(), theme }),
  };
}
