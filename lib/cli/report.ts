import { join } from "node:path";
import { type Command, Option } from "commander";
import { assertWritable } from "../base/folder.js";
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

/** `ser report`: writes an experiment's report as Markdown, as one HTML page and as JSON. */
export function addReport(program: Command): void {
  program
    .command("report")
    .description("Write the report of an experiment from its recorded runs: tables, figures, statistics.")
    .argument(
      "<experiment...>",
      "name of an experiment, as in its grid; or folders or names of runs, such as ser train makes",
    )
    .addOption(
      new Option(
        "--from <dir>",
        "folder of the runs (default: results/runs if the experiment is in it, else results/summary)",
      ),
    )
    .option(
      "--out <dir>",
      "folder to write the report to, in a subfolder with the experiment's name",
      join("results", "report"),
    )
    .option("--latex", "also write the tables for a paper: tables.tex, with booktabs")
    .option("--json", "print every metric with its interval and n as JSON; write no report")
    .option("--quiet", "print only the paths of the report")
    .addHelpText(
      "after",
      `
Writes OUT/EXPERIMENT/ with report.html (one page that needs no network), report.md, report.json
and figures/. A report is made from the recorded runs alone: the same runs give the same bytes.

Examples:
  ser report four-corpora                             from its runs, else from its summary
  ser report four-corpora --latex                     also the tables for a paper
  ser report four-corpora --from results/summary      from its summary
  ser report leakage --json                           the metrics as JSON
  ser report results/runs/savee-loso-1-cnn-0123456789ab    a single run; several can be given`,
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
  // Fails now if the folder cannot be written, not after the figures are drawn.
  if (!flags.json) await assertWritable(place);
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

/** The experiment of this name, or the named runs as one experiment. */
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

/** The folder that has the experiment: its runs if they exist, else its summary. */
async function rootOf(experiment: string, from: string | undefined): Promise<string> {
  const { access } = await import("node:fs/promises");
  if (from !== undefined) return from;
  const isThere = await access(join(RUNS, experiment, "experiment.json")).then(
    () => true,
    () => false,
  );
  return isThere ? RUNS : join("results", "summary");
}
