import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beside, writeAtomic, writeJson } from "../base/atomic.js";
import { canonicalJson, sha256 } from "../base/hash.js";
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
import { type PredictedClip, predictionsCsv, readPredictions } from "./predictions.js";

export type { PredictedClip } from "./predictions.js";

/** Raised when a change to the code changes what a run with the same settings gives. */
export const RUN_SCHEMA = 3;

/** All that decides the figures of a run; its hash names the run. */
export interface RunSettings {
  /** `name@version` of the protocol. */
  protocol: string;
  /** The fold's name in the protocol. */
  fold: string;
  features: FeatureSettings;
  training: TrainingSettings;
  /** What is learnt: the emotion the actor meant, or the one that most listeners heard (CREMA-D). */
  target: "intended" | "perceived";
  /**
   * `validation` never reads the test part. `none` is of the first training of a fold whose protocol chooses by all folds
   * together: it only tells what each epoch has on validation.
   */
  score: "validation" | "test" | "none";
  /** Where no run answered: features and training are not known here, and what stands there means nothing. */
  external?: External;
}

/** Who answered where no run did: a system outside of the workbench, or a saved model on other clips. */
export interface External {
  name: string;
  /** SHA-256 of the file of its predictions, or of its weights. */
  sha256: string;
  /** It gave labels alone: what is made of probabilities is of certainties. */
  labels?: true;
}

/** How the clips were split, with the numbers of clips. */
export interface SplitRecord {
  /** `name@version` of the protocol. */
  name: string;
  fold: string;
  description: string;
  /** What test shares with neither train nor validation. */
  apart: readonly string[];
  /** What validation does not share with train, but for the corpora that the protocol excepts (`validationApartIn`). */
  validationApart: readonly string[];
  train: number;
  validation: number;
  test: number;
  /** What only a refit trains on; absent where there is nothing. */
  refit?: number;
}

/** Where a run was made; not part of its name. */
export interface Environment {
  node: string;
  platform: string;
  cpu: string;
  cores: number;
}

/** What is kept of a run: `run.json` in its folder. Paths of the clips are never stored. */
export interface RunRecord {
  schema: typeof RUN_SCHEMA;
  name: string;
  settings: RunSettings;
  /** The encoder that the features are of. */
  encoder?: EncoderFacts;
  synthetic: boolean;
  /** The protocol is leaky: its figures only show what leakage pretends. */
  leaky: boolean;
  /** Normalised by each speaker's own clips, the test speakers' among them. */
  transductive: boolean;
  corpora: string[];
  classes: string[];
  /** SHA-256 of the parts' clip ids and emotions. */
  clips: string;
  split: SplitRecord;
  audit: Audit;
  /** What the sentences alone say of the protocol's test parts; absent where they are not known. */
  text?: TextAlone;
  /** The weights it began with, then those that they were trained from; absent where it began with none. */
  from?: Origin[];
  /** What trained it: engine, threads, instruction set. Not part of the name. */
  engine: string;
  environment: Environment;
  parameters: number;
  /** The epoch with the best validation UAR, or that all folds chose: the one that is tested, but after a refit. */
  bestEpoch: number;
  /** What the folds chose together, where the protocol has them do so. */
  together?: ChosenTogether;
  history: EpochLog[];
  /** Of the softmax, fitted on validation; after a refit, which leaves nothing to fit it on, that of the first training. */
  temperature: number;
  /** Calibrated probability below which the model abstains, chosen on validation. */
  threshold: number;
  validation: ClassificationReport;
  /** Absent when the score is `validation`. */
  test?: ClassificationReport;
  /** The test part corpus by corpus; absent as `test` is. */
  testByCorpus?: Record<string, Metrics>;
  /** Accuracy, on the scored part, of always answering the commonest class of the training part. */
  majorityAccuracy: number;
  /** Clips that could not be read. */
  broken: { id: string; error: string }[];
  seconds: { features: number; training: number };
}

/** A run as it is read from a store or a summary. */
export interface StoredRun {
  record: RunRecord;
  predictions: PredictedClip[];
}

/** Where a run is made, to be renamed when it is whole. */
export function partialFolder(folder: string): string {
  return beside(folder, ".partial");
}

/**
 * The name of a run: protocol (of `held-out`, the corpus), fold, model, and the beginning of the SHA-256 of its settings
 * and of the clips of each part with their emotions (which differ by what becomes of calm), and their votes where they count.
 *
 * @returns the name, and the digest of the clips
 */
export function runName(
  settings: RunSettings,
  split: Split,
  clips: readonly Clip[],
): { name: string; clips: string } {
  const digest = partsDigest(split, clips);
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

/** The record of a finished run, or `undefined` when there is none of this schema in the folder. */
export async function readRecord(folder: string): Promise<RunRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(join(folder, "run.json"), "utf8")) as RunRecord;
    return record.schema === RUN_SCHEMA && record.settings && record.classes ? record : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The folder of a finished run.
 *
 * @param named the folder, or the run's name (`EXPERIMENT/RUN` in a store) under `root`
 * @returns `undefined` where there is none
 * @example await findRun("savee-loso-1-cnn-0123456789ab", "results/runs")
 */
export async function findRun(named: string, root: string): Promise<string | undefined> {
  for (const folder of [named, join(root, named)]) if (await readRecord(folder)) return folder;
  return undefined;
}

/**
 * A finished run with its predictions, or `undefined` when there is none of this schema in the folder.
 *
 * @throws {UserError} when predictions.csv is missing or damaged
 */
export async function readRun(folder: string): Promise<StoredRun | undefined> {
  const record = await readRecord(folder);
  if (!record) return undefined;
  return { record, predictions: await readPredictions(join(folder, "predictions.csv"), record.classes) };
}

/** Writes the record of a run, the history and the predictions; `run.json` last, so that a run with it is whole. */
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
