import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { io, LayersModel } from "@tensorflow/tfjs";
import type { Audio } from "../audio/audio.js";
import { LevelMeter, levelText } from "../audio/level.js";
import { readAudio } from "../audio/read.js";
import { openAudio } from "../audio/stream.js";
import { writeAtomic, writeJson } from "../base/atomic.js";
import { systemCode, systemReason, UserError } from "../base/errors.js";
import { sha256 } from "../base/hash.js";
import type { Matrix } from "../base/matrix.js";
import { applyTemperature } from "../evaluation/calibration.js";
import { networkInput } from "../features/input.js";
import { type ClipFeatures, openFeatures } from "../features/open.js";
import { fixedRows, type SoundSettings, timingOf } from "../features/settings.js";
import { checkCard, inputColumns, type ModelCard } from "./card.js";
import {
  type Classifier,
  coreClassifier,
  isCurrent,
  PROGRAM,
  predictionCore,
  type SavedProgram,
  writeProgram,
} from "./program.js";
import { assertSound, streamWindows } from "./stream.js";
import { decide, type EmotionWindow, meanProbabilities } from "./timeline.js";
import { speechless } from "./voice.js";

export type { ModelCard } from "./card.js";
export { type EmotionWindow, smoothed, timeline } from "./timeline.js";

/** Seconds up to which a recording is one utterance with one answer: the longest clip of the corpora has 7.2 s. */
export const UTTERANCE = 8;

/** Seconds below which a recording is too short for an answer: the shortest clip of the corpora has 1.2 s. */
const SHORTEST = 0.25;

/** Window length in seconds of a model whose input is statistics over any length. */
const STATISTICS_WINDOW = 3;

/** Why a model abstains: silence, no voice (`noise`), less than 0.25 s, or a confidence below the threshold (`unsure`). */
export type NoAnswer = "silence" | "noise" | "too short" | "unsure";

/** The prediction for one recording. */
export interface Prediction {
  /** Seconds. */
  duration: number;
  /** `null` where the model abstains. */
  emotion: string | null;
  /** The largest of the probabilities; `null` where there was nothing to classify. */
  confidence: number | null;
  abstained: boolean;
  /** Present when it abstained. */
  reason?: NoAnswer;
  /** By class, calibrated, in the model's order; they sum to 1. `null` where there was nothing to classify. */
  probabilities: Record<string, number> | null;
  /**
   * The windows that the answer was computed from: a recording of up to 8 s is one window; a longer one has overlapping
   * windows over its voiced parts, and the answer is the mean of their probabilities, weighted by length.
   * {@link timeline} turns them into intervals.
   */
  windows: EmotionWindow[];
  /** Anomalies of the recording. */
  warnings: string[];
}

/** Mono samples in [-1, 1] with their sampling rate in Hz. */
export interface Sound {
  samples: Float32Array;
  sampleRate: number;
}

/** Options of a prediction. */
export interface PredictOptions {
  /** Stops between two seconds of a long recording. */
  signal?: AbortSignal;
  /** Called after each second of a long recording with the share that has been processed, 0 to 1. */
  onProgress?: (share: number) => void;
  /** Called with each window of a long recording as soon as it is complete. */
  onWindow?: (window: EmotionWindow) => void;
}

/**
 * A trained network with everything it needs to go from sound to emotions. {@link loadModel} makes one.
 *
 * @example
 * const model = await loadModel(await findModel());
 * const { samples, sampleRate } = await readAudio("talk.wav");
 * for await (const { start, end, emotion } of model.stream([samples], sampleRate)) console.log(start, end, emotion);
 */
export interface EmotionModel {
  card: ModelCard;
  /** SHA-256 of the weights. */
  sha256: string;
  /** Confidence below which it abstains. */
  threshold: number;
  /**
   * Predicts the emotion of a recording. A long WAV or AIFF file is read piece by piece, so memory does not grow with its
   * length.
   *
   * @param audio a file's path, or samples
   * @throws {AudioError} when the file cannot be read
   */
  predict(audio: string | Sound, options?: PredictOptions): Promise<Prediction>;
  /**
   * The calibrated probabilities of a sound as one utterance, as in an evaluation: without a check for silence, noise or
   * length, and without abstaining.
   */
  judge(sound: Sound): Promise<Record<string, number>>;
  /**
   * The same for features that were computed with the card's settings, for instance by `extractClips`: the calibrated
   * probabilities by class, in the card's order.
   *
   * @param features frames as rows
   */
  judgeFeatures(features: Matrix): Promise<Float32Array>;
  /**
   * Predicts while sound arrives: takes pieces of any size, yields each window as soon as it is complete, and returns what
   * `predict` gives for the whole. Memory is bounded by the longest window.
   */
  stream(
    pieces: Iterable<Float32Array> | AsyncIterable<Float32Array>,
    sampleRate: number,
  ): AsyncGenerator<EmotionWindow, Prediction>;
}

