import { join } from "node:path";
import { beside, writeAtomic, writeJson } from "../base/atomic.js";
import { canonicalJson, sha256 } from "../base/hash.js";
import { readText } from "../base/read-text.js";
import { slug } from "../base/text.js";
import type { Clip } from "../corpora/clip.js";
import type { EncoderFacts } from "../encoders/facts.js";
import type { ClassificationReport } from "../evaluation/classification-report.js";
import type { Metrics } from "../evaluation/metrics.js";
import type { FeatureSettings } from "../features/settings.js";
import type { Origin } from "../inference/card.js";
import type { Audit } from "../protocols/audit.js";
import type { TextAlone } from "../protocols/sentence-baseline.js";
import { type ChosenTogether, LISTS, type Split } from "../protocols/types.js";
import { historyCsv } from "../training/history.js";
import { plainTraining } from "../training/settings.js";
import type { EpochLog, PartResult, TrainingSettings } from "../training/train.js";
import { type PredictedClip, PredictionsReader, predictionsCsv } from "./predictions.js";

export type { PredictedClip } from "./predictions.js";

/** Raised when a change to the code changes what a run with the same settings gives. */
export const RUN_SCHEMA = 3;

/** Everything that determines the figures of a run; its hash is part of the run's name. */
export interface RunSettings {
  /** `name@version` of the protocol. */
  protocol: string;
  /** The fold's name in the protocol. */
  fold: string;
  features: FeatureSettings;
  training: TrainingSettings;
  /** The target: the emotion the actor intended, or the one that most listeners perceived (CREMA-D). */
  target: "intended" | "perceived";
  /**
   * `validation` never reads the test part. `none` is the first training of a fold whose protocol chooses the epoch over all
   * folds: it only records the validation UAR of each epoch.
   */
  score: "validation" | "test" | "none";
  /** The system, if the predictions are not of a run. Its features and training are unknown: ignore those above. */
  external?: External;
}

/** The source of predictions that no run made: a system outside the workbench, or a saved model on other clips. */
export interface External {
  name: string;
  /** SHA-256 of the file of its predictions, or of its weights. */
  sha256: string;
  /** It predicted labels only: its probabilities are 1 and 0. */
  labels?: true;
}

/** How the clips were split, with the sizes of the parts in clips. */
export interface SplitRecord {
  /** `name@version` of the protocol. */
  name: string;
  fold: string;
  description: string;
  /** What test shares with neither train nor validation. */
  apart: readonly string[];
  /** What validation does not share with train, except in the corpora of the protocol's `validationApartIn`. */
  validationApart: readonly string[];
  train: number;
  validation: number;
  test: number;
  /** Clips that only a refit trains on; absent if there are none. */
  refit?: number;
}

/** The machine of a run; not part of its name. */
export interface Environment {
  node: string;
  platform: string;
  cpu: string;
  cores: number;
}

/** The record of a run: `run.json` in its folder. Paths of clips are never stored. */
export interface RunRecord {
  schema: typeof RUN_SCHEMA;
  name: string;
  settings: RunSettings;
  /** The pretrained encoder of the features. */
  encoder?: EncoderFacts;
  synthetic: boolean;
  /** The protocol leaks on purpose: its figures only show the effect of leakage. */
  leaky: boolean;
  /** Features were normalised per speaker, with the test speakers' own clips. */
  transductive: boolean;
  corpora: string[];
  classes: string[];
  /** SHA-256 of the parts' clip ids and emotions. */
  clips: string;
  split: SplitRecord;
  audit: Audit;
  /** UAR of the sentences alone on the protocol's test parts; absent if the sentences are not known. */
  text?: TextAlone;
  /** The initial weights, then those that they were trained from; absent if the training began at random. */
  from?: Origin[];
  /** What trained it: engine, threads, instruction set. Not part of the name. */
  engine: string;
  environment: Environment;
  parameters: number;
  /** The epoch with the best validation UAR, of this fold or over all folds. It is the one tested, except after a refit. */
  bestEpoch: number;
  /** The choice over all folds, if the protocol chooses that way. */
  together?: ChosenTogether;
  history: EpochLog[];
  /** Softmax temperature, fitted on validation; after a refit, that of the first training. */
  temperature: number;
  /** Calibrated probability below which the model abstains, chosen on validation. */
  threshold: number;
  validation: ClassificationReport;
  /** Absent when the score is `validation`. */
  test?: ClassificationReport;
  /** The test part by corpus; absent if `test` is. */
  testByCorpus?: Record<string, Metrics>;
  /** Accuracy on the scored part of always predicting the most frequent class of the training part. */
  majorityAccuracy: number;
  /** Clips that could not be read. */
  broken: { id: string; error: string }[];
  seconds: { features: number; training: number };
}

/** A run as read from a store or a summary. */
export interface StoredRun {
  record: RunRecord;
  predictions: PredictedClip[];
}

/** Where a run is written; it is renamed once it is complete. */
export function partialFolder(folder: string): string {
  return beside(folder, ".partial");
}

