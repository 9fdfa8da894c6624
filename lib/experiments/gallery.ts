import { join } from "node:path";
import { readAudio } from "../audio/read.js";
import { resample } from "../audio/resample.js";
import { writeAtomic } from "../base/atomic.js";
import { Interrupted } from "../base/errors.js";
import { groupBy } from "../base/group.js";
import { fromRows, type Matrix } from "../base/matrix.js";
import { Progress } from "../base/progress.js";
import { random } from "../base/random.js";
import { type Clip, CORPORA, EMOTIONS } from "../corpora/clip.js";
import { classesOf, loadClips } from "../corpora/registry.js";
import { synthesizeCorpora } from "../corpora/synthetic/synthetic.js";
import { riskCoverage } from "../evaluation/abstention.js";
import { uarWithin } from "../evaluation/breakdown.js";
import { answers, applyTemperature, calibrationError, fitTemperature } from "../evaluation/calibration.js";
import { confusionIntervals, recallOf, type Scored, uarInterval } from "../evaluation/interval.js";
import { confusionCounts, metrics } from "../evaluation/metrics.js";
import { extractClips, type FeatureSet } from "../features/corpus.js";
import { createExtractor } from "../features/extract.js";
import { pca } from "../features/pca.js";
import { pitch } from "../features/pitch.js";
import { RUN_FEATURES } from "../features/presets.js";
import { type FeatureSettings, featureSettings } from "../features/settings.js";
import { clipStatistics } from "../features/statistics.js";
import {
  type AblationRow,
  ablation,
  type CrossCorpusCell,
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
  type NoisePoint,
  noiseRobustness,
  perClassBars,
  perSpeaker,
  projection,
  reliabilityDiagram,
  renderPng,
  riskCoverageCurve,
  rocCurves,
  spectrogram,
  type ThemeName,
  type TimelineWindow,
  waveform,
} from "../figures/index.js";
import { heldOutSpeakers } from "../protocols/split.js";
import type { Split } from "../protocols/types.js";
import { predictedClips } from "../runs/pictures.js";
import { addNoise } from "../training/sound.js";
import {
  type PartResult,
  SMALL_TRAINING,
  TRAINING,
  type TrainingSettings,
  train,
} from "../training/train.js";

export interface GalleryOptions {
  /** The synthetic corpora are in its sub-folder `synthetic`, or are made there. */
  data: string;
  signal?: AbortSignal;
  /** What is being done, a line at a time. */
  log?: (line: string) => void;
}

/** A figure, what it shows, and how it is made in a theme. */
interface Exhibit {
  name: string;
  caption: string;
  draw(look: FigureOptions): Figure;
}

const FEATURES: FeatureSettings = { ...RUN_FEATURES.mfcc, nMfcc: 20 };
/** Convex, without a seed: only the learning curves are a network's. */
const LINEAR: TrainingSettings = { ...TRAINING, model: "linear" };
/** Enough for pictures. */
const RESAMPLES = 1999;
const SNRS = [20, 10, 5, 0, -5] as const;
/** Seconds. */
const WINDOW = { length: 1.6, hop: 0.8, silence: 0.7 };
/** A window whose largest calibrated probability is under this is shown as undecided. */
const THRESHOLD = 0.55;

/**
 * Draws one of each figure, light and dark, from synthetic voices and models trained on them here, and a page
 * (README.md) that shows them.
 *
 * @param out folder of the page and its pictures
 * @throws {Interrupted} when the signal comes
 * @example await drawGallery("results/gallery", { data: "data" });
 */
export async function drawGallery(out: string, options: GalleryOptions): Promise<void> {
  const log = options.log ?? (() => {});
  const exhibits = await exhibitsOf(options, log);
  const progress = new Progress("pictures", 2 * exhibits.length);
  for (const { name, draw } of exhibits) {
    for (const theme of ["light", "dark"] satisfies ThemeName[]) {
      goOn(options.signal);
      const png = await renderPng(draw({ theme, synthetic: true }), { scale: 1 });
      await writeAtomic(join(out, file(name, theme)), png);
      progress.step();
    }
  }
  progress.done();
  await writeAtomic(join(out, "README.md"), page(exhibits));
}

