import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { io, LayersModel } from "@tensorflow/tfjs";
import { readAudio } from "../audio/read.js";
import { writeAtomic, writeJson } from "../base/atomic.js";
import { systemCode, systemReason, UserError } from "../base/errors.js";
import { predict } from "../engine/engine.js";
import { startTfjs } from "../engine/tfjs.js";
import type { Metrics } from "../evaluation/metrics.js";
import { createExtractor, type Extractor } from "../features/extract.js";
import type { FeatureSettings } from "../features/settings.js";
import type { ModelName } from "../models/names.js";
import { type InputSettings, networkInput } from "./input.js";

/** Everything that is known of a trained model; `card.json` beside its weights. */
export interface ModelCard extends InputSettings {
  /** Raised when the meaning of a field changes. */
  schema: 1;
  /** The run that made it. */
  run: string;
  model: ModelName;
  parameters: number;
  /** The classes, in the order of the outputs. */
  classes: string[];
  features: FeatureSettings;
  corpora: string[];
  /** Trained on synthetic clips: of no use on real voices. */
  synthetic: boolean;
  split: string;
  seed: number;
  /** What trained it: engine, threads, instruction set. */
  engine: string;
  /** Figures on validation and test, without the confusion matrices. */
  metrics: Record<
    "validation" | "test",
    Pick<Metrics, "count" | "classesInTruth" | "accuracy" | "uar" | "macro">
  >;
}

/** What a model says of one recording. */
export interface Prediction {
  /** Seconds. */
  duration: number;
  emotion: string;
  /** The probability of `emotion`. */
  confidence: number;
  /** By class, in the model's order; they sum to 1. */
  probabilities: Record<string, number>;
  /** What was odd about the recording. */
  warnings: string[];
}

/** A trained network with all it takes to go from sound to emotions. */
export interface EmotionModel {
  card: ModelCard;
  /**
   * @param audio a file's path, or mono samples in -1..1 with their rate in Hz
   * @throws {AudioError} when the file cannot be read
   */
  predict(audio: string | { samples: Float32Array; sampleRate: number }): Promise<Prediction>;
}

const TOPOLOGY = "model.json";
const WEIGHTS = "weights.bin";
const CARD = "card.json";

/**
 * Saves a model as TensorFlow.js does (`model.json` and `weights.bin`, readable by any tfjs), with its card beside
 * it. The card is written last: a folder with a card is complete.
 */
export async function saveModel(folder: string, model: LayersModel, card: ModelCard): Promise<void> {
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
  await writeJson(join(folder, CARD), card);
}

/**
 * Loads a model that {@link saveModel} wrote.
 *
 * @throws {UserError} naming the file that is missing or damaged
 * @example
 * const model = await loadModel("results/demo/model");
 * const { emotion, confidence } = await model.predict("recording.wav");
 */
export async function loadModel(folder: string): Promise<EmotionModel> {
  const tf = await startTfjs();
  const card = await readJson<ModelCard>(join(folder, CARD));
  const topology = await readJson<io.ModelJSON>(join(folder, TOPOLOGY));
  const weights = await read(join(folder, WEIGHTS));
  const network = await tf
    .loadLayersModel(
      tf.io.fromMemory({
        modelTopology: topology.modelTopology,
        weightSpecs: topology.weightsManifest[0]!.weights,
        weightData: Uint8Array.from(weights).buffer,
      }),
    )
    .catch((error: Error) => {
      throw new UserError(`${folder} is no model that can be loaded: ${error.message}`, { cause: error });
    });
  const extract = createExtractor(card.features);
  return {
    card,
    predict: async (audio) => {
      const { samples, sampleRate, warnings } =
        typeof audio === "string" ? await readAudio(audio) : { ...audio, warnings: [] };
      const probabilities = await classify(network, card, extract, samples, sampleRate);
      return { duration: samples.length / sampleRate, ...name(probabilities, card.classes), warnings };
    },
  };
}

async function classify(
  network: LayersModel,
  card: ModelCard,
  extract: Extractor,
  samples: Float32Array,
  sampleRate: number,
): Promise<Float32Array> {
  const features = extract(samples, sampleRate);
  const x = networkInput(features, card);
  return predict(network, { x, shape: [card.frames, x.length / card.frames], count: 1 });
}

function name(
  probabilities: Float32Array,
  classes: readonly string[],
): Pick<Prediction, "emotion" | "confidence" | "probabilities"> {
  const confidence = Math.max(...probabilities);
  return {
    emotion: classes[probabilities.indexOf(confidence)]!,
    confidence,
    probabilities: Object.fromEntries(classes.map((name, i) => [name, probabilities[i]!])),
  };
}

async function readJson<T>(path: string): Promise<T> {
  const text = (await read(path)).toString("utf8");
  try {
    return JSON.parse(text) as T;
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