const TOPOLOGY = "model.json";
const WEIGHTS = "weights.bin";
const CARD = "card.json";

/**
 * Saves a model in TensorFlow.js's format (`model.json` and `weights.bin`), with its card (`card.json`) and the network
 * compiled for the C core (`program.json`) beside it. The card is written last: a folder with a card is complete.
 *
 * @throws {UserError} when the folder cannot be written
 * @example
 * const { card } = await loadModel(await findModel());
 * const network = await models.cnn({ frames: card.frames, bands: 64, classes: card.classes.length, seed: 2 });
 * await saveModel("untrained", network, { ...card, run: "untrained" });
 * (await loadModel("untrained")).card.run; // => "untrained"
 */
export async function saveModel(folder: string, model: LayersModel, card: ModelCard): Promise<void> {
  const { startTfjs } = await import("../engine/tfjs.js");
  const tf = await startTfjs();
  let artifacts: io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (saved) => {
      artifacts = saved;
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(saved) };
    }),
  );
  const { modelTopology, weightSpecs, weightData, format, generatedBy } = artifacts!;
  await writeAtomic(join(folder, WEIGHTS), new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData)));
  await writeJson(join(folder, TOPOLOGY), {
    format,
    generatedBy,
    convertedBy: null,
    modelTopology,
    weightsManifest: [{ paths: [WEIGHTS], weights: weightSpecs }],
  });
  await writeProgram(folder, model);
  await writeJson(join(folder, CARD), { ...card, sha256: await digestsIn(folder) });
}

/** The SHA-256 of the files of a model, by name, as its card has them. */
export async function digestsIn(folder: string): Promise<Record<string, string>> {
  const there = await readdir(folder);
  const names = [WEIGHTS, TOPOLOGY, PROGRAM].filter((name) => there.includes(name));
  const digests = names.map(async (name) => [name, sha256(await read(join(folder, name)))] as const);
  return Object.fromEntries(await Promise.all(digests));
}

/**
 * Reads the card of a model that `saveModel` wrote.
 *
 * @throws {UserError} naming the file that is missing, damaged or of another version
 */
export async function readCard(folder: string): Promise<ModelCard> {
  const path = join(folder, CARD);
  return checkCard(parsed<unknown>(await read(path), path), path);
}

/**
 * Loads a model that {@link saveModel} wrote. TensorFlow.js is loaded only where the compiled network is missing or made
 * for another version of the core.
 *
 * @param options.threshold confidence below which it abstains; default the card's, 0 never abstains
 * @throws {UserError} naming the file that is missing, damaged or of another version; for a model that cannot predict from
 *   sound alone (normalised by speaker, or on a table of features); when its encoder is not on this machine
 * @example
 * const model = await loadModel(await findModel(), { threshold: 0 });
 * const { emotion, confidence, probabilities } = await model.predict("recording.wav");
 * probabilities?.[emotion ?? ""]; // => confidence
 */
export async function loadModel(folder: string, options: { threshold?: number } = {}): Promise<EmotionModel> {
  const card = await readCard(folder);
  if (card.normaliser.kind === "speaker") {
    throw new UserError(
      `${folder} normalises by speaker, which needs other clips of the same speaker: predict with a model trained with --normalisation global`,
    );
  }
  const { features } = card;
  if (features.kind === "table") {
    throw new UserError(
      `${folder} takes the columns of the table ${features.name}, which cannot be computed from sound: its predictions for the test clips are in its run; to predict, train with --kind logmel or --encoder`,
    );
  }
  const bytes = await readWhole(folder, card, WEIGHTS);
  const classify = await classifierOf(folder, card, bytes);
  const threshold = options.threshold ?? card.threshold;
  const extract = await featuresOf(folder, card, features);
  // Where the card names the digest, reading compared it already.
  const digest = card.sha256?.[WEIGHTS] ?? sha256(bytes);
  const loaded = new LoadedModel(card, digest, threshold, classify, extract, features);
  return {
    card,
    sha256: loaded.sha256,
    threshold,
    predict: (audio, settings) => loaded.predict(audio, settings),
    judge: (sound) => loaded.judge(sound),
    judgeFeatures: (features) => loaded.judgeFeatures(features),
    stream: (pieces, sampleRate) => loaded.stream(pieces, sampleRate),
  };
}

