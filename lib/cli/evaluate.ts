import { join, parse, resolve } from "node:path";
import type { Command } from "commander";
import { assertWritable } from "../base/atomic.js";
import { UsageError, UserError } from "../base/errors.js";
import type { Clip } from "../corpora/clip.js";
import { addClipOptions, type ClipFlags, clipsFor } from "./clips.js";
import { interruptSignal, printJson } from "./common.js";
import { judgedExperiment, writeJudged } from "./judged.js";

interface EvaluateFlags extends ClipFlags {
  evenTraining?: boolean;
  out: string;
  quiet?: boolean;
  json?: boolean;
}

/** `ser evaluate MODEL`: evaluates a saved model on labelled clips. */
export function addEvaluate(program: Command): void {
  const command = program
    .command("evaluate")
    .description(
      "Evaluate a saved model on labelled clips: metrics with confidence intervals, figures, a report page.",
    )
    .argument("<model>", "folder of a model, or folder or name of a run; results/model is the released model")
    .argument(
      "[folder]",
      "folder of clips named as in a known corpus (default: the clips of --manifest or --corpus)",
    );
  addClipOptions(command, { corpus: "" })
    .option(
      "--even-training",
      "also evaluate clips that the model was trained on, and mark them in the results",
    )
    .option("--out <dir>", "folder to write the report pages to", join("results", "evaluations"))
    .option("--quiet", "print only the path of the report page")
    .option("--json", "print every metric with its interval and n as JSON; write no page")
    .addHelpText(
      "after",
      `
UAR is the mean recall over the labels that occur in the clips. Clips with labels that the model
does not know are left out, and reported. Clips that the model was trained on are refused. The
model card says which ones they are; they are recognised by file name, by the bytes of the
published file, or by samples equal to those of the corpora under --data. Evaluating clips of the
test part of the model's protocol is a reading of that part: it is recorded in OUT/MODEL/readings
first. The page is written to OUT/MODEL/CLIPS.

Examples:
  ser evaluate results/model --manifest clips.csv
  ser evaluate results/model --manifest clips.csv --map frustration=anger --map boredom=drop
  ser evaluate results/runs/ravdess-7-1-cnn-0123456789ab --corpus savee
  ser evaluate results/model ~/EmoDB --json`,
    )
    .action(evaluate);
}

async function evaluate(named: string, folder: string | undefined, flags: EvaluateFlags): Promise<void> {
  const [{ findModel }, { evaluate }, { ledgerIn, readingsIn }, { readCard }] = await Promise.all([
    import("../inference/find.js"),
    import("../analysis/evaluate.js"),
    import("../experiments/readings.js"),
    import("../inference/model.js"),
  ]);
  const model = await findModel(named);
  const { run: name } = await readCard(model);
  const clips = await clipsOf(folder, flags);
  // One ledger for each model, one page for each set of clips.
  const place = join(flags.out, name);
  await assertWritable(place);
  const page = join(place, await clipsName(folder, flags));
  const signal = interruptSignal();
  const evaluation = await evaluate(model, clips, {
    ...{ signal, evenTraining: flags.evenTraining, quiet: flags.quiet || flags.json },
    ledger: ledgerIn(place),
    reference: () => referenceIn(flags.data),
  });
  const { run, facts } = evaluation;
  const readings = await readingsIn(place, [name]);
  const experiment = judgedExperiment(name, "evaluate", { planned: [name], runs: [run], readings });
  if (flags.json) {
    const { resultsOf } = await import("../analysis/results.js");
    const { judgedJson } = await import("../report/judged.js");
    return printJson({ ...judgedJson(resultsOf(experiment)), facts });
  }
  const { abstentionBlocks, evaluationOpening } = await import("../report/judged.js");
  const about = {
    title: `The model ${name} on labelled clips`,
    opening: evaluationOpening(evaluation),
    closing: abstentionBlocks(run),
    featured: evaluation.label,
  };
  await writeJudged(page, experiment, about, { quiet: flags.quiet, signal });
}

/** A name for the clips, for the folder of the page. */
async function clipsName(
  folder: string | undefined,
  { manifest, corpus = [] }: EvaluateFlags,
): Promise<string> {
  const { slug } = await import("../base/text.js");
  const own = [folder, manifest].flatMap((path) => (path ? [parse(resolve(path)).name] : []));
  return slug([...own, ...corpus].join("-")).slice(0, 80);
}

async function clipsOf(folder: string | undefined, flags: EvaluateFlags): Promise<readonly Clip[]> {
  const { manifest, corpus, map } = flags;
  if (folder !== undefined && (manifest || corpus))
    throw new UsageError("give a folder, or --manifest or --corpus, not both");
  if (folder !== undefined) return clipsFor({ data: folder, map });
  if (!manifest && !corpus)
    throw new UsageError(
      "no clips to evaluate on: give --manifest FILE, --corpus NAME, or a folder with a known corpus",
    );
  return clipsFor(flags);
}

async function referenceIn(data: string): Promise<readonly Clip[]> {
  const { loadClips } = await import("../corpora/registry.js");
  return loadClips(data, { calm: "keep" }).catch((error: unknown) => {
    if (error instanceof UserError) return [];
    throw error;
  });
}
