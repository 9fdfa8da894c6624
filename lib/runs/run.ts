import { readdir, rm } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { join, resolve } from "node:path";
import type { LayersModel } from "@tensorflow/tfjs";
import { assertReplaceable, replaceFolder } from "../base/atomic.js";
import { Interrupted, messageOf, UserError } from "../base/errors.js";
import { percent } from "../base/text.js";
import type { Clip } from "../corpora/clip.js";
import { encoderFacts } from "../encoders/facts.js";
import { chooseEngine } from "../engine/detect.js";
import type { EngineName } from "../engine/trainer.js";
import { chooseThreshold } from "../evaluation/abstention.js";
import { applyTemperature, fitTemperature } from "../evaluation/calibration.js";
import { type ClassificationReport, classificationReport } from "../evaluation/classification-report.js";
import { confusionCounts, type Metrics, metrics } from "../evaluation/metrics.js";
import { extractClips, type FeatureSet } from "../features/corpus.js";
import type { InputSettings } from "../features/input.js";
import { columnsOf } from "../features/settings.js";
import { type ModelCard, readWeights, saveModel } from "../inference/model.js";
import { isBaseline } from "../models/names.js";
import { builderOf, buildOwn, type OwnNetworks, seedWeights } from "../models/own.js";
import { type Audit, assertAudit, auditOf, auditSplit, auditTraining } from "../protocols/audit.js";
import { placesIn } from "../protocols/define.js";
import type { Ledger } from "../protocols/ledger.js";
import { predictPart } from "../protocols/part.js";
import { sentenceAnswers, textAlone } from "../protocols/sentence-baseline.js";
import { readablePart } from "../protocols/split.js";
import type { Plan, Split } from "../protocols/types.js";
import { readCheckpoint } from "../training/checkpoint.js";
import { triedText } from "../training/history.js";
import { CHECKPOINT, REFIT_CHECKPOINT } from "../training/loop.js";
import { checkTraining } from "../training/settings.js";
import {
  type Chosen,
  type EpochLog,
  type PartResult,
  type Trained,
  type TrainFoldOptions,
  trainFold,
} from "../training/train.js";
import { auditBeginning, type KnownBeginning } from "./beginning.js";
import { drawRun } from "./pictures.js";
import { assertPossible } from "./possible.js";
import {
  type Environment,
  partialFolder,
  RUN_SCHEMA,
  type RunRecord,
  type RunSettings,
  readRecord,
  runName,
  writeRecord,
} from "./record.js";
import { featuresName } from "./settings-text.js";
import { chooseTogether } from "./together.js";

/** The settings of a run, without its protocol and fold. */
export type RunChoices = Omit<RunSettings, "protocol" | "fold">;

export interface RunOptions {
  /** The folder of the run, made from its name. */
  folder: (name: string) => string;
  /** Does the run again where a finished one is in the folder. */
  force?: boolean;
  /**
   * Resumes an interrupted training of the same settings and clips, also from another engine, which is logged; a damaged
   * checkpoint is an error. With `or-restart`, a checkpoint that is damaged or of another engine is dropped.
   */
  resume?: boolean | "or-restart";
  /** What executes the training; default: the best there is. */
  engine?: EngineName;
  /** Of the engine and the features; default: one a core. */
  threads?: number;
  /** Stops at the first clip that cannot be read. */
  strict?: boolean;
  /**
   * Folder of the model whose weights the settings begin with; default: they are looked for among the models that are
   * there.
   */
  from?: string;
  /** The script's own networks, for settings that name one: `own:NAME`. */
  networks?: OwnNetworks;
  /** Draws the pictures of the run; default true. */
  pictures?: boolean;
  /** Where a reading of the test part is recorded before it happens. */
  ledger: Ledger;
  quiet?: boolean;
  signal?: AbortSignal;
  /** What is being done, a line at a time. */
  log?: (line: string) => void;
  onEpoch?: (epoch: EpochLog) => void;
  /** After every epoch of a second training. */
  onRefitEpoch?: (epoch: number) => void;
}

