import { type Command, Option } from "commander";
import { UsageError } from "../base/errors.js";
import { meant } from "../base/schema.js";
import { type Cell, formatCsv, formatTable } from "../base/table.js";
import { byText, decimal, percent, plural } from "../base/text.js";
import type { CorpusReport } from "../corpora/check.js";
import { type Clip, CORPORA, EMOTIONS } from "../corpora/clip.js";
import type { CorpusSummary, FoundCorpus } from "../corpora/registry.js";
import type { TextInCorpus } from "../protocols/sentence-baseline.js";
import { addClipOptions, type ClipFlags, corporaFor } from "./clips.js";
import { interruptSignal, printJson } from "./common.js";

interface CorpusChoice extends ClipFlags {
  json?: boolean;
}

interface ListOptions extends CorpusChoice {
  clips?: boolean;
  emotion?: string[];
  speaker?: string[];
  csv?: boolean;
}

const CLASSES: readonly string[] = [...EMOTIONS, "calm"];

/** How well the raters of a corpus agree. */
interface Agreement {
  /** Krippendorff's alpha of nominal ratings; absent where all ratings are of one class. */
  alpha?: number;
  clips: number;
  ratings: number;
  /** Clips without a majority; they are left out. */
  tied: number;
}

type Report = CorpusReport & { text: TextInCorpus | { reason: string }; agreement?: Agreement };

/** The classes of a table: the known ones, then others that occur, such as EMO-DB's boredom, by name. */
function classesIn(summaries: readonly CorpusSummary[]): string[] {
  const others = summaries.flatMap(({ classes }) => classes.filter((name) => !CLASSES.includes(name)));
  return [...CLASSES, ...[...new Set(others)].sort(byText)];
}

/** Ids of a note that a terminal shows; `--json` has all. */
const SHOWN = 6;

/** Adds `ser data` with `list` and `check`; returns it, so that further subcommands can be added. */
export function addData(program: Command): Command {
  const data = program
    .command("data")
    .description("List, check, download and synthesize corpora; write manifests of your own clips.");
  addList(data);
  addCheck(data);
  return data;
}

function addList(data: Command): void {
  withChoice(data.command("list"))
    .description("List the corpora found under --data, or their clips.")
    .option("--clips", "list every clip, instead of one line per corpus")
    .option("--emotion <names...>", "only these emotions, or other classes of the corpora such as boredom")
    .option("--speaker <names...>", "only these speakers, named as in the corpus: 01, OAF, DC, 1001")
    .addOption(new Option("--csv", "print CSV").conflicts("json"))
    .addHelpText(
      "after",
      `
Examples:
  ser data list
  ser data list --corpus ravdess tess --json
  ser data list --clips --corpus cremad --emotion anger --speaker 1001 1002 --csv > angry.csv
  ser data list --manifest recordings/clips.csv --clips`,
    )
    .action(async (options: ListOptions) => {
      const { summarize } = await import("../corpora/registry.js");
      const all = await corporaFor(options, { signal: interruptSignal() });
      const found = filterClips(all, options);
      if (options.clips) printClips(found, options);
      else printCorpora(found.map(summarize), options);
      if (found.length === 0) await reportNothing(options, all.length > 0);
    });
}

