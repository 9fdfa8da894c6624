import { type Command, Option } from "commander";
import { UsageError } from "../base/errors.js";
import { formatTable } from "../base/table.js";
import { percent } from "../base/text.js";
import { CORPORA, KNOWN_CORPORA } from "../corpora/clip.js";
import { withInterval } from "../evaluation/interval.js";
import type { AuditCheck } from "../protocols/audit.js";
import { apartText } from "../protocols/groups.js";
import type { FoldSummary } from "../protocols/inspect.js";
import type { TextAlone } from "../protocols/sentence-baseline.js";
import type { Plan, Protocol } from "../protocols/types.js";
import { addClipOptions, type ClipFlags, clipsFor } from "./clips.js";
import { interruptSignal, printJson } from "./common.js";

interface Flags extends ClipFlags {
  json?: boolean;
  csv?: boolean;
}

/** Adds `ser protocols`. */
export function addProtocols(program: Command): void {
  const command = program
    .command("protocols")
    .description("List the protocols, or split the corpora by one of them and audit the split.")
    .argument(
      "[name]",
      "name of a protocol: shows its folds, their speakers and whether they leak (default: list all)",
    );
  addClipOptions(command)
    .option("--json", "print JSON")
    .addOption(
      new Option(
        "--csv",
        "print the folds of the protocol as CSV, for other systems: id, path, speaker, emotion, fold, part",
      ).conflicts("json"),
    )
    .addHelpText(
      "after",
      `
Protocols with settings of your own:
  grouped/CORPUS?group=GROUP&folds=N&calm=HOW
      grouped k-fold on any corpus: no GROUP is in more than one part. GROUP is speaker (default),
      sentence, sex, age, intensity or repetition, or two of these separated by a comma; HOW says
      what happens to calm: merge, drop or keep.
  PROTOCOL?match (or &match after other settings)
      the matched twin of a protocol that keeps speakers and sentences apart: the same test
      clips, and as many training clips, but of all sentences.
  given/CORPUS
      the column split of a manifest. No speaker may be in two parts; ?apart=GROUP keeps another
      group apart. With apart=none the parts may share anything, and the protocol is marked leaky.
  cross-corpus/A-B
      trains on A and tests on B, of ${KNOWN_CORPORA.join(", ")}.
      cross-corpus/others-B trains on the four English corpora (without B).
The corpus of a manifest is called own, or as its column corpus says.

"Text alone" is how well the sentence predicts the emotion, without sound. Where that is clearly
above chance, the protocol is marked text-confounded: results under it may reflect what is said
instead of how it is said. The exit code is 1 if the audit fails, except for protocols that are
meant to show leakage (random/CORPUS).

Examples:
  ser protocols
  ser protocols ravdess/emobox
  ser protocols savee/speaker-sentence
  ser protocols 'savee/speaker-sentence?match'
  ser protocols 'grouped/cremad?group=sentence&folds=4' --json
  ser protocols savee/loso --csv > folds.csv
  ser protocols 'grouped/own?folds=3' --manifest clips.csv
  ser protocols 'grouped/own?group=speaker,sentence&folds=3' --manifest clips.csv
  ser protocols given/own --manifest clips.csv --map boredom=drop`,
    )
    .action(async (name: string | undefined, flags: Flags) => {
      if (name === undefined && flags.csv)
        throw new UsageError("--csv prints the folds of a protocol: give its name, such as savee/loso");
      if (name === undefined) await list(flags);
      else await inspect(name, flags);
    });
}

async function list({ json }: Flags): Promise<void> {
  const [{ PROTOCOLS, protocolNamed, WITH_SETTINGS }, { publishedClips }, text] = await Promise.all([
    import("../protocols/registry.js"),
    import("../corpora/registry.js"),
    import("../protocols/sentence-baseline.js"),
  ]);
  const clips = publishedClips(KNOWN_CORPORA).map((clip) => ({ ...clip, path: "", synthetic: false }));
  const ofTheFour = clips.filter(({ corpus }) => (CORPORA as readonly string[]).includes(corpus));
  const protocols = PROTOCOLS.map((name) => {
    const protocol = protocolNamed(name);
    // A protocol that takes any corpora gets the four here.
    const plan = protocol.plan(protocol.corpora.length > 0 ? clips : ofTheFour);
    const answers = text.sentenceAnswers(plan);
    const alone = answers ? text.textConfounded(answers) : { reason: text.whyUnknown(plan.clips)! };
    return { ...protocol, text: alone };
  });
  if (json) return printJson({ protocols });
  const rows = protocols.map((protocol) => {
    const { name, version, corpora, apart, validationApart, validationApartIn, leaky, source } = protocol;
    const { text: alone } = protocol;
    return [
      name,
      `v${version}`,
      corpora.length === CORPORA.length ? "all four" : corpora.join(" ") || "any",
      leaky ? "LEAKY" : apartText(apart),
      leaky ? "LEAKY" : apartText(validationApart, validationApartIn),
      "reason" in alone ? "not known" : `${alone.confounded ? "text-confounded " : ""}${percent(alone.uar)}`,
      source,
    ];
  });
  const header = [
    ...["protocol", "version", "corpora", "test apart by", "validation by"],
    ...["text alone, UAR %", "source"],
  ];
  const further = WITH_SETTINGS.map((name) => `and ${name}`).join("\n");
  process.stdout.write(`${formatTable(header, rows)}\n\n${further}\n`);
}