/** @throws {UserError} when the model needs an encoder that is not on this machine */
async function featuresOf(
  folder: string,
  { encoder }: ModelCard,
  features: SoundSettings,
): Promise<ClipFeatures> {
  try {
    return await openFeatures(features);
  } catch (error) {
    if (!(error instanceof UserError) || !encoder) throw error;
    const { listEncoders } = await import("../encoders/store.js");
    const all = await listEncoders();
    const other = all.find(({ name, digest }) => name === encoder.name && digest !== encoder.digest);
    const there = other ? ` (the encoder of that name here is ${other.digest.slice(0, 12)})` : "";
    throw new UserError(
      `${folder} needs the encoder ${encoder.name}, ${encoder.digest.slice(0, 12)}${there}: ${error.message}`,
      { cause: error },
    );
  }
}

class LoadedModel implements EmotionModel {
  readonly card: ModelCard;
  readonly sha256: string;
  readonly threshold: number;
  readonly #classify: Classifier;
  readonly #features: ClipFeatures;
  readonly #settings: SoundSettings;
  /** Seconds. */
  readonly #window: number;

  constructor(
    card: ModelCard,
    hash: string,
    threshold: number,
    classify: Classifier,
    features: ClipFeatures,
    settings: SoundSettings,
  ) {
    this.card = card;
    this.sha256 = hash;
    this.threshold = threshold;
    this.#classify = classify;
    this.#features = features;
    this.#settings = settings;
    const { hopLength, sampleRate } = timingOf(settings);
    const statistics = card.input === "statistics" || fixedRows(settings) !== undefined;
    this.#window = statistics ? STATISTICS_WINDOW : (card.frames * hopLength) / sampleRate;
  }

  async predict(audio: string | Sound, options: PredictOptions = {}): Promise<Prediction> {
    if (typeof audio !== "string") return this.#hear({ ...audio, warnings: [] }, options);
    const long = openAudio(audio);
    if (!long || long.duration <= UTTERANCE) return this.#hear(await readAudio(audio), options);
    const meter = new LevelMeter(long.format.bitsPerSample);
    const pieces = watched(metered(long.pieces(), meter), long.duration * long.sampleRate, options);
    const prediction = await last(this.stream(pieces, long.sampleRate), options.onWindow);
    return { ...prediction, warnings: [...long.warnings, ...levelWarnings(meter), ...prediction.warnings] };
  }

  async judge({ samples, sampleRate }: Sound): Promise<Record<string, number>> {
    assertSound(samples, sampleRate);
    return this.#probabilities(samples, sampleRate);
  }

  async *stream(
    pieces: Iterable<Float32Array> | AsyncIterable<Float32Array>,
    sampleRate: number,
  ): AsyncGenerator<EmotionWindow, Prediction> {
    const spans = streamWindows(pieces, {
      sampleRate,
      window: Math.round(this.#window * sampleRate),
      head: Math.floor(UTTERANCE * sampleRate),
    });
    const windows: EmotionWindow[] = [];
    try {
      for (;;) {
        const { done, value } = await spans.next();
        if (done) {
          const { head, length, loud } = value;
          if (head) return await this.#utterance({ samples: head, sampleRate });
          return this.#summary(windows, length / sampleRate, loud, sampleRate);
        }
        const probabilities = await this.#probabilities(value.samples, sampleRate);
        const [start, end] = [value.start / sampleRate, value.end / sampleRate];
        const window = { start, end, ...decide(probabilities, this.threshold) };
        windows.push(window);
        yield window;
      }
    } finally {
      // A caller that stops early closes the source.
      await spans.return(undefined as never);
    }
  }

  async #hear(
    {
      samples,
      sampleRate,
      warnings,
      format,
    }: Sound & Pick<Audio, "warnings"> & Partial<Pick<Audio, "format">>,
    options: PredictOptions,
  ): Promise<Prediction> {
    const sound = { samples, sampleRate };
    const prediction =
      samples.length <= UTTERANCE * sampleRate
        ? await this.#utterance(sound)
        : await last(
            this.stream(watched(piecesOf(sound), samples.length, options), sampleRate),
            options.onWindow,
          );
    const meter = new LevelMeter(format?.bitsPerSample);
    meter.push(samples);
    return { ...prediction, warnings: [...warnings, ...levelWarnings(meter), ...prediction.warnings] };
  }

