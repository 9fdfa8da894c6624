import { join } from "node:path";
import type { Command } from "commander";
import { UserError } from "../base/errors.js";
import { experimentName, printJson } from "./common.js";

/** `ser summarize EXPERIMENT`: keeps settings, metrics and predictions of an experiment in a small folder. */
export function addSummarize(program: Command): void {
  program
    .command("summarize")
    .description("Write a compact summary of an experiment: settings, metrics and predictions of its runs.")
    .argument("<experiment>", "name of the experiment, as in its grid")
    .option("--from <dir>", "folder of the runs", join("results", "runs"))
    .option(
      "--out <dir>",
      "folder to write the summary to, in a subfolder with the experiment's name",
      join("results", "summary"),
    )
    .option("--json", "print what was written as JSON")
    .addHelpText(
      "after",
      `
"ser report" works from the summary as from the runs themselves. The same runs give the same bytes
on any machine, except in machines.jsonl.gz (times and machines) and readings.json (readings of test).

Examples:
  ser summarize quick
  ser summarize four-corpora --out /tmp/summary --json`,
    )
    .action(summarize);
}

async function isEmpty(runs: Iterable<unknown> | AsyncIterable<unknown>): Promise<boolean> {
  for await (const _ of runs) return false;
  return true;
}

async function summarize(name: string, flags: { from: string; out: string; json?: boolean }): Promise<void> {
  const [{ openStored }, { writeSummary }] = await Promise.all([
    import("../experiments/store.js"),
    import("../experiments/summary.js"),
  ]);
  const experiment = await openStored(experimentName(name), flags.from);
  const folder = join(flags.out, name);
  const { planned, failures } = experiment;
  if (await isEmpty(experiment.runs))
    throw new UserError(`no run of ${name} is finished: \`ser ablate\` executes them`);
  const { sha256, bytes, runs } = await writeSummary(experiment, folder);
  const counts = { planned: planned.length, runs, failures: failures.length };
  if (flags.json) return printJson({ experiment: name, folder, ...counts, sha256, bytes });
  const missing = planned.length - runs;
  const left = missing > 0 ? `, ${missing} are missing (${failures.length} failed)` : "";
  process.stdout.write(
    `${runs} of ${planned.length} runs${left}\n${folder}: ${(bytes / 1e6).toFixed(2)} MB, SHA-256 ${sha256}\n`,
  );
}