async function inspect(name: string, flags: Flags): Promise<void> {
  const [{ protocolNamed }, { sampleHashes }, { inspectPlan }] = await Promise.all([
    import("../protocols/registry.js"),
    import("../features/corpus.js"),
    import("../protocols/inspect.js"),
  ]);
  const protocol = protocolNamed(name);
  const signal = interruptSignal();
  const plan = protocol.plan(await clipsFor(flags, { needed: protocol.corpora, signal }));
  if (flags.csv) return printFolds(plan);
  const { samples, broken } = await sampleHashes(plan.clips, { signal, quiet: flags.json });
  for (const { clip, error } of broken) process.stderr.write(`ser: left out ${clip.id}: ${error}\n`);
  const folds = inspectPlan(plan, samples);
  const text = await textOf(plan);
  const synthetic = plan.clips.some((clip) => clip.synthetic);
  if (folds.some(({ audit }) => !audit.passed && !audit.leaky)) process.exitCode = 1;
  if (flags.json) {
    const { plan: _, ...facts } = protocol;
    printJson({ ...facts, synthetic, clips: plan.clips.length, classes: plan.classes, text, folds });
    return;
  }
  process.stdout.write(`${describe(protocol, plan, folds, { synthetic, text })}\n`);
}

/** The folds as CSV, and on standard error how another system uses them. */
async function printFolds(plan: Plan): Promise<void> {
  const [{ formatCsv }, { placesIn }] = await Promise.all([
    import("../base/table.js"),
    import("../protocols/define.js"),
  ]);
  const segments = plan.clips.some(({ start, end }) => start !== undefined || end !== undefined);
  const rows = plan.folds.flatMap((fold) => {
    const places = placesIn(fold);
    return plan.clips.flatMap(({ id, path, speaker, emotion, start, end }) => {
      const part = places.get(id);
      return part ? [[id, path, speaker, emotion, fold.name, part, ...(segments ? [start, end] : [])]] : [];
    });
  });
  const header = ["id", "path", "speaker", "emotion", "fold", "part", ...(segments ? ["start", "end"] : [])];
  process.stdout.write(formatCsv(header, rows));
  process.stderr.write(`${RECIPE}\n`);
}

const RECIPE = `In each fold, train on part "train", choose hyperparameters on "validation" (then also train on "refit",
if you like), and predict "test". Then:
  ser score predictions.csv --protocol NAME    (columns: id, fold, and one for each class or predicted)
For nkululeko, in Python, for each fold:
  import pandas as pd
  folds = pd.read_csv("folds.csv").query("fold == 1").rename(columns={"path": "file"})
  for part in ("train", "validation", "test"):
      folds[folds.part == part][["file", "speaker", "emotion"]].to_csv(f"{part}.csv", index=False)
and in its configuration:
  [EXP]
  traindevtest = True
  [DATA]
  databases = ['train', 'validation', 'test']
  train = ./train.csv
  train.type = csv
  train.split_strategy = train
  validation = ./validation.csv
  validation.type = csv
  validation.split_strategy = dev
  test = ./test.csv
  test.type = csv
  test.split_strategy = test
  target = emotion`;

/** How well the text alone predicts the emotion, or the reason why that is unknown. */
async function textOf(plan: Plan): Promise<TextAlone | { reason: string }> {
  const { sentenceAnswers, textAlone, whyUnknown } = await import("../protocols/sentence-baseline.js");
  const answers = sentenceAnswers(plan);
  return answers ? textAlone(answers) : { reason: whyUnknown(plan.clips)! };
}

function describe(
  protocol: Protocol,
  plan: Plan,
  folds: readonly FoldSummary[],
  { synthetic, text }: { synthetic: boolean; text: TextAlone | { reason: string } },
): string {
  const waiting = folds.some(({ refit }) => refit);
  const rows = folds.map(({ name, train, validation, test, refit, audit, description }) => [
    name,
    train.clips,
    validation.clips,
    test.clips,
    ...(waiting ? [refit?.clips ?? 0] : []),
    [train, validation, test].map(({ speakers }) => speakers.length).join("/"),
    audit.passed ? "passed" : audit.leaky ? "LEAKY" : "FAILED",
    description,
  ]);
  const sizes = ["train", "validation", "test", ...(waiting ? ["refit too"] : [])];
  const header = ["fold", ...sizes, "speakers", "audit", "parts"];
  return [
    `${plan.protocol}${synthetic ? "  (synthetic clips)" : ""}`,
    plan.description,
    `source: ${protocol.source}`,
    `${plan.clips.length} clips; classes: ${plan.classes.join(", ")}`,
    textLine(text),
    "",
    formatTable(header, rows),
    "",
    "audit",
    ...auditLines(folds),
  ].join("\n");
}

function textLine(text: TextAlone | { reason: string }): string {
  if ("reason" in text) return `text alone: not known: ${text.reason}`;
  const { uar, chance, confounded, p } = text;
  const none = "reason" in uar ? ` (${uar.reason})` : "";
  const mark = confounded ? `; TEXT-CONFOUNDED (p = ${p}): results may reflect what is said` : "";
  return `text alone: UAR ${withInterval(uar)} %${none}, chance ${percent(chance)} %${mark}`;
}

/** One line for each check and outcome, with the folds that have it. */
function auditLines(folds: readonly FoldSummary[]): string[] {
  const lines = new Map<string, string[]>();
  for (const { name, audit } of folds) {
    for (const check of audit.checks) {
      const line = checkLine(check);
      lines.set(line, [...(lines.get(line) ?? []), name]);
    }
  }
  const where = (names: readonly string[]) =>
    names.length === folds.length ? "" : ` [fold ${names.join(" ")}]`;
  return [...lines].sort().map(([line, names]) => `${line}${where(names)}`);
}

function checkLine({ name, passed, detail }: AuditCheck): string {
  return `  ${passed ? "passed" : "FAILED"}  ${name}: ${detail}`;
}
