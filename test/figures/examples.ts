// One example of each figure, which the gallery shows and the tests draw. Each is made of sound or numbers that are made up.
import { random } from "../../lib/base/random.js";
import { percent } from "../../lib/base/text.js";
import { CORPORA, EMOTIONS } from "../../lib/corpora/clip.js";
import { corpora } from "../../lib/corpora/registry.js";
import { chooseThreshold, riskCoverage } from "../../lib/evaluation/abstention.js";
import { uarWithin } from "../../lib/evaluation/breakdown.js";
import {
  answers,
  applyTemperature,
  calibrationError,
  fitTemperature,
} from "../../lib/evaluation/calibration.js";
import { confusionIntervals, recallOf } from "../../lib/evaluation/interval.js";
import { confusionCounts, metrics } from "../../lib/evaluation/metrics.js";
import { createExtractor } from "../../lib/features/extract.js";
import { pitch } from "../../lib/features/pitch.js";
import { featureSettings } from "../../lib/features/settings.js";
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
  type FigureOptions,
  learningCurves,
  mfccHeatmap,
  noiseRobustness,
  perClassBars,
  perSpeaker,
  projection,
  reliabilityDiagram,
  riskCoverageCurve,
  rocCurves,
  spectrogram,
  waveform,
} from "../../lib/figures/index.js";
import { drawing } from "../../lib/runs/pictures.js";
import {
  madeUpAnswers,
  madeUpProbabilities,
  madeUpRecording,
  madeUpTraining,
  SPEAKERS,
  spoken,
} from "./made-up.js";

export interface FigureExample {
  /** Of the picture; of the figure's function too, unless that has several examples. */
  name: string;
  function: string;
  /** When to use the figure, and when not: a sentence each. */
  use: string;
  not: string;
  draw(look: Pick<FigureOptions, "theme">): Figure;
}

const MADE_UP = { subtitle: "made-up numbers" };
const CHANCE = { name: "chance", value: 1 / EMOTIONS.length };
const LISTENERS = { name: "listeners", value: 0.407 };

/** All examples, in the order of work: sound, corpora, a training, its results, comparisons. */
export function figureExamples(): FigureExample[] {
  return [...ofSound(), ...ofCorpora(), ...ofTraining(), ...ofAnswers(), ...ofModels(), ...ofPredictions()];
}

function ofSound(): FigureExample[] {
  const clip = { ...spoken("cremad", "1006", "happiness"), synthetic: true };
  const subtitle = "happiness";
  const { sampleRate, hopLength } = featureSettings({ kind: "mfcc" });
  const hopSeconds = hopLength / sampleRate;
  const logmel = createExtractor(featureSettings({ kind: "logmel", nMels: 80 }))(clip.samples, sampleRate);
  const mfcc = createExtractor(featureSettings({ kind: "mfcc", nMfcc: 20 }))(clip.samples, sampleRate);
  return [
    {
      name: "waveform",
      function: "waveform",
      use: "How loud a clip is over time: pauses, clipping, cut ends.",
      not: "Not for pitch or timbre, which a spectrogram shows.",
      draw: (look) => waveform({ ...clip, emotion: "happiness", subtitle, ...look }),
    },
    {
      name: "spectrogram",
      function: "spectrogram",
      use: "Where the energy of a voice lies over time, with its pitch drawn over it.",
      not: "Not for comparing levels of clips: colours go down from each clip's own maximum.",
      draw: (look) =>
        spectrogram({
          ...clip,
          logmel,
          hopSeconds,
          pitch: pitch(clip.samples, sampleRate),
          subtitle,
          ...look,
        }),
    },
    {
      name: "mfccHeatmap",
      function: "mfccHeatmap",
      use: "What a model that takes MFCC is given.",
      not: "Not for values: each coefficient is in its own standard deviations.",
      draw: (look) => mfccHeatmap({ mfcc, hopSeconds, synthetic: true, subtitle, ...look }),
    },
  ];
}