/**
 * One run from clips to a folder of results: features, the audit of the split, training, calibration on validation,
 * evaluation, the saved model, the record and the pictures. A finished run of the same settings and clips is read, not
 * repeated.
 *
 * The run is written to `FOLDER.partial`, which also keeps the checkpoint, and renamed once it is complete. Two processes must
 * not do this for one folder at once: the caller holds its claim.
 *
 * @param plan of a protocol, with the clips of all folds
 * @param fold one of the plan's
 * @param choices features, training, target and whether the test part is read
 * @returns the run's folder and record, and whether it was there already
 * @throws {UserError} when the audit finds a leak, with the clips, unless the protocol is declared leaky
 * @example
 * const plan = protocolNamed("savee/loso").plan(await loadClips("data", { calm: "keep" }));
 * const choices = { features: RUN_FEATURES.logmel, training: TRAINING, target: "intended", score: "validation" } as const;
 * const store = new Store("results/runs");
 * await run(plan, plan.folds[0], choices, { folder: (name) => store.runFolder(name), ledger: store.ledger() });
 */
export async function run(
  plan: Plan,
  fold: Split,
  choices: RunChoices,
  options: RunOptions,
): Promise<{ folder: string; record: RunRecord; reused: boolean }> {
  // Known now rather than when the features are made.
  checkTraining(choices.training);
  const settings: RunSettings = { protocol: plan.protocol, fold: fold.name, ...choices };
  const { name, clips: digest } = runName(settings, fold, plan.clips);
  const folder = options.folder(name);
  const partial = partialFolder(folder);
  const finishedIn = async (place: string) => {
    const record = options.force ? undefined : await readRecord(place);
    return record?.name === name ? { folder, record, reused: true } : undefined;
  };
  const there = await finishedIn(folder);
  if (there) return there;
  await assertReplaceable(folder, (names) => names.includes("run.json"), "a run");
  await assertReplaceable(partial, () => true, "a run that was begun");
  // Fails early if the engine is not available, before features are extracted.
  const chosen = isBaseline(settings.training.model) ? undefined : await chooseEngine(options.engine);
  const work = { plan, fold, settings, name, digest, partial };
  // Killed between the last file and the renaming.
  const whole = await finishedIn(partial);
  if (whole) {
    await settle(partial, folder);
    return whole;
  }
  if (!options.resume) await rm(partial, { recursive: true, force: true });
  if (options.resume === "or-restart") await dropUselessCheckpoints(partial, chosen?.engine, options.log);
  const record = await makeRun(work, options);
  await settle(partial, folder);
  return { folder, record, reused: false };
}

const CHECKPOINTS = [CHECKPOINT, REFIT_CHECKPOINT];

interface Work {
  plan: Plan;
  fold: Split;
  settings: RunSettings;
  name: string;
  digest: string;
  partial: string;
}

async function makeRun(work: Work, options: RunOptions): Promise<RunRecord> {
  const { plan, fold, settings, name, partial } = work;
  const log = options.log ?? (() => {});
  const started = performance.now();
  const beginning = await assertPossible(work, options.from);
  const together = await chooseTogether(plan, settings, options.folder);
  const places = placesIn(fold);
  const clips = plan.clips.filter(({ id }) => places.has(id));
  log(`features of ${clips.length} clips (${featuresName(settings.features)})`);
  const features = await extractClips(clips, settings.features, options);
  for (const note of features.notes ?? []) log(note);
  for (const { clip, error } of features.broken) log(`left out ${clip.id}: ${error}`);
  if (features.clips.length === 0) throw new UserError("no clip could be read");
  const extracted = performance.now();

  const split = readablePart(fold, new Set(features.clips.map(({ id }) => id)));
  log(
    `${split.train.length} clips to train on, ${split.validation.length} to validate, ${split.test.length} to test`,
  );
  for (const part of split.description.split("; ")) log(`  ${part}`);
  const before = auditOf(
    [
      ...auditSplit(plan, split, features.samples ?? new Map()).checks,
      ...(beginning ? [auditBeginning(plan, fold, work.digest, beginning.origins)] : []),
    ],
    plan.leaky,
  );
  assertAudit(before);
  const first = await firstTraining(work, options);
  if (first) log(`the first training is that of ${first.name}`);
  const network = await ownNetwork(settings, plan, options);
  const trained = await untilStopped(options.signal, () =>
    trainFold(
      features,
      split,
      plan.classes,
      settings.training,
      trainOptions(work, options, { chosen: first, beginning, together, network }),
    ),
  );
  const audit = auditOf([...before.checks, ...auditTraining(split, trained)], plan.leaky);
  assertAudit(audit);
  const test = settings.score === "test" ? await testOf(work, split, trained, options) : undefined;
  const parts = { validation: trained.validation, test };

  const record = recordOf(work, features, split, { ...trained, test, beginning }, audit, {
    features: (extracted - started) / 1000,
    training: (first?.seconds ?? 0) + (performance.now() - extracted) / 1000,
  });
  // The old record must not outlive the files that it describes.
  await rm(join(partial, "run.json"), { force: true });
  await saveModel(join(partial, "model"), trained.network, cardOf(record, trained.input));
  trained.network.dispose();
  if (options.pictures !== false && settings.score !== "none") {
    log("drawing the pictures");
    await drawRun(partial, record, test ?? trained.validation, features.clips, options);
  }
  await writeRecord(partial, record, parts, features.clips);
  log(`${name} is done`);
  return record;
}