function addCheck(data: Command): void {
  withChoice(data.command("check"))
    .description("Read every clip and report missing, invalid and altered files and anomalies.")
    .addHelpText(
      "after",
      `
  missing   clips that were published but not found
  invalid   files that cannot be read
  altered   files that can be read but differ from the published bytes, as after any conversion;
            not an error; "-" where the published bytes are not known
  raters    how well the raters agree, for a manifest with several raters
  text      how well the sentence alone predicts the emotion, without sound: the UAR of a table
            learnt on the other speakers, and the mutual information of sentence and emotion

The exit code is 1 if any file is invalid or no clip was found.

Examples:
  ser data check
  ser data check --data ~/corpora --corpus savee
  ser data check --json > check.json`,
    )
    .action(async (options: CorpusChoice) => {
      const [{ checkFound }, { textInCorpus }, { krippendorffAlpha }] = await Promise.all([
        import("../corpora/check.js"),
        import("../protocols/sentence-baseline.js"),
        import("../evaluation/agreement.js"),
      ]);
      const signal = interruptSignal();
      const found = await corporaFor(options, { signal });
      const checked = await checkFound(found, { signal });
      const reports = checked.map((own, i): Report => {
        const { clips, tied = [] } = found[i]!;
        const votes = [...clips, ...tied].flatMap(({ votes }) => (votes ? [votes] : []));
        const agreement = votes.length > 0 && agreementOf(votes, tied.length, krippendorffAlpha(votes));
        const text = clips.length > 0 ? textInCorpus(clips) : { reason: "no clip has a label" };
        return { ...own, text, ...(agreement && { agreement }) };
      });
      if (options.json) printJson({ corpora: reports });
      else if (reports.length > 0) process.stdout.write(`${reportText(reports)}\n`);
      if (reports.length === 0) await reportNothing(options);
      // The raters of every clip may be tied.
      if (reports.some(({ invalid, clips }) => invalid > 0 || clips === 0)) process.exitCode = 1;
    });
}

function withChoice(command: Command): Command {
  return addClipOptions(command, { corpus: "all under --data" }).option("--json", "print JSON");
}

function agreementOf(
  votes: readonly Readonly<Record<string, number>>[],
  tied: number,
  alpha: number | undefined,
): Agreement {
  const ratings = votes.flatMap(Object.values<number>).reduce((a, b) => a + b, 0);
  return { ...(alpha !== undefined && { alpha }), clips: votes.length, ratings, tied };
}

async function reportNothing({ data, corpus, manifest }: CorpusChoice, left = false): Promise<void> {
  const { contentsOf, howToGet } = await import("../corpora/registry.js");
  const what = manifest
    ? `no such clips in ${manifest}`
    : `no ${left ? "such clips" : "clips"} of ${corpus?.join(", ") ?? "any corpus"} under ${data}`;
  const hint = `set --data or SER_DATA to the folder that has them, or ${howToGet(corpus ?? CORPORA)}`;
  process.stderr.write(`ser: ${manifest || left ? what : `${what}: ${hint}`}\n`);
  if (!manifest && !left && !corpus) process.stderr.write(`ser: ${await contentsOf(data)}\n`);
  process.exitCode = 1;
}

function filterClips(found: FoundCorpus[], { emotion, speaker }: ListOptions): FoundCorpus[] {
  const there = new Set([...CLASSES, ...found.flatMap(({ clips }) => clips.map((clip) => clip.emotion))]);
  const strange = emotion?.find((name) => !there.has(name));
  if (strange !== undefined)
    throw new UsageError(
      `--emotion ${strange} is not a class of these clips; the classes are ${[...there].join(", ")}${meant(strange, [...there])}`,
    );
  const wanted = (clip: Clip) =>
    (!emotion || emotion.includes(clip.emotion)) && (!speaker || speaker.includes(clip.speaker));
  return found
    .map((corpus) => ({ ...corpus, clips: corpus.clips.filter(wanted) }))
    .filter(({ clips }) => clips.length > 0);
}

function printCorpora(summaries: readonly CorpusSummary[], { json, csv }: ListOptions): void {
  const classes = classesIn(summaries);
  const rows = summaries.map((summary) => [
    displayName(summary),
    summary.clips,
    summary.speakers,
    ...classes.map((emotion) => summary.emotions[emotion] ?? 0),
  ]);
  if (json) printJson({ corpora: summaries });
  else printTable(["corpus", "clips", "speakers", ...classes], rows, csv);
}

