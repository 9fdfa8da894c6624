import { groupBy } from "../base/group.js";
import { canonicalJson } from "../base/hash.js";
import { concatenated } from "../base/matrix.js";
import { compareNames, plural } from "../base/text.js";
import { applyTemperature } from "../evaluation/calibration.js";
import { argmax } from "../evaluation/metrics.js";
import { isBaseline } from "../models/names.js";
import { type Size, usualSize } from "../models/size.js";
import type { PredictedClip, RunSettings, StoredRun } from "../runs/record.js";
import { featuresName } from "../runs/settings-text.js";

/** The part of a split whose clips were predicted. */
export type Part = "validation" | "test";

/** The runs of one seed, one per fold. */
export interface SeedRuns {
  /** Seed of the training. */
  seed: number;
  /** Sorted by the name of the fold. */
  runs: StoredRun[];
}

/** The runs behind one row of a results table: they differ only in fold and seed. */
export interface Entry {
  /** `name@version`. */
  protocol: string;
  /** The model, and the settings that distinguish it from the others of its protocol: `cnn, mixup 0.2`. */
  label: string;
  /** Settings of the first run; ignore its fold and seed. */
  settings: RunSettings;
  /** In the order of the model's outputs. */
  classes: string[];
  /** Sorted by name. */
  corpora: string[];
  /** Number of trained parameters. */
  parameters: number;
  /** Some of the clips are synthetic. */
  synthetic: boolean;
  /** The protocol leaks on purpose. */
  leaky: boolean;
  /** Features were normalised per speaker, with the test speakers' own clips. */
  transductive: boolean;
  /** The folds that are pooled. */
  folds: string[];
  /** The seeds that have all of these folds. */
  seeds: SeedRuns[];
  /** Which planned folds or seeds are missing; absent if none are. */
  missing?: string;
}

/** The predictions of one seed on one part, folds pooled, sorted by fold and then by clip id. */
export interface Pooled {
  /** In the order of the model's outputs. */
  classes: readonly string[];
  clips: PredictedClip[];
  /** Class index of each clip. */
  truth: number[];
  /** Predicted class index of each clip. */
  predicted: number[];
  /** `corpus/speaker` of each clip. */
  speakers: string[];
  /** `clips x classes`, row by row: `clips.length * classes.length` numbers. */
  probabilities: Float32Array;
  /** The same after temperature scaling, each clip with the temperature of its run. */
  calibrated: Float32Array;
}

/**
 * Groups the runs of an experiment into entries: one for each model under each protocol, sorted by protocol and label.
 *
 * All seeds of an entry are scored on the same clips. A seed that lacks a fold is left out; if no seed has all folds, those
 * of the most complete seed are pooled. `missing` reports both.
 *
 * @param runs of one or several protocols, in any order
 * @example
 * const { runs } = await train({ protocols: ["savee/loso"], models: ["linear"], features: ["mfcc"] });
 * entriesOf(runs).map(({ protocol, label }) => `${protocol}: ${label}`); // => ["savee/loso@1: linear"]
 */
export function entriesOf(runs: readonly StoredRun[]): Entry[] {
  const ordered = [...runs].sort((a, b) => compareNames(a.record.name, b.record.name));
  const labelOf = labelsOf(ordered.map(({ record }) => record.settings));
  return sortedGroups(ordered, ({ record }) => record.settings.protocol).flatMap(([protocol, own]) => {
    const planned = [...new Set(own.map(({ record }) => record.settings.fold))].sort(compareNames);
    return sortedGroups(own, ({ record }) => methodOf(record.settings))
      .map(([method, entry]) => entryOf(protocol, labelOf.get(method)!, entry, planned))
      .sort((a, b) => compareNames(a.label, b.label));
  });
}

/**
 * The predictions of an entry on one part, with the folds of each seed pooled.
 *
 * @returns one for each seed; empty if the part was not predicted
 * @example
 * const { runs } = await train({ protocols: ["savee/loso"], models: ["linear"], features: ["mfcc"] });
 * const [entry] = entriesOf(runs);
 * pooled(entry!, "validation").map(({ clips, classes }) => [clips.length, classes.length]); // => [[480, 7]]
 * pooled(entry!, "test"); // => []
 */
export function pooled({ seeds, classes }: Entry, part: Part): Pooled[] {
  return seeds.map(({ runs }) => poolRuns(runs, classes, part)).filter(({ clips }) => clips.length > 0);
}

/**
 * The seed ensemble: the probabilities of each clip are the mean of the seeds' calibrated ones, so that an overconfident seed
 * does not count for more.
 *
 * @param seeds of one entry, as {@link pooled} returns them
 * @returns `undefined` for a single seed
 * @throws {RangeError} if the seeds predicted different clips
 * @example const together = ensembleOf(pooled(entry, "test"));
 */