function goOn(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new Interrupted("stopped: the pictures drawn so far are kept");
}

async function exhibitsOf(options: GalleryOptions, log: (line: string) => void): Promise<Exhibit[]> {
  const { signal } = options;
  const folder = join(options.data, "synthetic");
  log(`synthetic corpora in ${folder}`);
  await synthesizeCorpora(folder, { signal });
  const clips = await loadClips(folder);
  log(`features and models of ${clips.length} clips`);
  const features = await extractClips(clips, FEATURES, { signal });
  const bench = new Bench(features, signal);
  const noisy = await noisySounds(bench);
  const recording = await joinedRecording(bench);
  log("a linear model on all corpora");
  const answers = await bench.fitOn([...noisy, ...recording.windows]);
  return [
    ...(await soundExhibits(clips)),
    ...(await corpusExhibits(clips, features)),
    ...(await resultExhibits(bench, answers)),
    await curvesExhibit(bench, log),
    await ablationExhibit(bench, answers, log),
    await crossCorpusExhibit(bench, log),
    noiseExhibit(bench, answers, noisy),
    timelineExhibit(bench, answers, recording),
  ];
}

/** A clip that is not in the corpora, such as a window or a noisy copy. */
interface Sound {
  clip: Clip;
  matrix: Matrix;
}

/** What one model answered. */
interface Answers {
  test: PartResult;
  others: PartResult;
  /** Temperature scaling, fitted on the validation part. */
  calibrate(probabilities: Float32Array): Float32Array;
}

/** The answers for some of a part's clips, in their order. */
function partOf(part: PartResult, ids: ReadonlySet<string>, classes: readonly string[]): PartResult {
  const rows = part.ids.flatMap((id, i) => (ids.has(id) ? [i] : []));
  const width = classes.length;
  const truth = rows.map((i) => part.truth[i]!);
  const predicted = rows.map((i) => part.predicted[i]!);
  return {
    ids: rows.map((i) => part.ids[i]!),
    truth,
    predicted,
    probabilities: Float32Array.from(
      rows.flatMap((i) => [...part.probabilities.subarray(i * width, (i + 1) * width)]),
    ),
    metrics: metrics(confusionCounts(truth, predicted, width), classes),
  };
}

/** The features of all clips and the split by speakers, and models on them. */
class Bench {
  readonly split: Split;
  readonly classes: string[];
  readonly clipOf: ReadonlyMap<string, Clip>;

  constructor(
    readonly features: FeatureSet,
    readonly signal?: AbortSignal,
  ) {
    this.split = heldOutSpeakers(features.clips);
    this.classes = classesOf(features.clips);
    this.clipOf = new Map(features.clips.map((clip) => [clip.id, clip]));
  }

  /** Trains on the split's training part and predicts its test part. */
  async fit(
    changes: { features?: FeatureSet; split?: Split; classes?: string[]; settings?: TrainingSettings } = {},
  ) {
    goOn(this.signal);
    const { features = this.features, split = this.split, classes = this.classes } = changes;
    const options = { quiet: true, signal: this.signal };
    const trained = await train(features, split, classes, changes.settings ?? LINEAR, options);
    return { ...trained, test: trained.validation };
  }