const CLIP_COLUMNS = [
  "id",
  "speaker",
  "sex",
  "age",
  "emotion",
  "label",
  "intensity",
  "sentenceId",
  "sentence",
  "repetition",
  "synthetic",
  "path",
  "start",
  "end",
  "split",
] as const;

function printClips(found: readonly FoundCorpus[], { json, csv }: ListOptions): void {
  const clips = found.flatMap((corpus) => corpus.clips);
  const rows = clips.map((clip) => CLIP_COLUMNS.map((column) => clip[column]));
  if (json) printJson({ clips });
  else printTable(CLIP_COLUMNS, rows, csv);
}

function printTable(header: readonly string[], rows: Cell[][], csv: boolean | undefined): void {
  if (csv) process.stdout.write(formatCsv(header, rows));
  else if (rows.length > 0) process.stdout.write(`${formatTable(header, rows)}\n`);
}

/** The reports as tables, with one line for each note. */
function reportText(reports: readonly Report[]): string {
  const counts = formatTable(
    ["corpus", "clips", "speakers", "hours", "missing", "invalid", "altered"],
    reports.map((report) => [
      displayName(report),
      report.clips,
      report.speakers,
      report.hours.toFixed(2),
      report.missing,
      report.invalid,
      report.altered,
    ]),
  );
  const classes = classesIn(reports);
  const emotions = formatTable(
    ["corpus", ...classes],
    reports.map((report) => [displayName(report), ...classes.map((name) => report.emotions[name] ?? 0)]),
  );
  return [counts, "", emotions, "", ...reports.flatMap(detailLines)].join("\n");
}

function detailLines(report: Report): string[] {
  const missing = report.missing > 0 ? [`  missing: ${idList(report.missingIds)}`] : [];
  return [
    displayName(report),
    ...report.formats.map(({ format, clips }) => `  ${clips} x ${format}`),
    `  classes: ${report.classes.join(", ")}`,
    ...(report.agreement ? [`  raters: ${agreementLine(report.agreement)}`] : []),
    `  text: ${textLine(report.text)}`,
    ...missing,
    ...report.invalidClips.slice(0, SHOWN).map(({ path, reason }) => `  invalid: ${path}: ${reason}`),
    ...(report.invalid > SHOWN ? [`  invalid: and ${report.invalid - SHOWN} more (--json names all)`] : []),
    ...report.notes.map(({ kind, clips, text }) => `  ${kind}: ${text}: ${idList(clips)}`),
  ];
}

function agreementLine({ alpha, clips, ratings, tied }: Agreement): string {
  const how =
    alpha === undefined
      ? "agreement unknown: no clip has two ratings, or all ratings are of one class"
      : `Krippendorff's alpha ${decimal(alpha, 3)} (1 is full agreement, 0 agreement by chance)`;
  const left = tied > 0 ? `; ${plural(tied, "clip")} without a majority left out` : "";
  return `${plural(ratings, "rating")} of ${plural(clips, "clip")}; ${how}${left}`;
}

function textLine(text: Report["text"]): string {
  if ("reason" in text) return text.reason;
  const { sentences, inOneClass, uar, chance, bits, labelBits } = text;
  const table =
    uar === undefined
      ? "only one speaker, so there is no other one to learn from"
      : `a table learnt on the other speakers' sentences has a UAR of ${percent(uar)} % (chance ${percent(chance)} %)`;
  return `${plural(sentences, "sentence")}, ${inOneClass} said in one emotion only; ${table}; the sentence gives ${bits.toFixed(2)} of the ${labelBits.toFixed(2)} bits of the emotion`;
}

function idList(ids: readonly string[]): string {
  const more = ids.length > SHOWN ? ` and ${ids.length - SHOWN} more` : "";
  return ids.slice(0, SHOWN).join(", ") + more;
}

function displayName({ name, synthetic }: { name: string; synthetic: boolean }): string {
  return synthetic ? `${name} (synthetic)` : name;
}