  async #utterance({ samples, sampleRate }: Sound): Promise<Prediction> {
    assertSound(samples, sampleRate);
    const duration = samples.length / sampleRate;
    const warnings = this.#warnings(sampleRate);
    const nothing = duration < SHORTEST ? "too short" : speechless(samples, sampleRate);
    if (nothing) return { ...noAnswer(duration, nothing), warnings };
    const answer = decide(await this.#probabilities(samples, sampleRate), this.threshold);
    return { duration, ...judged(answer), windows: [{ start: 0, end: duration, ...answer }], warnings };
  }

  #summary(windows: EmotionWindow[], duration: number, loud: boolean, sampleRate: number): Prediction {
    const warnings = this.#warnings(sampleRate);
    if (windows.length === 0) return { ...noAnswer(duration, loud ? "noise" : "silence"), warnings };
    return {
      duration,
      ...judged(decide(meanProbabilities(windows), this.threshold)),
      ...{ windows, warnings },
    };
  }

  /** From here on a window is processed as a clip is in training. */
  async #probabilities(samples: Float32Array, sampleRate: number): Promise<Record<string, number>> {
    const calibrated = await this.judgeFeatures(await this.#features(samples, sampleRate));
    return Object.fromEntries(this.card.classes.map((name, i) => [name, calibrated[i]!]));
  }

  async judgeFeatures(features: Matrix): Promise<Float32Array> {
    const { classes, temperature } = this.card;
    return applyTemperature(
      await this.#classify(networkInput(features, this.card), 1),
      classes.length,
      temperature,
    );
  }

  #warnings(sampleRate: number): string[] {
    const features = this.#settings;
    const fmax = features.kind === "encoder" ? timingOf(features).sampleRate / 2 : features.fmax;
    if (sampleRate / 2 >= 0.9 * fmax) return [];
    return [
      `sampled at ${sampleRate} Hz, it has nothing above ${sampleRate / 2} Hz, and the model uses frequencies up to ${fmax} Hz: the answer may be worse`,
    ];
  }
}

/** A prediction where there is nothing to classify. */
export function noAnswer(duration: number, reason: NoAnswer): Omit<Prediction, "warnings"> {
  return {
    duration,
    emotion: null,
    confidence: null,
    abstained: true,
    reason,
    probabilities: null,
    windows: [],
  };
}

/** The members of a prediction that follow from its probabilities. */
export function judged(answer: Pick<EmotionWindow, "emotion" | "confidence" | "probabilities">) {
  const abstained = answer.emotion === null;
  const { emotion, confidence, probabilities } = answer;
  return { emotion, confidence, abstained, ...(abstained && { reason: "unsure" as const }), probabilities };
}

function* piecesOf({ samples, sampleRate }: Sound): Generator<Float32Array> {
  for (let at = 0; at < samples.length; at += sampleRate) yield samples.subarray(at, at + sampleRate);
}

/** What `ser data check` says of a clip's level; that it is silent is the answer. */
export function levelWarnings(meter: LevelMeter): string[] {
  return meter
    .faults()
    .filter(({ kind }) => kind !== "silent")
    .map((fault) => `${fault.kind === "clipped" ? "clipped: " : ""}${levelText(fault)}`);
}

function* metered(pieces: Iterable<Float32Array>, meter: LevelMeter): Generator<Float32Array> {
  for (const piece of pieces) {
    meter.push(piece);
    yield piece;
  }
}

/** Lets Ctrl-C interrupt between two pieces: everything else is computed without a pause. */
async function* watched(
  pieces: Iterable<Float32Array>,
  total: number,
  { signal, onProgress }: PredictOptions,
): AsyncGenerator<Float32Array> {
  let heard = 0;
  for (const piece of pieces) {
    await new Promise(setImmediate);
    signal?.throwIfAborted();
    yield piece;
    heard += piece.length;
    onProgress?.(Math.min(1, heard / total));
  }
}

