import { groupBy } from "../base/group.js";
import { canonicalJson } from "../base/hash.js";
import { breakdown, type Group } from "../evaluation/breakdown.js";
import { type Comparison, compareModels, holm } from "../evaluation/comparison.js";
import { countReadings, type ReadingCounts } from "../experiments/readings.js";
import type { Experiment } from "../experiments/store.js";
import { protocolNamed } from "../protocols/registry.js";
import type { Protocol } from "../protocols/types.js";
import type { RunSettings, SplitRecord, StoredRun } from "../runs/record.js";
import { type Entry, entriesOf, type Part, pooled } from "./entries.js";
import { type Leakage, leakages } from "./leakage.js";
import { type ListenerResults, listenersOf } from "./listeners.js";
import { type CrossCorpus, crossCorpusOf } from "./matrix.js";
import { type PartScores, scoresOf } from "./scores.js";

/** Resamples of a breakdown's intervals: there are many groups, and they are looked at, not tested. */
const BREAKDOWN_RESAMPLES = 1999;

/** Groups of a breakdown beyond which it is left out: TESS has 200 words. */
const MOST_GROUPS = 100;

export const BREAKDOWNS = ["speaker", "sex", "sentence", "intensity", "corpus"] as const;
export type BreakdownName = (typeof BREAKDOWNS)[number];

/** One row of a protocol's tables: a network with its settings. */
export interface EntryResults {
  label: string;
  settings: Omit<RunSettings, "fold">;
  parameters: number;
  folds: string[];
  seeds: number[];
  /** Why the figures rest on less than was planned. */
  missing?: string;
  synthetic: boolean;
  leaky: boolean;
  transductive: boolean;
  validation?: PartScores;
  test?: PartScores;
  /** Of the part that was scored. */
  breakdowns: Partial<Record<BreakdownName, Group[]>>;
}

/** Two rows of a protocol compared on the part that was scored. */
export interface Pair {
  first: string;
  second: string;
  part: Part;
  comparison: Comparison;
  /** Corrected by Holm over all pairs of the protocol's table. */
  holmP: number;
}

/** Everything about one protocol. */
export interface ProtocolResults {
  /** `name@version`. */
  protocol: string;
  source: string;
  description: string;
  corpora: string[];
  classes: string[];
  apart: readonly string[];
  validationApart: readonly string[];
  /** The corpora in which validation is kept apart by something else. */
  validationApartIn?: Readonly<Record<string, readonly string[]>>;
  synthetic: boolean;
  leaky: boolean;
  /** Sizes of the parts in clips, a row a fold. */
  folds: Pick<SplitRecord, "fold" | "train" | "validation" | "test">[];
  entries: EntryResults[];
  pairs: Pair[];
  listeners?: ListenerResults;
}

/** Everything a report says, as numbers: what `ser report --json` prints. */
export interface Results {
  schema: 1;
  experiment: string;
  description: string;
  score: Part;
  synthetic: boolean;
  runs: number;
  seeds: number[];
  /** Of test parts. */
  readings: ReadingCounts;
  protocols: ProtocolResults[];
  crossCorpus: CrossCorpus[];
  leakage: Leakage[];
  audits: { runs: number; passed: number; leaky: number; failed: AuditFailure[]; notes: AuditNote[] };
  failures: Experiment["failures"];
  /** Clips that could not be read and were left out. */
  broken: { id: string; error: string }[];
  engines: { engine: string; runs: number }[];
  /** None where the record of the machines was not kept. */
  environments: { environment: string; runs: number }[];
}

/** A check that did not pass, alike in one or several runs. */
export interface AuditFailure {
  protocol: string;
  check: string;
  detail: string;
  /** Names of the runs. */
  runs: string[];
  /** Of the first of them. */
  clips: string[];
}

/** What the audit found and did not object to, such as identical clips on one side. */
export interface AuditNote {
  protocol: string;
  check: string;
  detail: string;
  clips: string[];
}