export function ensembleOf(seeds: readonly Pooled[]): Pooled | undefined {
  const [first, ...others] = seeds;
  if (!first || others.length === 0) return undefined;
  const ids = ({ clips }: Pooled) => clips.map(({ id }) => id).join();
  if (others.some((seed) => ids(seed) !== ids(first)))
    throw new RangeError("the seeds predicted different clips");
  const mean = first.calibrated.map(
    (_, i) => seeds.reduce((sum, { calibrated }) => sum + calibrated[i]!, 0) / seeds.length,
  );
  return { ...first, predicted: argmax(mean, first.classes.length), probabilities: mean, calibrated: mean };
}

function poolRuns(runs: readonly StoredRun[], classes: readonly string[], part: Part): Pooled {
  const size = classes.length;
  const parts = runs.map(({ record, predictions }) => {
    const clips = predictions.filter((clip) => clip.part === part).sort((a, b) => compareNames(a.id, b.id));
    const probabilities = Float32Array.from(clips.flatMap((clip) => clip.probabilities));
    return { clips, probabilities, calibrated: applyTemperature(probabilities, size, record.temperature) };
  });
  const clips = parts.flatMap((own) => own.clips);
  return {
    classes,
    clips,
    truth: clips.map(({ truth }) => truth),
    predicted: clips.map(({ predicted }) => predicted),
    speakers: clips.map(({ speaker }) => speaker),
    probabilities: concatenated(parts.map((own) => own.probabilities)),
    calibrated: concatenated(parts.map((own) => own.calibrated)),
  };
}

function entryOf(
  protocol: string,
  label: string,
  runs: readonly StoredRun[],
  planned: readonly string[],
): Entry {
  const bySeed = sortedGroups(runs, ({ record }) => String(record.settings.training.seed)).map(
    ([seed, own]): SeedRuns => ({ seed: Number(seed), runs: own.sort(byFold) }),
  );
  const fullest = bySeed.reduce((a, b) => (b.runs.length > a.runs.length ? b : a));
  const folds = foldsOf(fullest);
  const seeds = bySeed.filter((seed) => canonicalJson(foldsOf(seed)) === canonicalJson(folds));
  const { record } = fullest.runs[0]!;
  return {
    protocol,
    label,
    settings: record.settings,
    classes: record.classes,
    corpora: [...record.corpora].sort(compareNames),
    parameters: record.parameters,
    synthetic: runs.some(({ record }) => record.synthetic),
    leaky: record.leaky,
    transductive: record.transductive,
    folds,
    seeds,
    missing: missingOf(folds, planned, bySeed.length - seeds.length),
  };
}

function missingOf(
  folds: readonly string[],
  planned: readonly string[],
  seedsLeftOut: number,
): string | undefined {
  const parts = [
    folds.length < planned.length && `only folds ${folds.join(", ")} of ${planned.join(", ")}`,
    seedsLeftOut > 0 && `${plural(seedsLeftOut, "seed")} with other folds left out`,
  ].filter(Boolean);
  return parts.length > 0 ? parts.join("; ") : undefined;
}

function foldsOf({ runs }: SeedRuns): string[] {
  return runs.map(({ record }) => record.settings.fold);
}

function byFold(a: StoredRun, b: StoredRun): number {
  return compareNames(a.record.settings.fold, b.record.settings.fold);
}

/** Identifies a method across protocols: its settings without protocol, fold, seed and score, as text. */
export function methodOf({ features, training, target, external }: Omit<RunSettings, "fold">): string {
  if (external) return canonicalJson({ external });
  return canonicalJson({ features, target, training: { ...training, seed: 0 } });
}

/**
 * The label of each method: the model, followed by the settings in which methods of this model differ under one protocol.
 * A value that more than half of them share is left out. Settings that differ only between protocols, such as a schedule
 * that suits the corpus, are reported with the protocols. Labels are made over all protocols, so that a label means the
 * same in every table.
 */
function labelsOf(all: readonly RunSettings[]): Map<string, string> {
  const own = all.filter(({ external }) => !external);
  const others = all.flatMap((settings): [string, string][] =>
    settings.external ? [[methodOf(settings), settings.external.name]] : [],
  );
  return new Map([...labelsOfOwn(own), ...others]);
}

