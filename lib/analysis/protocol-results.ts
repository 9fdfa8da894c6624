import { canonicalJson } from "../base/hash.js";
import { byText } from "../base/text.js";
import { breakdown, type Group } from "../evaluation/breakdown.js";
import { type Comparison, compareModels, holm } from "../evaluation/comparison.js";
import { protocolNamed } from "../protocols/registry.js";
import type { TextAlone } from "../protocols/sentence-baseline.js";
import type { Protocol } from "../protocols/types.js";
import type { RunRecord, RunSettings, SplitRecord, StoredRun } from "../runs/record.js";
import { textUnder } from "../runs/text-alone.js";
import { type Entry, type Part, pooled } from "./entries.js";
import { type ListenerResults, listenersOf } from "./listeners.js";
import { type PartScores, scoresOf } from "./scores.js";

/** Resamples for the intervals of a breakdown: there are many groups, and they are inspected, not tested. */
const BREAKDOWN_RESAMPLES = 1999;

/** A breakdown with more groups is left out: TESS has 200 words. */
const MOST_GROUPS = 100;

export const BREAKDOWNS = ["speaker", "sex", "sentence", "intensity", "corpus"] as const;

/** What the clips of a part are grouped by in a breakdown. */
export type BreakdownName = (typeof BREAKDOWNS)[number];

/** One row of a protocol's tables: a model with its settings. */
export interface EntryResults {
  /** As in {@link Entry}. */
  label: string;
  settings: Omit<RunSettings, "fold">;
  /** Number of trained parameters. */
  parameters: number;
  folds: string[];
  seeds: number[];
  /** Which planned folds or seeds are missing; absent if none are. */
  missing?: string;
  synthetic: boolean;
  leaky: boolean;
  transductive: boolean;
  validation?: PartScores;
  test?: PartScores;
  /** On the scored part; without those of one group or of more than 100. */
  breakdowns: Partial<Record<BreakdownName, Group[]>>;
}

/** Two rows of a protocol, compared on the scored part. */
export interface Pair {
  /** Label of the first row. */
  first: string;
  /** Label of the second row. */
  second: string;
  part: Part;
  comparison: Comparison;
  /** p-value, Holm-corrected over all pairs of the protocol's table. */
  holmP: number;
}

/** All results under one protocol. */
export interface ProtocolResults {
  /** `name@version`. */
  protocol: string;
  /** Where the split is from: a paper, or this workbench. */
  source: string;
  description: string;
  corpora: string[];
  classes: string[];
  /** What test shares with neither train nor validation: speakers, sentences. */
  apart: readonly string[];
  /** What validation does not share with train. */
  validationApart: readonly string[];
  /** Corpora whose validation part is kept apart by something else. */
  validationApartIn?: Readonly<Record<string, readonly string[]>>;
  synthetic: boolean;
  leaky: boolean;
  /** UAR of the sentences alone on the test parts; absent if the sentences or the training clips are not known. */
  text?: TextAlone;
  /** Sizes of the parts in clips, one row per fold. */
  folds: Pick<SplitRecord, "fold" | "train" | "validation" | "test">[];
  entries: EntryResults[];
  /** All pairs of entries that were scored on the same clips. */
  pairs: Pair[];
  listeners?: ListenerResults;
}

/** Options of {@link resultsOf}. */
export interface ResultOptions {
  /** Bootstrap resamples of every interval; default 9999, and 1999 for breakdowns. */
  resamples?: number;
  /** Called after each protocol: intervals of many runs take a while. */
  onProtocol?: (protocol: string) => void;
}

/** All results under the protocol of these entries; `runs` may include those of other protocols. */
export function protocolResults(
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
    ...textOf(records, options),
    folds: [...folds.values()].sort((a, b) => Number(a.fold) - Number(b.fold) || byText(a.fold, b.fold)),
    entries: entries.map((entry) => entryResults(entry, score, options)),
    pairs: pairsOf(entries, score, options),
    listeners: listenersOf(entries, score, options),
  };
}

function textOf(records: readonly RunRecord[], { resamples }: ResultOptions): Pick<ProtocolResults, "text"> {
  const text = textUnder(records.find((record) => record.text) ?? records[0]!, { resamples });
  // In one order of keys, wherever it was read from.
  return text ? { text: JSON.parse(canonicalJson(text)) as TextAlone } : {};
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

/** The protocol of this name and version; `undefined` if this copy no longer has it. */
function known(protocol: string): Protocol | undefined {
  try {
    return protocolNamed(protocol);
  } catch {
    return undefined;
  }
}
