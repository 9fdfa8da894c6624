import { parse } from "node:path";
import { UserError } from "../base/errors.js";
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
   * Which clips there are; needed where the protocol is of clips of one's own. Default: those that the corpora of the
   * protocol have as they are published, so that no sound is needed.
   */
  clips?: readonly Clip[];
  /** What the system is called; default: the name of the file. */
  name?: string;
  /** What becomes of test clips without an answer: counted wrong (the default), or left out. */
  missing?: "wrong" | "leave-out";
  /** Where the reading is written down; default: the user's. */
  ledger?: Ledger;
  /** Of every interval; default 9999. */
  resamples?: number;
}

/** What is to be known of scored predictions beside their figures. */
export interface ScoreFacts {
  path: string;
  plan: Plan;
  external: External;
  refereed: Refereed;
  /** What was done to the file, a line each. */
  notes: readonly string[];
}

/** An evaluation of somebody's predictions, with what was missing. */
export class ScoredPredictions extends Evaluation {
  readonly facts: ScoreFacts;

  /** Made by {@link score}. */
  constructor(entry: Entry, facts: ScoreFacts, resamples?: number) {
    super(entry, "test", { resamples });
    this.facts = facts;
  }
}

/**
 * Scores the predictions of somebody else's system, in whatever language it is written, on the test parts of a protocol. The
 * reading is written down before anything is counted.
 *
 * @param path a CSV with a column that names the clip (`id` or `file`), where wanted one of the fold, and either a
 *   probability for each class or a label (`predicted`)
 * @param protocol whose test parts were predicted
 * @throws {UserError} naming the file, the line and what is wrong: a clip that no one knows, that has two answers, or that
 *   its fold trains on
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