/**
 * All figures of an experiment, from its recorded runs alone; the same runs in any order give the same figures.
 *
 * @throws {RangeError} when runs of one protocol do not fit together, as when they were made of other clips
 * @example resultsOf(await readExperiment("four-corpora", "results/summary")).protocols[0]
 */
export function resultsOf(experiment: Experiment, options: ResultOptions = {}): Results {
  const { runs, grid, name, failures } = experiment;
  const entries = entriesOf(runs);
  const score = grid.score;
  const byProtocol = [...groupBy(entries, ({ protocol }) => protocol).values()];
  // What is no result comes last.
  byProtocol.sort(([a], [b]) => Number(a!.leaky) - Number(b!.leaky));
  const protocols = byProtocol.map((own) => {
    const results = protocolResults(own, runs, score, options);
    options.onProtocol?.(results.protocol);
    return results;
  });
  const records = runs.map(({ record }) => record);
  return {
    schema: 1,
    experiment: name,
    description: grid.description ?? "",
    score,
    synthetic: records.some(({ synthetic }) => synthetic),
    runs: runs.length,
    seeds: distinct(records.map(({ settings }) => settings.training.seed)).sort((a, b) => a - b),
    readings: countReadings(experiment),
    protocols,
    crossCorpus: crossCorpusOf(protocols),
    leakage: leakages(entries, score, options),
    audits: auditsOf(runs),
    failures: [...failures].sort((a, b) => (a.name < b.name ? -1 : 1)),
    broken: [
      ...new Map(records.flatMap(({ broken }) => broken).map((clip) => [clip.id, clip])).values(),
    ].sort((a, b) => (a.id < b.id ? -1 : 1)),
    engines: counted(records.map(({ engine }) => engine)).map(([engine, runs]) => ({ engine, runs })),
    environments: counted(
      records.flatMap(({ environment: of }) => (of.node === "" ? [] : [environmentText(of)])),
    ).map(([environment, runs]) => ({ environment, runs })),
  };
}

export interface ResultOptions {
  /** Of every interval; default 9999, and 1999 for breakdowns. */
  resamples?: number;
  /** Called after each protocol: intervals of many runs take a while. */
  onProtocol?: (protocol: string) => void;
}

function protocolResults(
  entries: readonly Entry[],
  runs: readonly StoredRun[],
  score: Part,
  options: ResultOptions,
): ProtocolResults {
  const { protocol } = entries[0]!;
  const records = runs.map(({ record }) => record).filter(({ settings }) => settings.protocol === protocol);
  const { split, corpora, classes, leaky } = records[0]!;
  const folds = new Map(
    records.map(({ split: { fold, train, validation, test } }) => [fold, { fold, train, validation, test }]),
  );
  return {
    protocol,
    source: known(protocol)?.source ?? "not known to this version of the workbench",
    description: known(protocol)?.description ?? split.description,
    corpora: [...corpora].sort(),
    classes,
    apart: split.apart,
    validationApart: split.validationApart,
    validationApartIn: known(protocol)?.validationApartIn,
    synthetic: records.some(({ synthetic }) => synthetic),
    leaky,
    folds: [...folds.values()].sort((a, b) => Number(a.fold) - Number(b.fold) || (a.fold < b.fold ? -1 : 1)),
    entries: entries.map((entry) => entryResults(entry, score, options)),
    pairs: pairsOf(entries, score, options),
    listeners: listenersOf(entries, score, options),
  };
}

function entryResults(entry: Entry, score: Part, options: ResultOptions): EntryResults {
  const { label, settings, parameters, folds, seeds, missing, synthetic, leaky, transductive } = entry;
  const { fold: _, ...rest } = settings;
  return {
    label,
    // In one order of keys, wherever they were read from.
    settings: JSON.parse(canonicalJson(rest)) as EntryResults["settings"],
    parameters,
    folds,
    seeds: seeds.map(({ seed }) => seed),
    missing,
    ...{ synthetic, leaky, transductive },
    validation: scoresOf(entry, "validation", options),
    test: scoresOf(entry, "test", options),
    breakdowns: breakdownsOf(entry, score, options),
  };
}

