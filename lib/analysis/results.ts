import { groupBy } from "../base/group.js";
import { byText, plural } from "../base/text.js";
import type { EncoderFacts } from "../encoders/facts.js";
import type { RecordedExperiment } from "../experiments/known.js";
import { countReadings, type ReadingCounts } from "../experiments/readings.js";
import type { RunRecord, StoredRun } from "../runs/record.js";
import { entriesOf, type Part } from "./entries.js";
import { type Leakage, leakages } from "./leakage.js";
import { type CrossCorpus, crossCorpusOf } from "./matrix.js";
import { type ProtocolResults, protocolResults, type ResultOptions } from "./protocol-results.js";
import { type Shortcut, shortcuts } from "./shortcut.js";

/** All figures of an experiment as numbers: what `ser report --json` prints. */
export interface Results {
  schema: 1;
  experiment: string;
  description: string;
  /** The scored part. */
  score: Part;
  synthetic: boolean;
  /** Number of finished runs. */
  runs: number;
  seeds: number[];
  /** How often test parts were read. */
  readings: ReadingCounts;
  /** Leaky ones last. */
  protocols: ProtocolResults[];
  /** One matrix per model. */
  crossCorpus: CrossCorpus[];
  leakage: Leakage[];
  /** Each model on unseen speakers with unseen sentences, compared with unseen speakers alone. */
  shortcuts: Shortcut[];
  audits: { runs: number; passed: number; leaky: number; failed: AuditFailure[]; notes: AuditNote[] };
  failures: RecordedExperiment["failures"];
  /** Clips that could not be read and were left out. */
  broken: { id: string; error: string }[];
  engines: { engine: string; runs: number }[];
  /** The pretrained encoders that runs use, sorted by name; absent if none does. */
  encoders?: EncoderFacts[];
  /** Machines of the runs; empty if their record was not kept. */
  environments: { environment: string; runs: number }[];
}

/** A failed audit check, with the runs in which it failed in the same way. */
export interface AuditFailure {
  protocol: string;
  check: string;
  detail: string;
  /** Names of the runs. */
  runs: string[];
  /** Offending clips of the first of them. */
  clips: string[];
}

/** A finding of the audit that is no failure, such as identical clips within one part. */
export interface AuditNote {
  protocol: string;
  check: string;
  detail: string;
  clips: string[];
}

/**
 * All figures of an experiment, computed from its recorded runs: per protocol the scores with 95 % intervals over speakers,
 * breakdowns and pairwise comparisons, then cross-corpus matrices, leakage, shortcuts and audits. The order of the runs does
 * not matter.
 *
 * @throws {RangeError} if runs of one protocol do not fit together, for instance because their clips differ
 * @example
 * const experiment = await train({ protocols: ["savee/loso"], models: ["linear"], features: ["mfcc"] });
 * const [loso] = resultsOf(experiment, { resamples: 99 }).protocols;
 * loso!.entries.map(({ label, validation }) => [label, validation!.n]); // => [["linear", 480]]
 */
export function resultsOf(experiment: RecordedExperiment, options: ResultOptions = {}): Results {
  const { runs, grid, name, failures } = experiment;
  const entries = entriesOf(runs);
  const score = grid.score;
  const byProtocol = [...groupBy(entries, ({ protocol }) => protocol).values()];
  // Leaky protocols last: their figures are no results.
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
    shortcuts: shortcuts(entries, score, options),
    audits: auditsOf(runs),
    failures: [...failures].sort((a, b) => byText(a.name, b.name)),
    broken: [
      ...new Map(records.flatMap(({ broken }) => broken).map((clip) => [clip.id, clip])).values(),
    ].sort((a, b) => byText(a.id, b.id)),
    engines: counted(records.map(({ engine }) => engine)).map(([engine, runs]) => ({ engine, runs })),
    ...encodersOf(records),
    environments: counted(
      records.flatMap(({ environment: of }) => (of.node === "" ? [] : [environmentText(of)])),
    ).map(([environment, runs]) => ({ environment, runs })),
  };
}

function encodersOf(records: readonly RunRecord[]): Pick<Results, "encoders"> {
  const all = records.flatMap(({ encoder }) => encoder ?? []);
  // In a fixed order of keys: a summary has another order than a run.
  const encoders = all.map(({ name, digest, parameters, licence, source }) => {
    return { name, digest, parameters, licence, source };
  });
  const each = [...new Map(encoders.map((one) => [one.digest, one])).values()];
  return each.length > 0 ? { encoders: each.sort((a, b) => byText(a.name, b.name)) } : {};
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
  const ordered = [...runs].sort((a, b) => byText(a.record.name, b.record.name));
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
  return [...found].sort(([a], [b]) => byText(a, b)).map(([, failure]) => failure);
}

/** Each note once, although every fold and seed repeats it. */
function notesOf(runs: readonly StoredRun[]): AuditNote[] {
  const notes = new Map<string, AuditNote>();
  for (const { record } of runs) {
    for (const { name, passed, detail, clips = [] } of record.audit.checks) {
      if (!passed || clips.length === 0) continue;
      const note = { protocol: record.settings.protocol, check: name, detail, clips };
      notes.set(JSON.stringify(note), note);
    }
  }
  return [...notes].sort(([a], [b]) => byText(a, b)).map(([, note]) => note);
}

function environmentText({ node, platform, cpu, cores }: StoredRun["record"]["environment"]): string {
  return `Node ${node.replace(/^v/, "")}, ${platform}, ${cpu}, ${plural(cores, "core")}`;
}

function counted(values: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => byText(a, b));
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
