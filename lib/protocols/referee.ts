import { UserError } from "../base/errors.js";
import { plural } from "../base/text.js";
import type { Clip } from "../corpora/clip.js";
import type { Plan, Split } from "./types.js";

/** One row of a file of predictions. */
export interface PredictedRow {
  /** Line number in the file, for messages. */
  line: number;
  /** The clip's id or file name, with or without folders and extension. */
  clip: string;
  /** Name of the fold; default: the fold that tests the clip. */
  fold?: string;
  /** One per class, in the plan's order. */
  probabilities: number[];
}

/** Predictions sorted into the test parts of a plan's folds. */
export interface Refereed {
  /** For each fold, by name, the probabilities of its test clips, by clip id. */
  answers: Map<string, Map<string, number[]>>;
  /** For each fold, by name, the ids of the test clips without a prediction, sorted. */
  missing: Map<string, string[]>;
  /** Number of rows for clips that the fold does not test, such as those of validation; they are not counted. */
  ignored: number;
}

/** How many clips a message names. */
const NAMED = 5;

/**
 * Sorts predictions made elsewhere into the test parts of a protocol's folds.
 *
 * @param plan of the protocol
 * @param rows the predictions; a row without a fold counts in the fold that tests its clip
 * @param where name of the file, for messages
 * @throws {UserError} naming clips that are unknown, that are predicted twice, or that the fold trains on
 * @example
 * const plan = protocolNamed("savee/loso").plan(await loadClips("data", { names: ["savee"] }));
 * const rows: PredictedRow[] = plan.folds[0].test.map((clip, i) => ({ line: i + 2, clip, probabilities: [1, 0, 0, 0, 0, 0, 0] }));
 * const { answers, missing } = referee(plan, rows, "predictions.csv");
 * [answers.get("1")?.size, missing.get("1")?.length, missing.get("2")?.length]; // => [120, 0, 120]
 */
export function referee(plan: Plan, rows: readonly PredictedRow[], where: string): Refereed {
  const clipOf = clipNames(plan.clips);
  const found = rows.map((row) => ({ ...row, clip: clipOf(row.clip) ?? "", given: row.clip }));
  refuse(
    where,
    found.filter(({ clip }) => clip === ""),
    ({ given }) => given,
    (count) => `${plural(count, "row")} with a clip that ${plan.protocol} does not have`,
    "use ids as in `ser protocols NAME --csv`, or file names",
  );
  const foldOf = testFolds(plan);
  const placed = found.map((row) => ({ ...row, in: row.fold ?? foldOf.get(row.clip)?.name ?? "" }));
  const known = new Map(plan.folds.map((fold) => [fold.name, fold]));
  refuse(
    where,
    placed.filter((row) => row.in !== "" && !known.has(row.in)),
    (row) => row.in,
    (count) => `${plural(count, "row")} with a fold that ${plan.protocol} does not have`,
    `the folds are ${[...known.keys()].join(", ")}`,
  );
  assertNotTrained(placed, known, where);
  const answers = new Map(plan.folds.map(({ name }) => [name, new Map<string, number[]>()]));
  const tested = new Map(plan.folds.map(({ name, test }) => [name, new Set(test)]));
  const twice: typeof placed = [];
  let ignored = 0;
  for (const row of placed) {
    const own = answers.get(row.in);
    if (!own || !tested.get(row.in)!.has(row.clip)) ignored++;
    else if (own.has(row.clip)) twice.push(row);
    else own.set(row.clip, row.probabilities);
  }
  refuse(
    where,
    twice,
    ({ clip }) => clip,
    (count) => `${plural(count, "clip")} with two predictions`,
    "give one",
  );
  const missing = new Map(
    plan.folds.map(({ name, test }) => [name, test.filter((id) => !answers.get(name)!.has(id)).sort()]),
  );
  return { answers, missing, ignored };
}

function assertNotTrained(
  rows: readonly { line: number; clip: string; in: string }[],
  folds: ReadonlyMap<string, Split>,
  where: string,
): void {
  const trained = new Map(
    [...folds].map(([name, { train, refit = [] }]) => [name, new Set([...train, ...refit])]),
  );
  refuse(
    where,
    rows.filter((row) => trained.get(row.in)?.has(row.clip)),
    (row) => `${row.clip} in fold ${row.in}`,
    (count) => `${plural(count, "row")} of clips that their fold trains on`,
    "predict only the test part of a fold: `ser protocols NAME --csv` lists the parts",
  );
}

function refuse<Row extends { line: number }>(
  where: string,
  rows: readonly Row[],
  name: (row: Row) => string,
  what: (count: number) => string,
  remedy: string,
): void {
  if (rows.length === 0) return;
  const named = rows.slice(0, NAMED).map((row) => `line ${row.line}: ${name(row)}`);
  const more = rows.length > NAMED ? ", ..." : "";
  throw new UserError(`${where}: ${what(rows.length)} (${named.join(", ")}${more}): ${remedy}`);
}

/** The fold that tests each clip, by clip id; the last one if several do. */
function testFolds(plan: Plan): Map<string, Split> {
  const folds = new Map<string, Split>();
  for (const fold of plan.folds) for (const id of fold.test) folds.set(id, fold);
  return folds;
}

/**
 * Finds a clip's id from a name: the id, the id without the corpus, or the file name. A name that two clips share is not
 * accepted.
 */
export function clipNames(clips: readonly Clip[]): (name: string) => string | undefined {
  const ids = new Map<string, string | undefined>();
  const add = (name: string, id: string) => {
    const there = ids.get(name);
    ids.set(name, there === undefined && !ids.has(name) ? id : there === id ? id : undefined);
  };
  const stem = (path: string) => path.replace(/^.*[\\/]/, "").replace(/\.[A-Za-z0-9]{2,5}$/, "");
  for (const { id, path, corpus } of clips) {
    add(id.slice(corpus.length + 1), id);
    if (path) add(stem(path), id);
  }
  for (const { id } of clips) ids.set(id, id);
  return (name) => ids.get(name) ?? ids.get(stem(name)) ?? ids.get(name.replace(/^.*[\\/]/, ""));
}