/** The script's own network, with weights drawn from the seed; `undefined` if the settings name none. */
async function ownNetwork(
  { training, features }: RunSettings,
  { classes }: Plan,
  { networks }: RunOptions,
): Promise<LayersModel | undefined> {
  const { model, frames, seed } = training;
  const build = builderOf(model, networks);
  if (!build) return undefined;
  const shape = { frames, bands: columnsOf(features), classes: classes.length, seed };
  const network = buildOwn(model, build, shape);
  await seedWeights(network, seed);
  return network;
}

/** The first training of a run with `refit`, taken from the finished run without `refit`; its test part is not used. */
async function firstTraining(
  { plan, fold, settings }: Work,
  { folder, force }: RunOptions,
): Promise<(Chosen & { name: string; seconds: number }) | undefined> {
  const { refit, ...training } = settings.training;
  // A baseline is fitted in seconds.
  if (!refit || force || isBaseline(training.model)) return undefined;
  for (const score of ["test", "validation"] as const) {
    const { name } = runName({ ...settings, training, score }, fold, plan.clips);
    const record = await readRecord(folder(name));
    if (record?.name !== name) continue;
    const weights = await readWeights(join(folder(name), "model"));
    return {
      name,
      weights,
      history: record.history,
      bestEpoch: record.bestEpoch,
      engine: record.engine,
      seconds: record.seconds.training,
    };
  }
  return undefined;
}

function trainOptions(
  { settings, partial }: Work,
  { engine, threads, resume, quiet, signal, log, onEpoch, onRefitEpoch }: RunOptions,
  given: Pick<TrainFoldOptions, "chosen" | "beginning" | "together" | "network">,
): TrainFoldOptions {
  const baseline = isBaseline(settings.training.model);
  return {
    ...{ engine, threads, quiet, signal, log, folder: partial, resume: Boolean(resume), ...given },
    onEpoch: (epoch) => {
      log?.(epochLine(epoch, baseline));
      onEpoch?.(epoch);
    },
    onRefitEpoch: (epoch, loss, seconds) => {
      log?.(`refit, epoch ${String(epoch).padStart(2)}  loss ${loss.toFixed(3)}  ${seconds.toFixed(1)} s`);
      onRefitEpoch?.(epoch);
    },
  };
}

/** The one reading of the test part, once the audit has passed. */
function testOf(
  { plan, name: run }: Work,
  fold: Split,
  trained: Trained,
  { ledger, signal }: RunOptions,
): Promise<PartResult> {
  return untilStopped(signal, () => predictPart({ plan, fold, part: "test", ledger, run }, trained.predict));
}

async function untilStopped<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!signal?.aborted || error instanceof Interrupted) throw error;
    throw new Interrupted("stopped: the features are kept, the training starts anew next time", {
      cause: error,
    });
  }
}

function recordOf(
  { plan, settings, name, digest }: Work,
  features: FeatureSet,
  split: Split,
  trained: Trained & { test: PartResult | undefined; beginning: KnownBeginning | undefined },
  audit: Audit,
  seconds: RunRecord["seconds"],
): RunRecord {
  const { classes } = plan;
  const { validation, test, beginning } = trained;
  const answers = sentenceAnswers(plan);
  const temperature = fitTemperature(validation.probabilities, validation.truth, classes.length);
  const calibrated = applyTemperature(validation.probabilities, classes.length, temperature);
  const figures = ({ probabilities, truth }: PartResult): ClassificationReport =>
    classificationReport(probabilities, truth, classes, { temperature });
  return {
    schema: RUN_SCHEMA,
    name,
    settings,
    ...(settings.features.kind === "encoder" && { encoder: encoderFacts(settings.features.encoder) }),
    synthetic: features.clips.some((clip) => clip.synthetic),
    leaky: plan.leaky,
    transductive: settings.training.normalisation === "speaker",
    corpora: [...new Set(features.clips.map((clip) => clip.corpus))],
    classes,
    clips: digest,
    split: {
      name: plan.protocol,
      fold: split.name,
      description: split.description,
      apart: plan.apart,
      validationApart: plan.validationApart,
      train: split.train.length,
      validation: split.validation.length,
      test: split.test.length,
      ...(split.refit && { refit: split.refit.length }),
    },
    audit,
    ...(answers && { text: textAlone(answers) }),
    ...(beginning && { from: beginning.origins }),
    engine: trained.engine,
    environment: environment(),
    parameters: trained.network.countParams(),
    bestEpoch: trained.bestEpoch,
    ...(trained.together && { together: trained.together }),
    history: trained.history,
    temperature,
    threshold: chooseThreshold(calibrated, validation.truth, classes.length),
    validation: figures(validation),
    ...(test ? { test: figures(test), testByCorpus: byCorpus(test, classes) } : {}),
    majorityAccuracy: majorityAccuracy(features.clips, split, test ? split.test : split.validation),
    broken: features.broken.map(({ clip, error }) => ({
      id: clip.id,
      // Results contain no paths.
      error: error.replaceAll(resolve(clip.path), clip.id).replaceAll(clip.path, clip.id),
    })),
    seconds,
  };
}

