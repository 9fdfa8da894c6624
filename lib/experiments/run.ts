import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Interrupted, UserError } from "../base/errors.js";
import type { Clip } from "../corpora/clip.js";
import { classesOf } from "../corpora/registry.js";
import { chooseEngine } from "../engine/detect.js";
import type { EngineName } from "../engine/trainer.js";
import { confusionCounts, type Metrics, metrics } from "../evaluation/metrics.js";
import { extractClips, type FeatureSet } from "../features/corpus.js";
import type { InputSettings } from "../inference/input.js";
import { type ModelCard, saveModel } from "../inference/model.js";
import { isBaseline } from "../models/names.js";
import { CHECKPOINT } from "../training/loop.js";
import { heldOutSpeakers, type Split } from "../training/split.js";
import { type EpochLog, type PartResult, train } from "../training/train.js";
import { drawRun } from "./pictures.js";
import { RUN_SCHEMA, type RunRecord, type RunSettings, readRecord, runName, writeRecord } from "./record.js";

export interface RunOptions {
  /** The folder of the run, made from its name. */
  folder: (name: string) => string;
  /** Does the run again where a finished one is in the folder. */
  force?: boolean;
  /** Goes on with a training of the same settings and clips that was stopped. */
  resume?: boolean;
  /** What executes the training; default: the best there is. */
  engine?: EngineName;
  /** Of the engine and the features; default: one a core. */
  threads?: number;
  /** Stops at the first clip that cannot be read. */
  strict?: boolean;
  quiet?: boolean;
  signal?: AbortSignal;
  /** What is being done, a line at a time. */
  log?: (line: string) => void;
}

/**
 * One run from clips to a folder of results: features, split by speakers, training, evaluation, the saved
 * model, the record and the pictures. A finished run of the same settings and clips is read, not repeated.
 *
 * @returns the run's folder and record, and whether it was there already
 */
export async function run(
  clips: readonly Clip[],
  settings: RunSettings,
  options: RunOptions,
): Promise<{ folder: string; record: RunRecord; reused: boolean }> {
  const log = options.log ?? (() => {});
  const corpora = [...new Set(clips.map((clip) => clip.corpus))];
  const synthetic = clips.some((clip) => clip.synthetic);
  const planned = heldOutSpeakers(clips);
  const { name, clips: digest } = runName(settings, planned, clips);
  const folder = options.folder(name);
  const finished = options.force ? undefined : await readRecord(folder);
  if (finished?.name === name) return { folder, record: finished, reused: true };
  // An engine that is not there is better known before the features are made than after.
  if (!isBaseline(settings.training.model)) await chooseEngine(options.engine);

  const started = performance.now();
  log(`features of ${clips.length} clips (${settings.features.kind})`);
  const features = await extractClips(clips, settings.features, options);
  for (const { clip, error } of features.broken) log(`left out ${clip.id}: ${error}`);
  if (features.clips.length === 0) throw new UserError("not one clip could be read");
  const extracted = performance.now();

  const split = readablePart(planned, features.clips);
  log(
    `${split.train.length} clips to train on, ${split.validation.length} to validate, ${split.test.length} to test`,
  );
  for (const part of split.description.split("; ")) log(`  ${part}`);
  const classes = classesOf(features.clips);
  const { engine, threads, resume, quiet, signal } = options;
  const result = await train(features, split, classes, settings.training, {
    ...{ engine, threads, resume, quiet, signal, log, folder },
    onEpoch: (epoch) => log(epochLine(epoch, isBaseline(settings.training.model))),
  }).catch((error: unknown) => {
    if (!signal?.aborted || error instanceof Interrupted) throw error;
    throw new Interrupted("stopped: the features are kept, the training starts anew next time", {
      cause: error,
    });
  });

  const record: RunRecord = {
    schema: RUN_SCHEMA,
    name,
    settings,
    synthetic,
    corpora,
    classes,
    clips: digest,
    split: {
      name: split.name,
      description: split.description,
      train: split.train.length,
      validation: split.validation.length,
      test: split.test.length,
    },
    engine: result.engine,
    parameters: result.network.countParams(),
    bestEpoch: result.bestEpoch,
    history: result.history,
    validation: result.validation.metrics,
    test: result.test.metrics,
    testByCorpus: byCorpus(result.test, classes),
    majorityAccuracy: majorityAccuracy(features, split),
    broken: features.broken.map(({ clip, error }) => ({ id: clip.id, error })),
    seconds: { features: (extracted - started) / 1000, training: (performance.now() - extracted) / 1000 },
  };
  // A record that stays while the files beside it change would vouch for files that are not its own.
  await rm(join(folder, "run.json"), { force: true });
  await saveModel(join(folder, "model"), result.network, cardOf(record, result.input));
  log("drawing the pictures");
  await drawRun(folder, record, result.test, features.clips);
  await writeRecord(folder, record, result);
  await rm(join(folder, CHECKPOINT), { force: true });
  return { folder, record, reused: false };
}

