import { join } from "node:path";
import { type Command, Option } from "commander";
import { cannotWrite } from "../base/errors.js";
import type { RecordedExperiment } from "../experiments/known.js";
import { experimentName, interruptSignal, printJson } from "./common.js";

const RUNS = join("results", "runs");

interface ReportFlags {
  from?: string;
  out: string;
  latex?: boolean;
  json?: boolean;
  quiet?: boolean;
}

/** `ser report`: an experiment as Markdown, as one HTML page and as JSON. */
export function addReport(program: Command): void {
  program
    .command("report")
    .description("Write the report of an experiment from its recorded runs: tables, figures, statistics.")
    .argument(
      "<experiment...>",
      "its name, as the grid says; or runs by folder or name, such as ser train makes",
    )
    .addOption(
      new Option(
        "--from <dir>",
        "folder of experiments; default: results/runs where it has this one, else results/summary",
      ),
    )
    .option("--out <dir>", "folder of reports", join("results", "report"))
    .option("--latex", "write the tables for a paper, too: tables.tex, with booktabs")
    .option("--json", "print every figure with its interval and n as JSON, and write nothing")
    .option("--quiet", "print only the report's place")
    .addHelpText(
      "after",
      `
The same runs give the same bytes: nothing but the recorded runs enters a report. Folders: OUT/EXPERIMENT/ with
report.html (one page that needs no network), report.md, report.json and figures/.

Examples:
  ser report four-corpora                             from the runs, or from what is kept of them
  ser report four-corpora --latex                     and its tables for a paper
  ser report four-corpora --from results/summary      from what is kept of them
  ser report leakage --json                           the figures as JSON
  ser report results/runs/savee-loso-1-cnn-0123456789ab    one run, or several that are named`,
    )
    .action(report);
}

async function report(named: readonly string[], flags: ReportFlags): Promise<void> {
  const [{ buildReport, writeReport }, { resultsOf }, { Progress }] = await Promise.all([
    import("../report/report.js"),
    import("../analysis/results.js"),
    import("../base/progress.js"),
  ]);
  const signal = interruptSignal();
  const stored = await experimentNamed(named, flags.from);
  const place = join(flags.out, stored.name);
  // Known now rather than when the figures are drawn.
  if (!flags.json) await prepare(place);
  const protocols = new Set(stored.runs.map(({ record }) => record.settings.protocol)).size;
  const statistics = new Progress("statistics", protocols, { quiet: flags.quiet });
  const onProtocol = (name: string) => {
    signal.throwIfAborted();
    statistics.step(1, name);
  };
  if (flags.json) {
    const results = resultsOf(stored, { onProtocol });
    statistics.clear();
    return printJson(results);
  }
  let figures: InstanceType<typeof Progress> | undefined;
  const onFigure = (name: string, total: number) => {
    figures ??= new Progress("figures", total, { quiet: flags.quiet });
    figures.step(1, name);
  };
  const built = await buildReport(stored, { signal, onProtocol, onFigure });
  statistics.clear();
  figures?.clear();
  const { folder, files } = await writeReport(place, built, { latex: flags.latex });
  process.stdout.write(
    `${files
      .filter((file) => !file.startsWith("figures/"))
      .map((file) => join(folder, file))
      .join("\n")}\n`,
  );
}

/** The experiment of a name, or the runs of folders as one. */
async function experimentNamed(
  named: readonly string[],
  from: string | undefined,
): Promise<RecordedExperiment> {
  const [{ readStored, readRuns }, { findRun }] = await Promise.all([
    import("../experiments/store.js"),
    import("../runs/record.js"),
  ]);
  const found = await Promise.all(named.map((one) => findRun(one, from ?? RUNS)));
  if (named.length > 1 || found[0]) return readRuns(named.map((one, i) => found[i] ?? one));
  const [name] = named as [string];
  return readStored(experimentName(name), await rootOf(name, from));
}

async function prepare(folder: string): Promise<void> {
  const { mkdir } = await import("node:fs/promises");
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw cannotWrite(folder, error);
  });
}

/** The store that has the experiment: the runs themselves before what is kept of them. */
async function rootOf(experiment: string, from: string | undefined): Promise<string> {
  const { access } = await import("node:fs/promises");
  if (from !== undefined) return from;
  const isThere = await access(join(RUNS, experiment, "experiment.json")).then(
    () => true,
    () => false,
  );
  return isThere ? RUNS : join("results", "summary");
}