  /** Trains on the training part; answers for the test part, and for sounds that are not in the corpora. */
  async fitOn(others: readonly Sound[]): Promise<Answers> {
    const { clips, matrix } = this.features;
    const count = clips.length;
    const features: FeatureSet = {
      ...this.features,
      clips: [...clips, ...others.map(({ clip }) => clip)],
      matrix: (i) => (i < count ? matrix(i) : others[i - count]!.matrix),
    };
    const { test } = this.split;
    const all = [...test, ...others.map(({ clip }) => clip.id)];
    const fitted = await this.fit({ features, split: { ...this.split, test: all } });
    const classes = this.classes.length;
    const temperature = fitTemperature(fitted.validation.probabilities, fitted.validation.truth, classes);
    return {
      test: partOf(fitted.test, new Set(test), this.classes),
      others: partOf(fitted.test, new Set(all.slice(test.length)), this.classes),
      calibrate: (probabilities) => applyTemperature(probabilities, classes, temperature),
    };
  }

  scored(part: PartResult, classes: readonly string[] = this.classes): Scored {
    const speakers = part.ids.map((id) => speakerOf(this.clipOf.get(id)!));
    return { classes, truth: part.truth, predicted: part.predicted, speakers };
  }
}

function speakerOf({ corpus, speaker }: Clip): string {
  return `${corpus}/${speaker}`;
}

/** Mono at the features' rate. */
async function soundOf(clip: Clip, { sampleRate }: FeatureSettings): Promise<Float32Array> {
  const audio = await readAudio(clip.path);
  return resample(audio.samples, audio.sampleRate, sampleRate);
}

async function soundExhibits(clips: readonly Clip[]): Promise<Exhibit[]> {
  const clip = clips.find(({ corpus, emotion }) => corpus === "cremad" && emotion === "happiness")!;
  const settings = featureSettings({ kind: "logmel" });
  const { sampleRate, hopLength } = settings;
  const samples = await soundOf(clip, settings);
  const hopSeconds = hopLength / sampleRate;
  const logmel = createExtractor(settings)(samples, sampleRate);
  const mfcc = createExtractor(featureSettings({ kind: "mfcc", nMfcc: 20 }))(samples, sampleRate);
  const voice = pitch(samples, sampleRate, { hopSeconds });
  const { emotion, id } = clip;
  const subtitle = `${id}, ${emotion}`;
  return [
    {
      name: "waveform",
      caption: "`waveform`: the least and greatest sample of each stretch of time.",
      draw: (look) => waveform({ samples, sampleRate, emotion, subtitle, ...look }),
    },
    {
      name: "spectrogram",
      caption: "`spectrogram`: log-mel bands over time, with the pitch that `pitch` (YIN) finds.",
      draw: (look) => spectrogram({ logmel, hopSeconds, sampleRate, pitch: voice, subtitle, ...look }),
    },
    {
      name: "mfcc",
      caption: "`mfccHeatmap`: cepstral coefficients over time, each in its own standard deviations.",
      draw: (look) => mfccHeatmap({ mfcc, hopSeconds, subtitle, ...look }),
    },
  ];
}

/** Values of a distribution. */
interface Group {
  name: string;
  values: number[];
}

