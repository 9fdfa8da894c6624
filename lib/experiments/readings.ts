import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson } from "../base/hash.js";
import { byText, plural } from "../base/text.js";
import { isDamaged, Ledger, type LedgerEntry } from "../protocols/ledger.js";

/** Readings of test parts that were counted before there was a ledger. */
export interface EarlierReadings {
  readings: number;
  /** They were of runs that the experiment shows. */
  shown: boolean;
  synthetic?: boolean;
  leaky?: boolean;
  /** Written down by a person from what was known, not counted by the program. */
  byHand?: boolean;
  /** Where the number comes from. */
  note: string;
}

/** All that is known of an experiment's readings of test parts. */
export interface Readings {
  /** Of the ledger, sorted by id. */
  entries: LedgerEntry[];
  before: EarlierReadings[];
}

/** What readings are counted of: an experiment. */
export interface Counted {
  readings: Readings;
  planned: readonly string[];
}

/** How often test parts were read. What is synthetic or leaky on purpose is counted apart. */
export interface ReadingCounts {
  /** By runs that the experiment shows, and by others. */
  total: number;
  shown: number;
  /** By runs of settings or clips that are no longer in the grid, and by networks of no run. */
  notShown: number;
  /** Of `total`, those counted before there was a ledger, and of these those written down by hand. */
  beforeLedger: number;
  byHand: number;
  synthetic: number;
  leaky: number;
}

const FOLDER = "readings";
/** What was written before there was a ledger: a line a reading, with the run's name and the time. */
const LOG = "test-readings.jsonl";

/** The ledger of a folder of runs. */
export function ledgerIn(folder: string, grid?: string): Ledger {
  return new Ledger(join(folder, FOLDER), grid);
}

/**
 * The readings that were written down in a folder of runs.
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

/** The readings that a text of JSON has; `undefined` where it is damaged. */
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
 * The readings of a store together with those that a summary made of it earlier, here or elsewhere, has kept. Each entry
 * counts once.
 */
export function mergeReadings(store: Readings, kept: Readings = { entries: [], before: [] }): Readings {
  const entries = new Map<string, LedgerEntry>();
  // An entry never changes: where one copy of it is damaged, the other one is right.
  for (const entry of [...kept.entries, ...store.entries]) {
    const known = entries.get(entry.id);
    if (!known || isDamaged(known)) entries.set(entry.id, entry);
  }
  const byHand = (all: Readings) => all.before.filter((one) => one.byHand);
  const logged = (all: Readings) => all.before.filter((one) => !one.byHand);
  const count = (all: readonly EarlierReadings[]) => all.reduce((sum, { readings }) => sum + readings, 0);
  // A log does not tell its lines apart: the longer one has the other's.
  const longer = count(logged(store)) > count(logged(kept)) ? store : kept;
  const notes = new Map([...byHand(kept), ...byHand(store)].map((one) => [canonicalJson(one), one]));
  return {
    entries: [...entries.values()].sort((a, b) => byText(a.id, b.id)),
    before: [...logged(longer), ...notes.values()],
  };
}

/**
 * How often test parts were read.
 *
 * @param experiment its readings, and the names of the runs that it shows
 * @example countReadings(await readStored("best", "results/summary")).total
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
 * @example readingsLine(experiment) // "test parts read: 12 times; besides 3 times of synthetic voices"
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
