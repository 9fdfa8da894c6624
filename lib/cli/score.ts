import { join, parse as parsePath } from "node:path";
import { type Command, Option } from "commander";
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

/** `ser score PREDICTIONS.csv --protocol NAME`: a referee for systems in any language. */
export function addScore(program: Command): void {
  const command = program
    .command("score")
    .description("Score the predictions of somebody else's system under a protocol.")
    .argument(
      "<predictions>",
      "CSV: id or file, fold where wanted, and a column for each class, or `predicted`",
    )
    .requiredOption("--protocol <name>", "whose test parts were predicted; `ser protocols` lists them")
    .option("--name <text>", "what the system is called (default: the file's name)")
    .option("--against <experiments...>", "compare with the recorded runs of these under the protocol")
    .addOption(
      new Option(
        "--missing <how>",
        "what becomes of test clips without an answer: counted wrong, or left out",
      )
        .choices(["wrong", "leave-out"])
        .default("wrong"),
    );
  addClipOptions(command, { corpus: false })
    .option("--out <dir>", "folder of the pages", join("results", "scores"))
    .option("--quiet", "print only the page's place")
    .option("--json", "print every figure with its interval and n as JSON, and draw nothing")
    .addHelpText(
      "after",
      `
Scoring a test part is a reading: it is written down in OUT/NAME/readings before anything is counted, and the page says
how often it was done. The published names of the known corpora say which clips there are, so no sound is needed.
Without a column "fold" a row counts in the fold that tests its clip. A clip that its fold trains on is refused.

  ser protocols savee/loso --csv > folds.csv      id, path, speaker, emotion, fold, part, for code in any language
  ...                                             train on train, choose on validation, predict test
  ser score mine.csv --protocol savee/loso

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
  const clips = await clipsOf(protocol, flags);
  const others = await recorded(`${protocol.name}@${protocol.version}`, flags.against ?? []);
  const { missing } = flags;
  const { runs, facts } = await score(path, protocol, { clips, name, missing, ledger: ledgerIn(place) });
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
  throw new UsageError("--name is empty: give the system a name");
}

/** A folder for a name; two names that differ in more than case and blanks must not share one. */
function folderOf(own: string, name: string): string {
  const kept = own.slice(0, 80);
  const whole = /^[a-z0-9 _.-]{1,80}$/i.test(name) && own !== "unnamed";
  return whole ? kept : `${kept}-${sha256(name).slice(0, 8)}`;
}

/**
 * Clips of one's own, and the published ones where labels are mapped; else the protocol knows which there are.
 *
 * @returns `undefined` for those that are published
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

/** The recorded runs of experiments that were tested under the protocol. */
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