async function corpusExhibits(clips: readonly Clip[], features: FeatureSet): Promise<Exhibit[]> {
  const counts = CORPORA.map((name) => {
    const own = clips.filter(({ corpus }) => corpus === name);
    return {
      name,
      counts: Object.fromEntries([...groupBy(own, ({ emotion }) => emotion)].map(([k, v]) => [k, v.length])),
    };
  });
  const rng = random("gallery");
  const some = (from: readonly Clip[], count: number) => rng.shuffle(from).slice(0, count);
  const lengths: Group[] = [];
  for (const name of CORPORA) {
    const values: number[] = [];
    for (const clip of some(
      clips.filter(({ corpus }) => corpus === name),
      100,
    )) {
      const { samples, sampleRate } = await readAudio(clip.path);
      values.push(samples.length / sampleRate);
    }
    lengths.push({ name, values });
  }
  const pitches: Group[] = [];
  const levels: Group[] = [];
  for (const name of EMOTIONS) {
    const hz: number[] = [];
    const db: number[] = [];
    for (const clip of some(
      clips.filter(({ corpus, emotion }) => corpus === "ravdess" && emotion === name),
      30,
    )) {
      const samples = await soundOf(clip, features.settings);
      const found = [...pitch(samples, features.settings.sampleRate).hz]
        .filter((value) => value > 0)
        .sort((a, b) => a - b);
      hz.push(found[Math.floor(found.length / 2)] ?? Number.NaN);
      db.push(10 * Math.log10(samples.reduce((sum, value) => sum + value * value, 0) / samples.length));
    }
    pitches.push({ name, values: hz });
    levels.push({ name, values: db });
  }
  const shown = features.clips.flatMap((clip, i) => (clip.corpus === "savee" ? [i] : []));
  const { scores, explained } = pca(fromRows(shown.map((i) => clipStatistics(features.matrix(i)))), 2);
  const labels = shown.map((i) => features.clips[i]!.emotion);
  return [
    {
      name: "class-counts",
      caption: "`classCounts`: clips of each class, corpus by corpus.",
      draw: (look) => classCounts({ corpora: counts, ...look }),
    },
    {
      name: "durations",
      caption: "`distributions`: durations by corpus.",
      draw: (look) =>
        distributions({
          panels: [{ name: "duration (s)", groups: lengths }],
          title: "Durations by corpus",
          ...look,
        }),
    },
    {
      name: "pitch-energy",
      caption: "`distributions`: median pitch and level of each clip, by emotion.",
      draw: (look) =>
        distributions({
          panels: [
            { name: "pitch (Hz)", log: true, groups: pitches },
            { name: "energy (dB, full scale)", groups: levels },
          ],
          title: "Pitch and energy by emotion",
          subtitle: "ravdess, medians over voiced frames and levels of whole clips",
          ...look,
        }),
    },
    {
      name: "projection",
      caption: "`projection` of `pca`: clips in the plane of the two largest principal components.",
      draw: (look) =>
        projection({ points: scores, labels, explained, subtitle: "savee, statistics of 20 MFCC", ...look }),
    },
  ];
}

async function resultExhibits(bench: Bench, { test, calibrate }: Answers): Promise<Exhibit[]> {
  const { classes } = bench;
  const subtitle = `linear model, held-out speakers, UAR ${(100 * test.metrics.uar).toFixed(1)} %`;
  const recalls = confusionIntervals(
    [bench.scored(test)],
    Object.fromEntries(classes.map((name, c) => [name, recallOf(c)])),
    { resamples: RESAMPLES },
  );
  const { perClass } = test.metrics;
  const calibrated = calibrate(test.probabilities);
  const right = test.truth.map((truth, i) => truth === test.predicted[i]);
  const series = [
    { name: "as trained", probabilities: test.probabilities },
    { name: "calibrated", probabilities: calibrated },
  ].map(({ name, probabilities }) => ({
    name,
    right,
    confidence: answers(probabilities, test.truth, classes.length).confidence,
    ece: calibrationError(probabilities, test.truth, classes.length),
  }));
  const risks = riskCoverage(calibrated, test.truth, classes.length);
  const half = { name: "half of them", ...risks.findLast(({ coverage }) => coverage >= 0.5)! };
  const answered = bench.scored(test);
  const bySpeaker = [...new Set(answered.speakers)].map((who) => {
    const { corpus, speaker, sex } = bench.clipOf.get(test.ids[answered.speakers.indexOf(who)]!)!;
    return {
      speaker,
      sex,
      group: corpus,
      values: [uarWithin(answered, (i) => answered.speakers[i] === who)],
    };
  });
  const scored = { ...test, probabilities: calibrated };
  const shown = await predictedClips(scored, shownOf(test), classes, [...bench.clipOf.values()]);
  return [
    {
      name: "confusion-matrix",
      caption: "`confusionMatrix`: counts, and shares of the true class.",
      draw: (look) => confusionMatrix({ counts: test.metrics.confusion, classes, subtitle, ...look }),
    },
    {
      name: "per-class",
      caption:
        "`perClassBars`: precision, recall and F1, here with intervals of the recall (bootstrap over speakers).",
      draw: (look) =>
        perClassBars({
          classes,
          precision: perClass.map((scores) => scores.precision),
          recall: perClass.map((scores) => scores.recall),
          f1: perClass.map((scores) => scores.f1),
          support: perClass.map((scores) => scores.support),
          intervals: { recall: classes.map((name) => boundsOf(recalls[name]!)) },
          subtitle,
          ...look,
        }),
    },
    {
      name: "roc",
      caption: "`rocCurves`: each class against the rest.",
      draw: (look) =>
        rocCurves({ classes, truth: test.truth, probabilities: test.probabilities, subtitle, ...look }),
    },
    {
      name: "reliability",
      caption: "`reliabilityDiagram`: confidences before and after temperature scaling fitted on validation.",
      draw: (look) => reliabilityDiagram({ series, ...look }),
    },
    {
      name: "risk-coverage",
      caption:
        "`riskCoverageCurve`: what it saves to answer only the surest clips, and the threshold of half of them.",
      draw: (look) => riskCoverageCurve({ points: risks, marks: [half], subtitle, ...look }),
    },
    {
      name: "per-speaker",
      caption: "`perSpeaker`: each speaker of the test part.",
      draw: (look) => perSpeaker({ speakers: bySpeaker, references: [chanceOf(classes.length)], ...look }),
    },
    {
      name: "emotion-prediction",
      caption: "`emotionPrediction`: what was heard in single clips, right and wrong.",
      draw: (look) => emotionPrediction({ clips: shown, subtitle, ...look }),
    },
  ];
}