/**
 * The name of a run: protocol (for `held-out`, the corpus), fold, model, and the first 12 digits of a SHA-256 over its
 * settings, the clips of each part with their emotions (which depend on the treatment of calm), and their votes, if used.
 *
 * @returns the name, and the digest of the clips
 */
export function runName(
  settings: RunSettings,
  split: Split,
  clips: readonly Clip[],
): { name: string; clips: string } {
  const digest = knownDigest(split, clips);
  const synthetic = clips.some((clip) => clip.synthetic);
  const plain = { ...settings, training: plainTraining(settings.training) };
  const votes = settings.training.softLabels && {
    votes: clips.flatMap(({ id, votes }) => (votes ? [[id, votes]] : [])),
  };
  const hash = sha256(
    canonicalJson({ schema: RUN_SCHEMA, settings: plain, clips: digest, synthetic, ...votes }),
  );
  const who = settings.external ? slug(settings.external.name).slice(0, 40) : settings.training.model;
  const label = [...labels(settings, clips), who].join("-").replace(/[^\w.-]+/g, "-");
  return { name: `${label}-${hash.slice(0, 12)}`, clips: digest };
}

/** By fold, of the clips that its runs were last planned with. */
const digests = new WeakMap<Split, { clips: readonly Clip[]; digest: string }>();

/** {@link partsDigest}, which takes milliseconds and is the same for thousands of runs. */
function knownDigest(split: Split, clips: readonly Clip[]): string {
  const known = digests.get(split);
  if (known?.clips === clips) return known.digest;
  const digest = partsDigest(split, clips);
  digests.set(split, { clips, digest });
  return digest;
}

/** SHA-256 of the ids and emotions of a fold's clips, part by part. */
export function partsDigest(split: Split, clips: readonly Clip[]): string {
  const emotionOf = new Map(clips.map(({ id, emotion }) => [id, emotion]));
  const parts = LISTS.flatMap((list) => {
    const ids = split[list];
    return ids ? [ids] : [];
  });
  return sha256(canonicalJson(parts.map((ids) => ids.map((id) => [id, emotionOf.get(id)]))));
}

function labels({ protocol, fold }: RunSettings, clips: readonly Clip[]): string[] {
  const name = protocol.replace(/@.*$/, "");
  if (name !== "held-out") return [name, fold];
  const corpora = new Set(clips.map(({ corpus }) => corpus));
  return [corpora.size > 1 ? "combined" : [...corpora][0]!];
}

/**
 * Reads the record of a finished run.
 *
 * @returns `undefined` if the folder has no `run.json` of this schema
 * @example
 * const { runs } = await train({ protocols: ["savee/loso"], models: ["linear"], features: ["mfcc"] });
 * const record = await readRecord(`results/runs/savee-loso/${runs[0]!.record.name}`);
 * record!.split.description; // => "test JE, validation JK"
 */
export async function readRecord(folder: string): Promise<RunRecord | undefined> {
  try {
    const record = JSON.parse(await readText(join(folder, "run.json"))) as RunRecord;
    return record.schema === RUN_SCHEMA && record.settings && record.classes ? record : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Finds the folder of a finished run.
 *
 * @param named the folder, or the run's name (`EXPERIMENT/RUN` in a store) under `root`
 * @returns `undefined` if there is none
 * @example await findRun("savee-loso-1-cnn-0123456789ab", "results/runs")
 */
export async function findRun(named: string, root: string): Promise<string | undefined> {
  for (const folder of [named, join(root, named)]) if (await readRecord(folder)) return folder;
  return undefined;
}

/**
 * Reads a finished run with its predictions.
 *
 * @returns `undefined` if the folder has no `run.json` of this schema
 * @throws {UserError} if `predictions.csv` is missing or damaged
 * @example
 * const { runs } = await train({ protocols: ["savee/loso"], models: ["linear"], features: ["mfcc"] });
 * const run = await readRun(`results/runs/savee-loso/${runs[0]!.record.name}`);
 * run!.predictions.length; // => 120
 * await readRun("data"); // => undefined
 */
export function readRun(folder: string): Promise<StoredRun | undefined> {
  return readRunBy(new PredictionsReader(), folder);
}

/** {@link readRun} for many runs: a reader of their predictions keeps what they have in common. */
export async function readRunBy(reader: PredictionsReader, folder: string): Promise<StoredRun | undefined> {
  const record = await readRecord(folder);
  if (!record) return undefined;
  return { record, predictions: await reader.read(join(folder, "predictions.csv"), record.classes) };
}

/** Writes the record, history and predictions of a run; `run.json` last, so that a run with it is complete. */
export async function writeRecord(
  folder: string,
  record: RunRecord,
  parts: { validation: PartResult; test?: PartResult },
  clips: readonly Clip[],
): Promise<void> {
  await writeAtomic(join(folder, "history.csv"), historyCsv(record.history));
  await writeAtomic(join(folder, "predictions.csv"), predictionsCsv(record.classes, parts, clips));
  await writeJson(join(folder, "run.json"), record);
}