function ofCorpora(): FigureExample[] {
  return [
    {
      name: "classCounts",
      function: "classCounts",
      use: "How many clips of each class corpora have, before anything is trained. These are the published numbers.",
      not: "Not for speakers or sentences: there are too many for colours.",
      draw: (look) => classCounts({ corpora: CORPORA.map(publishedCounts), ...look }),
    },
    {
      name: "distributions",
      function: "distributions",
      use: "How something measured differs between emotions, or between corpora.",
      not: "Not for fewer than some twenty values a group, whose violins are guesses.",
      draw: (look) => distributions({ panels: pitchAndEnergy(), ...MADE_UP, ...look }),
    },
    {
      name: "projection",
      function: "projection",
      use: "A first look at whether clips of a class lie together, by the components that `pca` finds.",
      not: "Not for whether a model can tell classes apart: two components hold a part of the variance.",
      draw: (look) => projection({ ...clouds(), ...MADE_UP, ...look }),
    },
  ];
}

function ofTraining(): FigureExample[] {
  return [
    {
      name: "learningCurves",
      function: "learningCurves",
      use: "Whether one training still learns or overfits, and which epoch was kept.",
      not: "Not for how good a model is: the kept epoch was chosen by this very curve.",
      draw: (look) => learningCurves({ ...madeUpTraining(1, 30, 0.6), ...MADE_UP, ...look }),
    },
    {
      name: "learningOfNetworks",
      function: "learningCurves",
      use: "How the runs of several networks, folds and seeds, learned, on the same axes.",
      not: "Not for reading off one run among many.",
      draw: (look) =>
        learningCurves({
          networks: [
            {
              name: "cnn",
              runs: [1, 2, 3, 4, 5, 6].map((seed) => madeUpTraining(seed, 30, 0.58 + 0.01 * seed)),
            },
            {
              name: "lstm",
              runs: [7, 8, 9, 10, 11, 12].map((seed) => madeUpTraining(seed, 40, 0.48 + 0.01 * seed)),
            },
          ],
          ...MADE_UP,
          ...look,
        }),
    },
  ];
}

function ofAnswers(): FigureExample[] {
  const [scored, validation] = [madeUpAnswers(1), madeUpAnswers(2)];
  const { classes, truth, predicted, probabilities } = scored;
  const counts = confusionCounts(truth, predicted, classes.length);
  const { uar, perClass } = metrics(counts, classes);
  const ofClasses = {
    classes,
    precision: perClass.map(({ precision }) => precision),
    recall: perClass.map(({ recall }) => recall),
    f1: perClass.map(({ f1 }) => f1),
    support: perClass.map(({ support }) => support),
  };
  const recalls = confusionIntervals(
    [scored],
    Object.fromEntries(classes.map((name, c) => [name, recallOf(c)])),
    { resamples: 999 },
  );
  const temperature = fitTemperature(validation.probabilities, validation.truth, classes.length);
  const calibrated = (of: typeof scored) => applyTemperature(of.probabilities, classes.length, temperature);
  const threshold = chooseThreshold(calibrated(validation), validation.truth, classes.length);
  const points = riskCoverage(calibrated(scored), truth, classes.length);
  const chosen = points.find((point) => point.threshold >= threshold)!;
  const seeds = [scored, validation, madeUpAnswers(3)];
  return [
    {
      name: "confusionMatrix",
      function: "confusionMatrix",
      use: "Which emotions are taken for which.",
      not: "Not for comparing models, of which each has a matrix of its own.",
      draw: (look) =>
        confusionMatrix({
          counts,
          classes,
          subtitle: `made-up numbers, UAR ${percent(uar)} %`,
          ...look,
        }),
    },
    {
      name: "perClassBars",
      function: "perClassBars",
      use: "Whether a class is missed (recall) or named too often (precision).",
      not: "Not where clips or speakers are few, without the intervals of the next picture.",
      draw: (look) => perClassBars({ ...ofClasses, ...MADE_UP, ...look }),
    },
    {
      name: "perClassIntervals",
      function: "perClassBars",
      use: "The same with intervals over speakers, here of recall, and with the mark that figures of a leaky split bear.",
      not: "Not for whether two models differ: `compareModels` tests that.",
      draw: (look) =>
        perClassBars({
          ...ofClasses,
          intervals: { recall: classes.map((name) => boundsOf(recalls[name]!)) },
          leaky: true,
          ...MADE_UP,
          ...look,
        }),
    },
    {
      name: "rocCurves",
      function: "rocCurves",
      use: "How well the probability of each class ranks clips, whatever the threshold.",
      not: "Not for the decisions of a model, which a confusion matrix counts.",
      draw: (look) => rocCurves({ classes, truth, probabilities, ...MADE_UP, ...look }),
    },
    {
      name: "reliability",
      function: "reliabilityDiagram",
      use: "Whether answers of 70 % confidence are right in 70 % of the cases, before and after calibration.",
      not: "Not for fewer than some hundred clips: bins of a few are chance.",
      draw: (look) =>
        reliabilityDiagram({
          series: [
            { name: "as trained", values: probabilities },
            { name: "calibrated", values: calibrated(scored) },
          ].map(({ name, values }) => ({
            name,
            ...answers(values, truth, classes.length),
            ece: calibrationError(values, truth, classes.length),
          })),
          ...MADE_UP,
          ...look,
        }),
    },
    {
      name: "riskCoverageCurve",
      function: "riskCoverageCurve",
      use: "How many wrong answers a model saves by answering only where it is sure.",
      not: "Not for choosing the threshold on these clips: choose it on validation, as here.",
      draw: (look) =>
        riskCoverageCurve({
          points,
          marks: [{ ...chosen, name: "chosen on validation" }],
          ...MADE_UP,
          ...look,
        }),
    },
    {
      name: "perSpeaker",
      function: "perSpeaker",
      use: "How much speakers differ, which the mean hides.",
      not: "Not for ranking speakers: each has few clips.",
      draw: (look) =>
        perSpeaker({
          speakers: SPEAKERS.map((one) => ({
            ...one,
            values: seeds.map((seed) =>
              uarWithin(seed, (i) => seed.speakers[i] === `${one.group}/${one.speaker}`),
            ),
          })),
          references: [CHANCE],
          ...MADE_UP,
          ...look,
        }),
    },
  ];
}

