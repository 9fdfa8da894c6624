import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomic, writeJson } from "../base/atomic.js";
import { canonicalJson, sha256 } from "../base/hash.js";
import { formatCsv } from "../base/table.js";
import type { Clip } from "../corpora/clip.js";
import type { Metrics } from "../evaluation/metrics.js";
import type { FeatureSettings } from "../features/settings.js";
import { historyCsv } from "../training/history.js";
import type { Split } from "../training/split.js";
import type { EpochLog, PartResult, TrainingSettings } from "../training/train.js";

/** Raised when a change to the code changes what a run with the same settings gives. */
export const RUN_SCHEMA = 2;

/** All that decides the figures of a run; its hash names the run. */
export interface RunSettings {
  features: FeatureSettings;
  training: TrainingSettings;
}

/** What is kept of a run: `run.json` in its folder. Paths of the clips are never stored. */
export interface RunRecord {
  schema: number;
  name: string;
  settings: RunSettings;
  synthetic: boolean;
  corpora: string[];
  classes: string[];
  /** SHA-256 of the parts' clip ids and emotions. */
  clips: string;
  split: { name: string; description: string; train: number; validation: number; test: number };
  /** What trained it: engine, threads, instruction set. Not part of the name. */
  engine: string;
  parameters: number;
  /** What is shown is the epoch with the best validation UAR. */
  bestEpoch: number;
  history: EpochLog[];
  validation: Metrics;
  test: Metrics;
  /** The test part corpus by corpus. */
  testByCorpus: Record<string, Metrics>;
  /** Accuracy on the test part of always answering the commonest class of the training part. */
  majorityAccuracy: number;
  /** Clips that could not be read. */
  broken: { id: string; error: string }[];
  seconds: { features: number; training: number };
}

/**
 * The name of a run: corpora, model, and the beginning of the SHA-256 of its settings and of the clips of each part with
 * their emotions (which differ by what becomes of calm).
 */
export function runName(
  settings: RunSettings,
  split: Split,
  clips: readonly Clip[],
): { name: string; clips: string } {
  const emotionOf = new Map(clips.map(({ id, emotion }) => [id, emotion]));
  const parts = [split.train, split.validation, split.test];
  const digest = sha256(canonicalJson(parts.map((ids) => ids.map((id) => [id, emotionOf.get(id)]))));
  const synthetic = clips.some((clip) => clip.synthetic);
  const schema = RUN_SCHEMA;
  const hash = sha256(canonicalJson({ schema, settings, split: split.name, clips: digest, synthetic }));
  const corpora = new Set(clips.map(({ corpus }) => corpus));
  const label = corpora.size > 1 ? "combined" : [...corpora][0];
  return { name: `${label}-${settings.training.model}-${hash.slice(0, 12)}`, clips: digest };
}

/** The record of a finished run, or `undefined` when there is none in the folder. */
export async function readRecord(folder: string): Promise<RunRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(join(folder, "run.json"), "utf8")) as RunRecord;
    return record.schema === RUN_SCHEMA ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Writes the record of a run, the history and the predictions; `run.json` last, so that a run with it is whole. */
export async function writeRecord(
  folder: string,
  record: RunRecord,
  parts: { validation: PartResult; test: PartResult },
): Promise<void> {
  await writeAtomic(join(folder, "history.csv"), historyCsv(record.history));
  await writeAtomic(join(folder, "predictions.csv"), predictionsCsv(record.classes, parts));
  await writeJson(join(folder, "run.json"), record);
}

function predictionsCsv(
  classes: readonly string[],
  parts: { validation: PartResult; test: PartResult },
): string {
  const header = ["id", "part", "truth", "predicted", ...classes];
  const rows = (["validation", "test"] as const).flatMap((part) =>
    parts[part].ids.map((id, i) => {
      const { truth, predicted, probabilities } = parts[part];
      const own = probabilities.subarray(i * classes.length, (i + 1) * classes.length);
      return [id, part, classes[truth[i]!], classes[predicted[i]!], ...Array.from(own, (p) => p.toFixed(6))];
    }),
  );
  return formatCsv(header, rows);
}
