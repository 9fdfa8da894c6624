import { join } from "node:path";
import type { RecordedExperiment } from "../experiments/known.js";
import type { judgedReport } from "../report/judged.js";
import { interruptSignal } from "./common.js";

/**
 * Writes the report page of predictions that belong to no experiment (`ser evaluate`, `ser score`) into a folder, with a
 * progress bar over its figures, and prints a summary and the path of the page; with `quiet` only the path.
 *
 * @param about as in `judgedReport`
 * @throws {UserError} when the folder cannot be written
 */
export async function writeJudged(
  place: string,
  experiment: RecordedExperiment,
  about: Parameters<typeof judgedReport>[1],
  { quiet, signal = interruptSignal() }: { quiet?: boolean; signal?: AbortSignal },
): Promise<void> {
  const [{ judgedReport, summaryOf }, { writeReport }, { Progress }] = await Promise.all([
    import("../report/judged.js"),
    import("../report/report.js"),
    import("../base/progress.js"),
  ]);
  let progress: InstanceType<typeof Progress> | undefined;
  const onFigure = (name: string, total: number) => {
    progress ??= new Progress("figures", total, { quiet });
    progress.step(1, name);
  };
  const report = await judgedReport(experiment, about, { signal, onFigure });
  progress?.clear();
  const { folder, files } = await writeReport(place, report);
  if (!quiet) process.stdout.write(`${summaryOf(report.json, about.opening, about.featured)}\n\n`);
  process.stdout.write(`${join(folder, files[0]!)}\n`);
}

/** Wraps predictions as an experiment, from which reports are made. */
export function judgedExperiment(
  name: string,
  grid: string,
  answers: Pick<RecordedExperiment, "planned" | "runs" | "readings">,
): RecordedExperiment {
  return { name, grid: { name: grid, description: "", score: "test", runs: [] }, failures: [], ...answers };
}