/**
 * The split the run is named by, without the clips that could not be read. Splitting what is left anew could move speakers
 * from part to part.
 */
function readablePart(split: Split, clips: readonly Clip[]): Split {
  const readable = new Set(clips.map(({ id }) => id));
  const kept = (ids: readonly string[]) => ids.filter((id) => readable.has(id));
  return { ...split, train: kept(split.train), validation: kept(split.validation), test: kept(split.test) };
}

function epochLine(log: EpochLog, baseline: boolean): string {
  const { epoch, trainLoss, validationLoss, validationUar, learningRate, seconds } = log;
  const label = baseline ? `penalty ${learningRate}` : `epoch ${String(epoch).padStart(2)}`;
  const figures = `loss ${trainLoss.toFixed(3)}  validation loss ${validationLoss.toFixed(3)}`;
  const uar = `UAR ${(100 * validationUar).toFixed(1)} %`;
  return `${label}  ${figures}  ${uar}  ${seconds.toFixed(1)} s`;
}

function cardOf(record: RunRecord, input: InputSettings): ModelCard {
  const { name, settings, parameters, classes, corpora, synthetic, split, engine } = record;
  const brief = ({ count, classesInTruth, accuracy, uar, macro }: Metrics) => ({
    count,
    classesInTruth,
    accuracy,
    uar,
    macro,
  });
  return {
    schema: 1,
    run: name,
    model: settings.training.model,
    parameters,
    classes,
    ...input,
    features: settings.features,
    corpora,
    synthetic,
    split: split.description,
    seed: settings.training.seed,
    engine,
    metrics: { validation: brief(record.validation), test: brief(record.test) },
  };
}

function byCorpus(part: PartResult, classes: readonly string[]): Record<string, Metrics> {
  const corpusOf = (id: string) => id.slice(0, id.indexOf("/"));
  const corpora = [...new Set(part.ids.map(corpusOf))];
  return Object.fromEntries(
    corpora.map((corpus) => {
      const own = part.ids.flatMap((id, i) => (corpusOf(id) === corpus ? [i] : []));
      const pick = (values: readonly number[]) => own.map((i) => values[i]!);
      return [
        corpus,
        metrics(confusionCounts(pick(part.truth), pick(part.predicted), classes.length), classes),
      ];
    }),
  );
}

function majorityAccuracy(features: FeatureSet, split: Split): number {
  const emotionOf = new Map<string, string>(features.clips.map((clip) => [clip.id, clip.emotion]));
  const counts = new Map<string, number>();
  for (const id of split.train) {
    const emotion = emotionOf.get(id)!;
    counts.set(emotion, (counts.get(emotion) ?? 0) + 1);
  }
  const [majority] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
  return split.test.filter((id) => emotionOf.get(id) === majority).length / split.test.length;
}