function breakdownsOf(
  entry: Entry,
  score: Part,
  { resamples = BREAKDOWN_RESAMPLES }: ResultOptions,
): EntryResults["breakdowns"] {
  const seeds = pooled(entry, score);
  const out: EntryResults["breakdowns"] = {};
  if (seeds.length === 0) return out;
  for (const name of BREAKDOWNS) {
    const groups = seeds.map(({ clips }) => clips.map((clip) => clip[name]));
    const distinctGroups = new Set(groups[0]).size;
    if (distinctGroups < 2 || distinctGroups > MOST_GROUPS) continue;
    out[name] = breakdown(seeds, groups, { resamples });
  }
  return out;
}

/** All pairs of entries that were scored on the same clips. */
function pairsOf(entries: readonly Entry[], score: Part, options: ResultOptions): Pair[] {
  const pairs: Omit<Pair, "holmP">[] = [];
  entries.forEach((first, i) => {
    for (const second of entries.slice(i + 1)) {
      const [a, b] = [pooled(first, score), pooled(second, score)];
      if (a.length === 0 || b.length === 0 || !sameClips(a[0]!.clips, b[0]!.clips)) continue;
      const comparison = compareModels(a, b, options);
      pairs.push({ first: first.label, second: second.label, part: score, comparison });
    }
  });
  const corrected = holm(pairs.map(({ comparison }) => comparison.p));
  return pairs.map((pair, i) => ({ ...pair, holmP: corrected[i]! }));
}

function sameClips(
  a: readonly { id: string; truth: number }[],
  b: readonly { id: string; truth: number }[],
): boolean {
  return a.length === b.length && a.every(({ id, truth }, i) => id === b[i]!.id && truth === b[i]!.truth);
}

function auditsOf(runs: readonly StoredRun[]): Results["audits"] {
  return {
    runs: runs.length,
    passed: runs.filter(({ record }) => record.audit.passed).length,
    leaky: runs.filter(({ record }) => record.leaky).length,
    failed: failedChecks(runs),
    notes: notesOf(runs),
  };
}

function failedChecks(runs: readonly StoredRun[]): AuditFailure[] {
  const found = new Map<string, AuditFailure>();
  const ordered = [...runs].sort((a, b) => (a.record.name < b.record.name ? -1 : 1));
  for (const { record } of ordered) {
    const { protocol } = record.settings;
    for (const { name: check, passed, detail, clips = [] } of record.audit.checks) {
      if (passed) continue;
      const key = JSON.stringify([protocol, check, detail]);
      const known = found.get(key) ?? { protocol, check, detail, runs: [], clips };
      known.runs.push(record.name);
      found.set(key, known);
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, failure]) => failure);
}

/** Each note once, though every fold and seed repeats it. */
function notesOf(runs: readonly StoredRun[]): AuditNote[] {
  const notes = new Map<string, AuditNote>();
  for (const { record } of runs) {
    for (const { name, passed, detail, clips = [] } of record.audit.checks) {
      if (!passed || clips.length === 0) continue;
      const note = { protocol: record.settings.protocol, check: name, detail, clips };
      notes.set(JSON.stringify(note), note);
    }
  }
  return [...notes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, note]) => note);
}

/** What a protocol says of itself; `undefined` where this copy no longer has its version. */
function known(protocol: string): Protocol | undefined {
  try {
    return protocolNamed(protocol);
  } catch {
    return undefined;
  }
}

function environmentText({ node, platform, cpu, cores }: StoredRun["record"]["environment"]): string {
  return `Node ${node.replace(/^v/, "")}, ${platform}, ${cpu}, ${cores} ${cores === 1 ? "core" : "cores"}`;
}

function counted(values: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
