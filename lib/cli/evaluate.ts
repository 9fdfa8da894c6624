import { join, parse, resolve } from "node:path";
import type { Command } from "commander";
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

/** `ser evaluate MODEL`: a saved model on labelled clips. */
export function addEvaluate(program: Command): void {
  const command = program
    .command("evaluate")
    .description("Evaluate a saved model on labelled clips: all figures with intervals, pictures, a page.")
    .argument("<model>", "a model's folder, or a run's folder or name; results/model is the one that ships")
    .argument(
      "[folder]",
      "clips under the names of a known corpus; default: those of --manifest or --corpus",
    );
  addClipOptions(command)
    .option("--even-training", "judge clips that the model was trained on, too, and say so")
    .option("--out <dir>", "folder of the pages", join("results", "evaluations"))
    .option("--quiet", "print only the page's place")
    .option("--json", "print every figure with its interval and n as JSON, and draw nothing")
    .addHelpText(
      "after",
      `
UAR is the mean over the labels that there are. Clips of labels that the model does not know are left out, and told. Which
clips the model was trained on is known by its card: they are refused, recognised by the names of their files, by the
published bytes, or by equal samples of the corpora under --data. Clips of the test part of its protocol are a reading,
which is written down in OUT/MODEL/readings first; the page is in OUT/MODEL/CLIPS.

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
  // The ledger is the model's; a page is of these clips.
  const place = join(flags.out, name);
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

/** What the clips are called in the name of a folder. */
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
    throw new UsageError("which clips? Give --manifest FILE, --corpus NAME, or a folder with a known corpus");
  return clipsFor(flags);
}

async function referenceIn(data: string): Promise<readonly Clip[]> {
  const { loadClips } = await import("../corpora/registry.js");
  return loadClips(data, { calm: "keep" }).catch((error: unknown) => {
    if (error instanceof UserError) return [];
    throw error;
  });
}
