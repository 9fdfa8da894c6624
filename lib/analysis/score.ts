import { parse } from "node:path";
import { UserError } from "../base/errors.js";
import { toStderr } from "../base/progress.js";
import { plural } from "../base/text.js";
import { type Clip, KNOWN_CORPORA } from "../corpora/clip.js";
import { publishedClips } from "../corpora/registry.js";
import { type Ledger, userLedger } from "../protocols/ledger.js";
import { type Refereed, referee } from "../protocols/referee.js";
import { protocolNamed } from "../protocols/registry.js";
import type { Plan, Protocol } from "../protocols/types.js";
import { externalRuns } from "../runs/answered.js";
import { readExternal } from "../runs/read-external.js";
import type { External, StoredRun } from "../runs/record.js";
import { type Entry, entriesOf } from "./entries.js";
import { Evaluation } from "./evaluation.js";

/** What {@link score} takes beside the file and the protocol. */
export interface ScoreOptions {
  /**
   * The clips; needed for a protocol of your own clips. Default: the published clips of the protocol's corpora, so that no sound is
   * needed.
   */
  clips?: readonly Clip[];
  /** Name of the system; default: the name of the file. */
  name?: string;
  /** Test clips without a prediction are counted as wrong (the default) or left out. */
  missing?: "wrong" | "leave-out";
  /** Where the reading is recorded; default: {@link userLedger}. */
  ledger?: Ledger;
  /** Of every interval; default 9999. */
  resamples?: number;
  /** Called with what is worth knowing, one line each, such as missing predictions; default: standard error. */
  log?: (line: string) => void;
}

/** What was found in the file of predictions. */
export interface ScoreFacts {
  path: string;
  plan: Plan;
  external: External;
  refereed: Refereed;
  /** What was done to the file, a line each. */
  notes: readonly string[];
}

/** An evaluation of the predictions of another system, with the clips that it did not predict. */
export class ScoredPredictions extends Evaluation {
  readonly facts: ScoreFacts;

  /** Made by {@link score}. */
  constructor(entry: Entry, facts: ScoreFacts, resamples?: number) {
    super(entry, "test", { resamples });
    this.facts = facts;
  }
}

/**
 * Scores the predictions of another system, in whatever language it is written, on the test parts of a protocol. The reading is
 * recorded in the ledger before anything is counted.
 *
 * @param path a CSV with a column that names the clip (`id` or `file`), optionally the fold, and either a probability for each
 *   class or a label (`predicted`)
 * @param protocol whose test parts were predicted
 * @throws {UserError} naming the file, the line and the problem: an unknown clip, a clip with two predictions, or one that its
 *   fold trains on
 * @example
 * import { writeFile } from "node:fs/promises";
 * const plan = protocolNamed("savee/loso").plan(await loadClips("data"));
 * const rows = plan.clips.map(({ id }) => `${id},neutral`);
 * await writeFile("mine.csv", ["id,predicted", ...rows].join("\n"));
 * const mine = await score("mine.csv", "savee/loso");
 * mine.accuracy.value; // => 0.25
 */
export async function score(
  path: string,
  protocol: string | Protocol,
  options: ScoreOptions = {},
): Promise<ScoredPredictions> {
  const { name = parse(path).name, missing = "wrong", ledger = userLedger(), resamples } = options;
  const known = typeof protocol === "string" ? protocolNamed(protocol) : protocol;
  const plan = known.plan(options.clips ?? publishedOf(known));
  const { rows, sha256, labels, notes } = await readExternal(path, plan.classes);
  const refereed = referee(plan, rows, path);
  const external: External = { name, sha256, ...(labels && { labels }) };
  const scored = missing === "leave-out" ? withoutMissing(plan, refereed) : plan;
  const without = [...refereed.missing.values()].flat().length;
  const log = options.log ?? toStderr;
  for (const note of notes) log(`${path}: ${note}`);
  if (without > 0)
    log(
      `${path}: ${plural(without, "test clip")} without a prediction: ${missing === "wrong" ? "counted wrong" : "left out"}`,
    );
  const runs: StoredRun[] = await externalRuns(scored, refereed, external, ledger);
  return new ScoredPredictions(entriesOf(runs)[0]!, { path, plan, external, refereed, notes }, resamples);
}

/** @throws {UserError} for a protocol of clips that nobody has published */
function publishedOf({ name, corpora }: Protocol): Clip[] {
  const known = KNOWN_CORPORA.filter((corpus) => corpora.includes(corpus));
  if (known.length === 0 || known.length < corpora.length)
    throw new UserError(`${name} is a protocol of whatever clips there are: give them as \`clips\``);
  return publishedClips(known).map((clip) => ({ ...clip, path: "", synthetic: false }));
}

function withoutMissing(plan: Plan, { missing }: Refereed): Plan {
  const folds = plan.folds.flatMap((fold) => {
    const without = new Set(missing.get(fold.name));
    const test = fold.test.filter((id) => !without.has(id));
    return test.length > 0 ? [{ ...fold, test }] : [];
  });
  if (folds.length > 0) return { ...plan, folds };
  throw new UserError("there is no answer to any test clip: nothing is left to score");
}