function chanceOf(classes: number) {
  return { name: "chance", value: 1 / classes };
}

function boundsOf(interval: object): { low: number; high: number } | null {
  return "low" in interval && "high" in interval
    ? { low: interval.low as number, high: interval.high as number }
    : null;
}

/** Six clips: as many wrong as there are, at most two. */
function shownOf(test: PartResult): number[] {
  const drawn = random("gallery/predictions").shuffle(test.ids.map((_, i) => i));
  const isRight = (i: number) => test.truth[i] === test.predicted[i];
  const wrong = drawn.filter((i) => !isRight(i)).slice(0, 2);
  return [...drawn.filter(isRight).slice(0, 6 - wrong.length), ...wrong];
}

function named(probabilities: Float32Array, i: number, classes: readonly string[]): Record<string, number> {
  return Object.fromEntries(classes.map((name, c) => [name, probabilities[i * classes.length + c]!]));
}

async function curvesExhibit(bench: Bench, log: (line: string) => void): Promise<Exhibit> {
  log("a small network on ravdess");
  const split = heldOutSpeakers(bench.features.clips.filter(({ corpus }) => corpus === "ravdess"));
  const { history, bestEpoch } = await bench.fit({ split, settings: SMALL_TRAINING });
  return {
    name: "learning-curves",
    caption: "`learningCurves`: loss and UAR by epoch, and the epoch that was kept.",
    draw: (look) => learningCurves({ epochs: history, bestEpoch, subtitle: "cnn-small, ravdess", ...look }),
  };
}