function labelsOfOwn(all: readonly RunSettings[]): Map<string, string> {
  const methods = [...new Map(all.map((settings) => [methodOf(settings), settings]))].map(
    ([method, settings]): Method => ({
      method,
      model: settings.training.model,
      values: settingValues(settings),
    }),
  );
  const protocols = [...groupBy(all, ({ protocol }) => protocol).values()].map(
    (own) => new Set(own.map(methodOf)),
  );
  const labels = new Map<string, string>();
  for (const [model, namesakes] of groupBy(methods, (one) => one.model)) {
    const keys = [...new Set(namesakes.flatMap(({ values }) => [...values.keys()]))].sort(compareNames);
    const telling = keys.flatMap((key) => {
      // Settings of a spectrogram do not apply to other features.
      const counts = ({ values }: Method) => !key.startsWith("features.") || values.has(key);
      const known = namesakes.filter(counts);
      const differs = protocols.some((own) => {
        const rivals = known.filter(({ method }) => own.has(method));
        return new Set(rivals.map(({ values }) => values.get(key))).size > 1;
      });
      return differs ? [{ key, usual: majority(known.map(({ values }) => values.get(key))) }] : [];
    });
    for (const { method, values } of namesakes) {
      const parts = telling.flatMap(({ key, usual }) => described(key, values.get(key), usual) ?? []);
      const plain = telling.length > 0 && parts.length === 0;
      labels.set(method, [model, ...(plain ? ["plain"] : parts)].join(", "));
    }
  }
  for (const own of protocols)
    tellApart(
      methods.filter(({ method }) => own.has(method)),
      labels,
    );
  return labels;
}

interface Method {
  method: string;
  model: string;
  values: ReadonlyMap<string, string>;
}

/** Of methods with one label under one protocol, those that lack a setting get it into their label. */
function tellApart(rivals: readonly Method[], labels: Map<string, string>): void {
  for (const [label, own] of groupBy(rivals, ({ method }) => labels.get(method)!)) {
    const keys = own.length < 2 ? [] : [...new Set(own.flatMap(({ values }) => [...values.keys()]))];
    for (const { method, values } of own) {
      const lacking = keys.filter((key) => !values.has(key)).sort(compareNames);
      if (lacking.length === 0) continue;
      const parts = lacking.map((key) => `no ${settingName(key)}`);
      labels.set(method, [label, ...parts].join(", "));
    }
  }
}

/**
 * The settings of a method by key, as text: what a table of settings has columns for. Features of an encoder or of a table are
 * one value.
 */
export function settingValues({
  features,
  training,
  target,
}: Omit<RunSettings, "fold">): Map<string, string> {
  return flattened({
    ...{ ...training, size: sizeWith(training), patience: patienceOf(training), target },
    features:
      features.kind === "encoder" || features.kind === "table" ? { kind: featuresName(features) } : features,
  });
}

/** A setting's name: "label smoothing"; "" for one whose value tells what it is. */
export function settingName(key: string): string {
  return SHORT[key] ?? inWords(key.slice(key.indexOf(".") + 1));
}

/** The full size: the model's default with what is set on top. */
function sizeWith({ model, size }: RunSettings["training"]): Size | undefined {
  return isBaseline(model) ? undefined : { ...usualSize(model), ...size };
}

/** `undefined` if it equals the number of epochs, which never stops a training early. */
function patienceOf({ patience, epochs }: RunSettings["training"]): number | undefined {
  return patience === epochs ? undefined : patience;
}

/** The value that more than half of them have, or `undefined`. */
function majority(values: readonly (string | undefined)[]): string | undefined {
  return values.find((value) => 2 * values.filter((other) => other === value).length > values.length);
}

const SHORT: Record<string, string> = {
  "features.kind": "",
  "features.nMels": "mel bands",
  "optimizer.name": "",
  "schedule.name": "",
};

/** A setting in words; `undefined` for the usual value, and for a spectrogram's setting that the features lack. */
function described(key: string, value: string | undefined, usual: string | undefined): string | undefined {
  if (value === usual) return undefined;
  const name = settingName(key);
  // An encoder's features have no settings of a spectrogram.
  if (value === undefined) return key.startsWith("features.") ? undefined : `no ${name}`;
  if (value === "true") return name;
  return name ? `${name} ${value}` : value;
}

/** "labelSmoothing" as "label smoothing". */
function inWords(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** `{ a: { b: 1 } }` as `a.b` -> "1". */
function flattened(value: object, prefix = ""): Map<string, string> {
  const out = new Map<string, string>();
  for (const [key, member] of Object.entries(value)) {
    if (key === "seed" || member === undefined) continue;
    if (member !== null && typeof member === "object" && !Array.isArray(member)) {
      for (const [inner, text] of flattened(member, `${prefix}${key}.`)) out.set(inner, text);
    } else out.set(`${prefix}${key}`, Array.isArray(member) ? member.join("-") : String(member));
  }
  return out;
}

function sortedGroups<T>(items: readonly T[], key: (item: T) => string): [string, T[]][] {
  return [...groupBy(items, key)].sort(([a], [b]) => compareNames(a, b));
}