/** What a stream returns, after all that it yields. */
export async function last<W, T>(stream: AsyncGenerator<W, T>, onWindow?: (window: W) => void): Promise<T> {
  for (;;) {
    const { done, value } = await stream.next();
    if (done) return value;
    onWindow?.(value);
  }
}

/**
 * The weights of a saved model as one vector, in the order of the network.
 *
 * @throws {UserError} naming the file that is missing or damaged
 */
export async function readWeights(folder: string): Promise<Float32Array> {
  return floatsOf(await readWhole(folder, await readCard(folder), WEIGHTS), join(folder, WEIGHTS));
}

/**
 * SHA-256 of a saved model's weights, which identifies them.
 *
 * @throws {UserError} when there are no weights
 */
export async function weightsDigest(folder: string): Promise<string> {
  return sha256(await read(join(folder, WEIGHTS)));
}

async function classifierOf(folder: string, card: ModelCard, bytes: Buffer): Promise<Classifier> {
  const weights = floatsOf(bytes, join(folder, WEIGHTS));
  // Checked where the program makes it unnecessary too: a damaged copy is not half trusted.
  const topology = parsed<io.ModelJSON>(await readWhole(folder, card, TOPOLOGY), join(folder, TOPOLOGY));
  const program = await readProgram(folder, card);
  const core = program && isCurrent(program) ? predictionCore() : undefined;
  const cols = inputColumns(card);
  if (program && core) {
    checkSize(folder, weights.length, program.sizes);
    const { inputSize, classes } = program;
    if (inputSize !== card.frames * cols || classes !== card.classes.length) {
      throw new UserError(
        `${folder}: ${PROGRAM} is for ${inputSize} inputs and ${classes} classes, ${CARD} for ${card.frames * cols} and ${card.classes.length}: train the model again`,
      );
    }
    return coreClassifier(core, program, weights);
  }
  const specs = topology.weightsManifest?.[0]?.weights ?? [];
  checkSize(
    folder,
    weights.length,
    specs.map(({ shape }) => shape.reduce((a, b) => a * b, 1)),
  );
  const { layersClassifier, readLayers } = await import("./layers.js");
  return layersClassifier(await readLayers(folder, topology, bytes), weights, [card.frames, cols]);
}

function checkSize(folder: string, there: number, sizes: readonly number[]): void {
  const wanted = sizes.reduce((a, b) => a + b, 0);
  if (there === wanted) return;
  throw new UserError(
    `${join(folder, WEIGHTS)} holds ${there} weights, and the network has ${wanted}: copy the model's folder again, or train again`,
  );
}

function floatsOf(bytes: Buffer, path: string): Float32Array {
  const damaged = (what: string) =>
    new UserError(`${path} ${what}: copy the model's folder again, or train again`);
  if (bytes.length % 4 !== 0) throw damaged(`is ${bytes.length} bytes long, which is not a multiple of 4`);
  const weights = new Float32Array(Uint8Array.from(bytes).buffer);
  const at = weights.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw damaged(`holds ${weights[at]} at weight ${at}`);
  return weights;
}

/** If it is missing or damaged, the network is compiled again: slower, with the same result. */
async function readProgram(folder: string, card: ModelCard): Promise<SavedProgram | undefined> {
  try {
    return JSON.parse((await readWhole(folder, card, PROGRAM)).toString("utf8")) as SavedProgram;
  } catch {
    return undefined;
  }
}

/**
 * Reads a file of a model.
 *
 * @throws {UserError} if its bytes are not those that the card names; older cards name none
 */
async function readWhole(folder: string, card: ModelCard, name: string): Promise<Buffer> {
  const path = join(folder, name);
  const bytes = await read(path);
  const wanted = card.sha256?.[name];
  if (wanted === undefined || sha256(bytes) === wanted) return bytes;
  throw new UserError(
    `${path} is damaged: its SHA-256 is not the one in ${CARD}; copy the model's folder again, or train again`,
  );
}

function parsed<T>(bytes: Buffer, path: string): T {
  try {
    return JSON.parse(bytes.toString("utf8")) as T;
  } catch (error) {
    throw new UserError(`${path} is not JSON: train the model again (ser train --help)`, { cause: error });
  }
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const advice =
      systemCode(error) === "ENOENT" ? "; a model folder is made by `ser train` or `npm start`" : "";
    throw new UserError(`cannot read ${path}: ${systemReason(error)}${advice}`, { cause: error });
  }
}