async function ablationExhibit(
  bench: Bench,
  answers: Answers,
  log: (line: string) => void,
): Promise<Exhibit> {
  log("variants of the linear model");
  const extract = (settings: FeatureSettings) =>
    extractClips(bench.features.clips, settings, { signal: bench.signal });
  const variants = [
    { name: "13 MFCC", group: "features", features: await extract({ ...FEATURES, nMfcc: 13 }) },
    {
      name: "20 log-mel bands",
      group: "features",
      features: await extract({ ...RUN_FEATURES.logmel, nMels: 20 }),
    },
    { name: "no class weights", group: "training", settings: { ...LINEAR, balance: "none" as const } },
    { name: "majority class", group: "training", settings: { ...LINEAR, model: "majority" as const } },
  ];
  const value = (part: PartResult) => uarInterval([bench.scored(part)], { resamples: RESAMPLES });
  const rows: AblationRow[] = [{ name: "linear, 20 MFCC", baseline: true, ...value(answers.test) }];
  for (const { name, group, ...changes } of variants) {
    const { test } = await bench.fit(changes);
    rows.push({ name, group, ...value(test) });
  }
  return {
    name: "ablation",
    caption: "`ablation`: what each setting is worth, with intervals (bootstrap over speakers) and chance.",
    draw: (look) =>
      ablation({ rows, references: [chanceOf(bench.classes.length)], subtitle: "all corpora", ...look }),
  };
}

async function crossCorpusExhibit(bench: Bench, log: (line: string) => void): Promise<Exhibit> {
  log("each corpus against each");
  const cells: CrossCorpusCell[][] = [];
  for (const from of CORPORA) cells.push(await crossRow(bench, from));
  return {
    name: "cross-corpus",
    caption: "`crossCorpusMatrix`: trained on one corpus, tested on another, on the classes they share.",
    draw: (look) => crossCorpusMatrix({ train: CORPORA, test: CORPORA, cells, ...look }),
  };
}

/** One model for each set of classes that the corpus shares with others. */
async function crossRow(bench: Bench, from: string): Promise<CrossCorpusCell[]> {
  const of = (corpus: string) => bench.features.clips.filter((clip) => clip.corpus === corpus);
  const sharedWith = (corpus: string) => {
    const theirs = new Set(classesOf(of(corpus)));
    return classesOf(of(from)).filter((name) => theirs.has(name));
  };
  const cells = new Map<string, CrossCorpusCell>();
  for (const targets of groupBy(CORPORA, (to) => sharedWith(to).join()).values()) {
    const classes: string[] = sharedWith(targets[0]!);
    const usable = (corpus: string) => of(corpus).filter(({ emotion }) => classes.includes(emotion));
    const own = heldOutSpeakers(usable(from));
    const tests = new Map(
      targets.map((to) => [to, to === from ? own.test : usable(to).map(({ id }) => id)] as const),
    );
    const { test } = await bench.fit({ split: { ...own, test: [...tests.values()].flat() }, classes });
    for (const [to, ids] of tests) {
      const part = bench.scored(partOf(test, new Set(ids), classes), classes);
      cells.set(to, { ...uarInterval([part], { resamples: RESAMPLES }), classes: classes.length });
    }
  }
  return CORPORA.map((to) => cells.get(to)!);
}

/** Every fourth clip of the test part, clean and in noise. */
async function noisySounds(bench: Bench): Promise<(Sound & { snr: NoisePoint["snr"] })[]> {
  const { settings } = bench.features;
  const extract = createExtractor(settings);
  const out = [];
  for (const id of bench.split.test.filter((_, i) => i % 4 === 0)) {
    const clip = bench.clipOf.get(id)!;
    const samples = await soundOf(clip, settings);
    for (const snr of ["clean", ...SNRS] as const) {
      const noisy = snr === "clean" ? samples : addNoise(samples, snr, random(`${id}/${snr}`));
      const matrix = extract(noisy, settings.sampleRate);
      out.push({ clip: { ...clip, id: `${id}+${snr}` }, matrix, snr });
    }
  }
  return out;
}