function environment(): Environment {
  return {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
  };
}

/** Moves a complete run to its final folder. */
async function settle(partial: string, folder: string): Promise<void> {
  for (const checkpoint of CHECKPOINTS) await rm(join(partial, checkpoint), { force: true });
  for (const file of await readdir(partial, { recursive: true })) {
    // Left by a killed process.
    if (file.endsWith(".tmp")) await rm(join(partial, file), { force: true });
  }
  await replaceFolder(partial, folder);
}

/** Removes checkpoints that are damaged or of another engine, so that a run of an experiment uses one engine only. */
async function dropUselessCheckpoints(
  partial: string,
  engine: EngineName | undefined,
  log: RunOptions["log"],
): Promise<void> {
  for (const path of CHECKPOINTS.map((file) => join(partial, file))) {
    try {
      const found = await readCheckpoint(path);
      if (!found || found.engine === engine) continue;
      log?.(`the checkpoint was made by the engine ${found.engine}: training from the start on ${engine}`);
    } catch (error) {
      log?.(`${messageOf(error)}: training from the start`);
    }
    await rm(path, { force: true });
  }
}

function epochLine(log: EpochLog, baseline: boolean): string {
  const { epoch, trainLoss, validationLoss, validationUar, seconds } = log;
  const label = baseline ? triedText(log) : `epoch ${String(epoch).padStart(2)}`;
  const figures = `loss ${trainLoss.toFixed(3)}  validation loss ${validationLoss.toFixed(3)}`;
  const uar = `UAR ${percent(validationUar)} %`;
  return `${label}  ${figures}  ${uar}  ${seconds.toFixed(1)} s`;
}

function cardOf(record: RunRecord, input: InputSettings): ModelCard {
  const { name, settings, parameters, classes, encoder, corpora, synthetic, split, engine } = record;
  const { temperature, threshold, validation, test, from, text } = record;
  const brief = ({ count, classesInTruth, accuracy, uar, macro }: Metrics) => ({
    count,
    classesInTruth,
    accuracy,
    uar,
    macro,
  });
  return {
    schema: 2,
    run: name,
    model: settings.training.model,
    ...(settings.training.size && { size: settings.training.size }),
    parameters,
    classes,
    ...(encoder && { encoder }),
    ...input,
    features: settings.features,
    corpora,
    synthetic,
    split: `${split.name}, fold ${split.fold}: ${split.description}${settings.training.refit ? "; then trained on validation too" : ""}`,
    ...{ protocol: split.name, fold: split.fold, clips: record.clips },
    ...(settings.training.refit && { refit: true }),
    ...(text?.confounded && { textConfounded: { uar: text.uar.estimate, chance: text.chance } }),
    ...(from && { from }),
    seed: settings.training.seed,
    engine,
    temperature,
    threshold,
    metrics: { validation: brief(validation), ...(test ? { test: brief(test) } : {}) },
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

/** Accuracy on a part of always predicting the most frequent class of the training part. */
function majorityAccuracy(clips: readonly Clip[], split: Split, part: readonly string[]): number {
  const emotionOf = new Map<string, string>(clips.map((clip) => [clip.id, clip.emotion]));
  const counts = new Map<string, number>();
  for (const id of split.train) {
    const emotion = emotionOf.get(id)!;
    counts.set(emotion, (counts.get(emotion) ?? 0) + 1);
  }
  const [majority] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
  return part.filter((id) => emotionOf.get(id) === majority).length / part.length;
}
