import { join, parse as parsePath } from "node:path";
import { type Command, Option } from "commander";
import { assertWritable } from "../base/atomic.js";
import { UsageError, UserError } from "../base/errors.js";
import { sha256 } from "../base/hash.js";
import { type Clip, KNOWN_CORPORA } from "../corpora/clip.js";
import type { Protocol } from "../protocols/types.js";
import type { StoredRun } from "../runs/record.js";
import { addClipOptions, type ClipFlags, clipsFor } from "./clips.js";
import { experimentName, printJson } from "./common.js";
import { judgedExperiment, writeJudged } from "./judged.js";

interface ScoreFlags extends ClipFlags {
  protocol: string;
  name?: string;
  against?: string[];
  missing: "wrong" | "leave-out";
  out: string;
  json?: boolean;
  quiet?: boolean;
}

/** `ser score PREDICTIONS.csv --protocol NAME`: scores the predictions of systems in any language. */
export function addScore(program: Command): void {
  const command = program
    .command("score")
    .description("Score the predictions of another system under a protocol.")
    .argument(
      "<predictions>",
      "CSV with the columns id or file, fold (optional), and one for each class or `predicted`",
    )
    .requiredOption(
      "--protocol <name>",
      "protocol whose test parts were predicted; `ser protocols` lists them",
    )
    .option("--name <text>", "name of the system (default: the name of the file)")
    .option(
      "--against <experiments...>",
      "compare with the recorded runs of these experiments under the same protocol",
    )
    .addOption(
      new Option("--missing <how>", "test clips without a prediction: count them as wrong, or leave them out")
        .choices(["wrong", "leave-out"])
        .default("wrong"),
    );
  addClipOptions(command, { corpus: false })
    .option("--out <dir>", "folder to write the report pages to", join("results", "scores"))
    .option("--quiet", "print only the path of the report page")
    .option("--json", "print every metric with its interval and n as JSON; write no page")
    .addHelpText(
      "after",
      `
Scoring a test part is a reading of that part: it is recorded in OUT/NAME/readings before anything
is computed, and the page says how often it was done. For the known corpora the list of published
clips is built in, so no sound files are needed. Without a column "fold", a row counts in the fold
that tests its clip. A prediction for a clip that its fold trains on is refused.

  ser protocols savee/loso --csv > folds.csv    the folds: id, path, speaker, emotion, fold, part
  (your system, in any language)                train on train, choose on validation, predict test
  ser score mine.csv --protocol savee/loso      score the predictions

Examples:
  ser score mine.csv --protocol savee/loso --name "eGeMAPS, SVM"
  ser score mine.csv --protocol cremad/audeering --against best four-corpora
  ser score mine.csv --protocol 'grouped/own?folds=4' --manifest clips.csv`,
    )
    .action(scoreFile);
}

async function scoreFile(path: string, flags: ScoreFlags): Promise<void> {
  const [{ protocolNamed }, { score }, { readingsIn, ledgerIn }, { slug }] = await Promise.all([
    import("../protocols/registry.js"),
    import("../analysis/score.js"),
    import("../experiments/readings.js"),
    import("../base/text.js"),
  ]);
  const protocol = protocolNamed(flags.protocol);
  const name = nameOf(path, flags);
  const place = join(flags.out, folderOf(slug(name), name));
  await assertWritable(place);
  const clips = await clipsOf(protocol, flags);
  const others = await recorded(`${protocol.name}@${protocol.version}`, flags.against ?? []);
  const { missing } = flags;
  const { runs, facts } = await score(path, protocol, {
    ...{ clips, name, missing, ledger: ledgerIn(place) },
    log: () => {}, // the opening says it
  });
  const planned = runs.map(({ record }) => record.name);
  const readings = await readingsIn(place, planned);
  const all = { planned, runs: [...runs, ...others], readings };
  const experiment = judgedExperiment(name, "score", all);
  if (flags.json) {
    const { resultsOf } = await import("../analysis/results.js");
    const { judgedJson } = await import("../report/judged.js");
    const without = Object.fromEntries(facts.refereed.missing);
    return printJson({ ...judgedJson(resultsOf(experiment)), missing: without, notes: facts.notes });
  }
  const { scoreOpening } = await import("../report/judged.js");
  const opening = scoreOpening(experiment, facts, missing === "leave-out");
  const about = { title: `Predictions of ${name}`, opening, featured: name };
  await writeJudged(place, experiment, about, flags);
}

function nameOf(path: string, { name = parsePath(path).name }: ScoreFlags): string {
  if (name.trim() !== "") return name.trim();
  throw new UsageError("--name is empty: give the name of the system");
}

/** The folder for a name; names that differ in more than case and blanks get different folders. */
function folderOf(own: string, name: string): string {
  const kept = own.slice(0, 80);
  const whole = /^[a-z0-9 _.-]{1,80}$/i.test(name) && own !== "unnamed";
  return whole ? kept : `${kept}-${sha256(name).slice(0, 8)}`;
}

/**
 * The clips to score: your own, or the published ones with mapped labels.
 *
 * @returns `undefined` for the published clips as they are, which the protocol knows
 */
async function clipsOf({ corpora }: Protocol, flags: ScoreFlags): Promise<readonly Clip[] | undefined> {
  const known = KNOWN_CORPORA.filter((name) => corpora.includes(name));
  if (flags.manifest !== undefined || known.length === 0 || known.length < corpora.length)
    return clipsFor(flags, { needed: corpora });
  if (!flags.map) return undefined;
  const [{ publishedClips }, { labelsFrom }] = await Promise.all([
    import("../corpora/registry.js"),
    import("../corpora/labels.js"),
  ]);
  const labels = labelsFrom(flags.map);
  const clips = publishedClips(known).map((clip) => ({ ...clip, path: "", synthetic: false }));
  const mapped = labels.apply(clips);
  for (const line of labels.checkUsed()) process.stderr.write(`ser: ${line}\n`);
  return mapped;
}

/** The recorded runs of the experiments that were tested under the protocol. */
async function recorded(protocol: string, experiments: readonly string[]): Promise<StoredRun[]> {
  const [{ readStored }, { existsSync }] = await Promise.all([
    import("../experiments/store.js"),
    import("node:fs"),
  ]);
  const found: StoredRun[] = [];
  for (const name of experiments) {
    const summary = join("results", "summary");
    const root = existsSync(join(summary, experimentName(name))) ? summary : join("results", "runs");
    const { runs } = await readStored(name, root);
    const own = runs.filter(({ record }) => record.settings.protocol === protocol && record.test);
    if (own.length === 0) throw new UserError(`the experiment ${name} has no run tested under ${protocol}`);
    found.push(...own);
  }
  return found;
}