function noiseExhibit(
  bench: Bench,
  { others }: Answers,
  noisy: Awaited<ReturnType<typeof noisySounds>>,
): Exhibit {
  const speakers = new Map(noisy.map(({ clip }) => [clip.id, speakerOf(clip)]));
  const points = [...groupBy(noisy, ({ snr }) => String(snr)).values()].map((own): NoisePoint => {
    const part = partOf(others, new Set(own.map(({ clip }) => clip.id)), bench.classes);
    const scored = { ...part, classes: bench.classes, speakers: part.ids.map((id) => speakers.get(id)!) };
    return { snr: own[0]!.snr, ...uarInterval([scored], { resamples: RESAMPLES }) };
  });
  return {
    name: "noise",
    caption: "`noiseRobustness`: UAR as white noise grows louder.",
    draw: (look) =>
      noiseRobustness({
        series: [{ name: "linear, 20 MFCC", points }],
        references: [chanceOf(bench.classes.length)],
        subtitle: "linear model, white noise, trained without noise",
        ...look,
      }),
  };
}

/** Clips of one held-out speaker, joined with silences, and the windows to hear them through. */
async function joinedRecording(bench: Bench) {
  const { settings } = bench.features;
  const { sampleRate } = settings;
  const extract = createExtractor(settings);
  const ofSpeaker = bench.split.test
    .map((id) => bench.clipOf.get(id)!)
    .filter(({ corpus }) => corpus === "savee");
  const chosen = random("gallery/timeline").shuffle(ofSpeaker).slice(0, 9);
  const pieces: Float32Array[] = [];
  const truth: { start: number; end: number; emotion: string }[] = [];
  const windows: (Sound & { start: number; end: number })[] = [];
  let at = 0;
  for (const clip of chosen) {
    const samples = await soundOf(clip, settings);
    const seconds = samples.length / sampleRate;
    truth.push({ start: at, end: at + seconds, emotion: clip.emotion });
    for (let from = 0; from === 0 || from + WINDOW.length / 2 <= seconds; from += WINDOW.hop) {
      const to = Math.min(seconds, from + WINDOW.length);
      const matrix = extract(samples.subarray(from * sampleRate, to * sampleRate), sampleRate);
      windows.push({ start: at + from, end: at + to, clip: { ...clip, id: `${clip.id}@${from}` }, matrix });
    }
    pieces.push(samples, new Float32Array(WINDOW.silence * sampleRate));
    at += seconds + WINDOW.silence;
  }
  const samples = Float32Array.from(pieces.flatMap((piece) => [...piece]));
  return { samples, sampleRate, truth, windows };
}

function timelineExhibit(
  bench: Bench,
  { others, calibrate }: Answers,
  { samples, sampleRate, truth, windows }: Awaited<ReturnType<typeof joinedRecording>>,
): Exhibit {
  const { classes } = bench;
  const part = partOf(others, new Set(windows.map(({ clip }) => clip.id)), classes);
  const probabilities = calibrate(part.probabilities);
  const heard = windows.map(({ start, end }, i): TimelineWindow => {
    const own = named(probabilities, i, classes);
    const best = classes[part.predicted[i]!]!;
    return { start, end, probabilities: own, emotion: own[best]! >= THRESHOLD ? best : null };
  });
  return {
    name: "timeline",
    caption: "`emotionTimeline`: a long recording in windows; hatched where no emotion was clear enough.",
    draw: (look) =>
      emotionTimeline({
        duration: samples.length / sampleRate,
        windows: heard,
        envelope: envelopeOf(samples, sampleRate),
        truth,
        subtitle: "savee, clips of one held-out speaker with silences between",
        ...look,
      }),
  };
}

function file(name: string, theme: ThemeName): string {
  return theme === "dark" ? `${name}-dark.png` : `${name}.png`;
}

function page(exhibits: readonly Exhibit[]): string {
  const entries = exhibits.map(
    ({ name, caption }) => `${caption}

<picture><source media="(prefers-color-scheme: dark)" srcset="${file(name, "dark")}"><img src="${file(name, "light")}" alt="${name}"></picture>
`,
  );
  return `# Gallery

One of each figure of \`lib/figures\`, light or dark as the page is read. All sound here is synthetic, made by the
workbench, and the models were trained on it, so that **the numbers say nothing about people's voices**.
\`npm run gallery\` draws this page anew.

${entries.join("\n")}`;
}
