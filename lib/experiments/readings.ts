import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson } from "../base/hash.js";
import { byText, plural } from "../base/text.js";
import { isDamaged, Ledger, type LedgerEntry } from "../protocols/ledger.js";

/** Readings of test parts from before the ledger. */
export interface EarlierReadings {
  /** Their number. */
  readings: number;
  /** By runs that the experiment shows. */
  shown: boolean;
  synthetic?: boolean;
  leaky?: boolean;
  /** Entered by a person, not counted by the program. */
  byHand?: boolean;
  /** Where the number comes from. */
  note: string;
}

/** The recorded readings of an experiment's test parts. */
export interface Readings {
  /** Entries of the ledger, sorted by id. */
  entries: LedgerEntry[];
  /** Readings from before the ledger. */
  before: EarlierReadings[];
}

/** An experiment whose readings are counted. */
export interface Counted {
  readings: Readings;
  /** Names of the runs that the experiment shows. */
  planned: readonly string[];
}

/** How often test parts were read. Readings of synthetic clips and under leaky protocols are counted separately. */
export interface ReadingCounts {
  /** `shown` and `notShown`. */
  total: number;
  /** By runs that the experiment shows. */
  shown: number;
  /** By runs whose settings or clips are no longer in the grid, and by models without a run. */
  notShown: number;
  /** Those of `total` from before the ledger. */
  beforeLedger: number;
  /** Those of `beforeLedger` that a person entered. */
  byHand: number;
  /** Of synthetic clips; not in `total`. */
  synthetic: number;
  /** Under leaky protocols, of real clips; not in `total`. */
  leaky: number;
}

const FOLDER = "readings";
/** The log from before the ledger: one line per reading, with the run's name and the time. */
const LOG = "test-readings.jsonl";

/** The ledger of a store. */
export function ledgerIn(folder: string, grid?: string): Ledger {
  return new Ledger(join(folder, FOLDER), grid);
}

/**
 * The readings that are recorded in a store.
 *
 * @param planned the names of the runs that are shown
 */
export async function readingsIn(folder: string, planned: readonly string[]): Promise<Readings> {
  const log = await readFile(join(folder, LOG), "utf8").catch(() => "");
  const known = new Set(planned);
  const logged = log.split("\n").filter((line) => line.trim() !== "");
  const shown = logged.filter((line) => known.has(runOf(line))).length;
  const note = `logged in ${LOG}`;
  const before = [
    { readings: shown, shown: true, note },
    { readings: logged.length - shown, shown: false, note },
  ];
  return {
    entries: await ledgerIn(folder).entries(),
    before: before.filter(({ readings }) => readings > 0),
  };
}

function runOf(line: string): string {
  try {
    return (JSON.parse(line) as { run: string }).run;
  } catch {
    return "";
  }
}

/** Parses readings from JSON; `undefined` if it is damaged. */
export function readingsIfWhole(text: string): Readings | undefined {
  try {
    const { entries, before } = JSON.parse(text) as Readings;
    const whole =
      entries.every(({ id, protocol }) => typeof id === "string" && typeof protocol === "string") &&
      before.every(({ readings, note }) => Number.isFinite(readings) && typeof note === "string");
    return whole ? { entries, before } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Merges the readings of a store with those kept in an earlier summary of it, from this machine or another. Each entry counts
 * once.
 */
export function mergeReadings(store: Readings, kept: Readings = { entries: [], before: [] }): Readings {
  const entries = new Map<string, LedgerEntry>();
  // An entry never changes: if one copy is damaged, the other is right.
  for (const entry of [...kept.entries, ...store.entries]) {
    const known = entries.get(entry.id);
    if (!known || isDamaged(known)) entries.set(entry.id, entry);
  }
  const byHand = (all: Readings) => all.before.filter((one) => one.byHand);
  const logged = (all: Readings) => all.before.filter((one) => !one.byHand);
  const count = (all: readonly EarlierReadings[]) => all.reduce((sum, { readings }) => sum + readings, 0);
  // Lines of a log have no ids: the longer log contains the shorter one.
  const longer = count(logged(store)) > count(logged(kept)) ? store : kept;
  const notes = new Map([...byHand(kept), ...byHand(store)].map((one) => [canonicalJson(one), one]));
  return {
    entries: [...entries.values()].sort((a, b) => byText(a.id, b.id)),
    before: [...logged(longer), ...notes.values()],
  };
}

/**
 * Counts how often test parts were read.
 *
 * @param experiment its readings, and the names of the runs that it shows
 * @example
 * const experiment = await train({ protocols: ["savee/loso"], models: ["linear"], features: ["mfcc"] });
 * countReadings(experiment).total; // => 0
 */
export function countReadings({ readings: { entries, before }, planned }: Counted): ReadingCounts {
  const known = new Set(planned);
  const all = [
    ...before.map((one) => ({ ...one, earlier: true })),
    ...entries.map(({ run, synthetic, leaky }) => ({
      ...{ readings: 1, shown: run !== undefined && known.has(run), synthetic, leaky },
      ...{ byHand: false, earlier: false },
    })),
  ];
  const sum = (counts: (one: (typeof all)[number]) => boolean | undefined) =>
    all.filter(counts).reduce((total, { readings }) => total + readings, 0);
  const real = (one: (typeof all)[number]) => !one.synthetic && !one.leaky;
  return {
    total: sum(real),
    shown: sum((one) => real(one) && one.shown),
    notShown: sum((one) => real(one) && !one.shown),
    beforeLedger: sum((one) => real(one) && one.earlier),
    byHand: sum((one) => real(one) && one.byHand),
    synthetic: sum((one) => one.synthetic),
    leaky: sum((one) => !one.synthetic && one.leaky),
  };
}

/**
 * The counts in a line.
 *
 * @example
 * const real = { readings: 12, shown: true, note: "logged" };
 * const synthetic = { readings: 3, shown: true, synthetic: true, note: "logged" };
 * const experiment = { readings: { entries: [], before: [real, synthetic] }, planned: [] };
 * readingsLine(experiment); // => "test parts read: 12 times; besides 3 times of synthetic voices"
 */
export function readingsLine(experiment: Counted): string {
  const { total, synthetic, leaky } = countReadings(experiment);
  const apart = [
    ...(synthetic > 0 ? [`${plural(synthetic, "time")} of synthetic voices`] : []),
    ...(leaky > 0 ? [`${plural(leaky, "time")} under leaky protocols`] : []),
  ];
  return [
    `test parts read: ${plural(total, "time")}`,
    ...(apart.length > 0 ? [`besides ${apart.join(", ")}`] : []),
  ].join("; ");
}