function ofModels(): FigureExample[] {
  return [
    {
      name: "ablation",
      function: "ablation",
      use: "What settings or networks are worth, each with its interval over speakers.",
      not: "Not for whether two of them differ: intervals may overlap where a paired test (`compareModels`) finds a difference.",
      draw: (look) =>
        ablation({
          rows: [
            { name: "cnn, log-mel", estimate: 0.612, low: 0.572, high: 0.649, baseline: true },
            { name: "MFCC", group: "features", estimate: 0.571, low: 0.529, high: 0.612 },
            { name: "32 bands", group: "features", estimate: 0.594, low: 0.553, high: 0.63 },
            { name: "no augmentation", group: "training", estimate: 0.548, low: 0.503, high: 0.59 },
            { name: "mixup", group: "training", estimate: 0.619, low: 0.581, high: 0.657 },
            { name: "four speakers only", group: "data", estimate: 0.46 },
          ],
          references: [LISTENERS, CHANCE],
          ...MADE_UP,
          ...look,
        }),
    },
    {
      name: "crossCorpusMatrix",
      function: "crossCorpusMatrix",
      use: "How well what is learned on one corpus holds on another.",
      not: "Not for comparing UAR over different numbers of classes: compare the colours, which start at chance.",
      draw: (look) =>
        crossCorpusMatrix({ train: CORPORA, test: CORPORA, cells: CROSSED.map(cells), ...MADE_UP, ...look }),
    },
    {
      name: "noiseRobustness",
      function: "noiseRobustness",
      use: "How much accuracy noise costs, by its level.",
      not: "Not for rooms, microphones and codecs, which differ from clean sound by more than noise.",
      draw: (look) =>
        noiseRobustness({
          series: [
            { name: "trained with noise", points: underNoise([0.595, 0.585, 0.56, 0.51, 0.43, 0.33]) },
            { name: "trained without", points: underNoise([0.612, 0.55, 0.44, 0.33, 0.24, 0.19]) },
          ],
          references: [LISTENERS, CHANCE],
          ...MADE_UP,
          ...look,
        }),
    },
  ];
}

function ofPredictions(): FigureExample[] {
  const rng = random("predictions");
  const drawn = drawing();
  const clips = [
    { speaker: "1001", truth: "anger", predicted: "anger", lead: 2.8 },
    { speaker: "1007", truth: "sadness", predicted: "neutral", lead: 2 },
    { speaker: "1012", truth: "fear", predicted: null, lead: 0.6 },
    { speaker: "1020", truth: "happiness", predicted: "happiness", lead: 2.4 },
  ] as const;
  const shown = clips.map(({ speaker, truth, predicted, lead }) => {
    const { id, ...sound } = spoken("cremad", speaker, truth);
    const probabilities = madeUpProbabilities(predicted ?? truth, lead, rng);
    return { id, ...drawn(sound), truth, predicted, probabilities };
  });
  const { samples, sampleRate, truth, windows } = madeUpRecording();
  const envelope = envelopeOf(samples, sampleRate);
  const subtitle = "made-up answers";
  return [
    {
      name: "emotionPrediction",
      function: "emotionPrediction",
      use: "What a model makes of single clips: right, wrong, and not decided.",
      not: "Not for how good it is: nine clips at most are an anecdote.",
      draw: (look) => emotionPrediction({ clips: shown, synthetic: true, subtitle, ...look }),
    },
    {
      name: "emotionTimeline",
      function: "emotionTimeline",
      use: "A long recording in windows, hatched where no emotion is clear enough.",
      not: "Not for single clips, which `emotionPrediction` shows with their spectrograms.",
      draw: (look) =>
        emotionTimeline({
          ...{ duration: samples.length / sampleRate, windows, envelope, truth },
          ...{ synthetic: true, subtitle },
          ...look,
        }),
    },
  ];
}

function publishedCounts(name: (typeof CORPORA)[number]) {
  const { expectedIds, parse } = corpora[name];
  const counts: Record<string, number> = {};
  for (const id of expectedIds()) {
    const { label, emotion } = parse(`${id.slice(name.length + 1)}.wav`)!;
    const own = label === "calm" ? "calm" : emotion;
    counts[own] = (counts[own] ?? 0) + 1;
  }
  return { name, counts };
}

/** Anger and surprise are loud and high, sadness is soft and low. */
function pitchAndEnergy() {
  const middles: Record<string, [hz: number, db: number]> = {
    anger: [205, -18],
    disgust: [160, -25],
    fear: [215, -23],
    happiness: [220, -20],
    sadness: [150, -30],
    surprise: [235, -21],
    neutral: [155, -27],
  };
  const rng = random("pitch and energy");
  const spread = (draw: (middles: [number, number]) => number) =>
    EMOTIONS.map((name) => ({ name, values: Array.from({ length: 80 }, () => draw(middles[name]!)) }));
  return [
    { name: "pitch (Hz)", log: true, groups: spread(([hz]) => hz * 2 ** rng.normal(0, 0.25)) },
    { name: "energy (dB)", groups: spread(([, db]) => rng.normal(db, 3)) },
  ];
}

/** Clouds of four emotions, which overlap as real ones do. */
function clouds() {
  const middles = {
    anger: [3, -1.5],
    happiness: [2.2, 1.6],
    sadness: [-2.6, -0.8],
    disgust: [-1.6, 1.1],
  } as const;
  const rng = random("clouds");
  const names = Object.keys(middles) as (keyof typeof middles)[];
  const labels = Array.from({ length: 240 }, (_, i) => names[i % names.length]!);
  const data = labels.flatMap((name) => middles[name].map((middle) => rng.normal(middle, 0.95)));
  return {
    points: { data: Float32Array.from(data), rows: labels.length, cols: 2 },
    labels,
    explained: [0.31, 0.12],
  };
}

/** UAR by training corpus (rows) and test corpus; one was not measured. */
const CROSSED = [
  [0.59, 0.31, 0.28, 0.34],
  [0.26, 0.62, 0.22, 0.27],
  [0.29, null, 0.35, 0.3],
  [0.38, 0.36, 0.33, 0.58],
] as const;

/** TESS and SAVEE have too few speakers for intervals, CREMA-D six classes. */
function cells(row: readonly (number | null)[], i: number) {
  return row.map((estimate, j) => {
    if (estimate === null) return null;
    const classes = CORPORA[i] === "cremad" || CORPORA[j] === "cremad" ? 6 : 7;
    const few = CORPORA[j] === "tess" || CORPORA[j] === "savee";
    return { estimate, classes, ...(few ? {} : { low: estimate - 0.05, high: estimate + 0.04 }) };
  });
}

function underNoise(estimates: readonly number[]) {
  return (["clean", 20, 10, 5, 0, -5] as const).map((snr, i) => {
    const estimate = estimates[i]!;
    return { snr, estimate, low: estimate - 0.04, high: estimate + 0.035 };
  });
}

function boundsOf(interval: object): { low: number; high: number } | null {
  return "low" in interval && "high" in interval
    ? { low: interval.low as number, high: interval.high as number }
    : null;
}
