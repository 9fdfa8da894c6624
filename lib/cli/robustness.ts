import { basename, dirname, resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { NOISES, type NoiseKind } from "../audio/noise.js";
import { assertWritable } from "../base/atomic.js";
import { UsageError, UserError } from "../base/errors.js";
import type { Clip } from "../corpora/clip.js";
import type { Split } from "../protocols/types.js";
import type { RunRecord } from "../runs/record.js";
import type { Robustness } from "../runs/robustness.js";
import { addClipOptions, type ClipFlags, clipsFor, perceivedIn, ratingsOption } from "./clips.js";
import { fileOf, interruptSignal, numberIn, PICTURE_ENDINGS, printJson } from "./common.js";

interface RobustnessFlags extends ClipFlags {
  snr: number[];
  noise: NoiseKind[];
  part?: "validation" | "test";
  protocol?: string;
  fold?: string;
  seed: number;
  figure?: string;
  threads?: number;
  ratings?: string;
  quiet?: boolean;
  json?: boolean;
}

/** `ser robustness`: a trained model's UAR under added noise. */
export function addRobustness(program: Command): void {
  const command = program
    .command("robustness")
    .description("Measure a trained model's UAR under added noise, at several signal-to-noise ratios.")
    .argument("<run>", "folder or name of a run, or folder of a model");
  addClipOptions(command, { corpus: false })
    .addOption(
      new Option("--snr <dB>", "signal-to-noise ratios in dB, separated by commas")
        .argParser(ratios)
        .default([30, 20, 10, 5, 0], "30,20,10,5,0"),
    )
    .addOption(
      new Option("--noise <kinds...>", "kinds of noise; babble is six other speakers at once")
        .choices(NOISES)
        .default(["white"], "white"),
    )
    .addOption(
      new Option(
        "--part <name>",
        "part whose clips are used; each use of test is recorded as a reading (default: the part that the run was scored on)",
      ).choices(["validation", "test"]),
    )
    .option("--protocol <name>", "protocol of the training, for a model without a run.json beside it")
    .option("--fold <name>", "fold of the training, for a model without a run.json beside it")
    .addOption(ratingsOption())
    .option("--seed <n>", "seed of the noise", numberIn(0, 2 ** 31, true), 1)
    .option(
      "--figure <file>",
      "draw a figure of the results: .png, .svg or .html",
      fileOf(...PICTURE_ENDINGS),
    )
    .option("--threads <n>", "threads (default: one per core)", numberIn(1, 1024, true))
    .option("--quiet", "print only the table")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `
The signal-to-noise ratio is that of the mean powers over the whole clip. Every clip has noise of
its own, which at all levels is the same but for its loudness. Only clips of the fold that the
model was not trained on are used.

Examples:
  ser robustness results/runs/ravdess-7-1-cnn-0123456789ab --snr 20,10,0
  ser robustness ravdess-7-1-cnn-0123456789ab --noise white pink babble --figure noise.png
  ser robustness results/model --protocol combined/speaker-independent --fold 1 --part test`,
    )
    .action(robust);
}

function ratios(text: string): number[] {
  const values = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (values.every(Number.isFinite)) return values;
  throw new InvalidArgumentError("It takes numbers in dB, separated by commas, such as 20,10,0.");
}

async function robust(run: string, flags: RobustnessFlags): Promise<void> {
  const [
    { robustness, robustnessFigure },
    { findModel },
    { protocolNamed },
    { planOf, foldsOf },
    { ledgerIn },
  ] = await Promise.all([
    import("../runs/robustness.js"),
    import("../inference/find.js"),
    import("../protocols/registry.js"),
    import("../experiments/plan.js"),
    import("../experiments/readings.js"),
  ]);
  const model = await findModel(run);
  const { protocol, fold, target, score, name, record, refit } = await trainedOn(model, flags);
  const part = flags.part ?? score;
  if (refit && part === "validation")
    throw new UsageError(`${name} was trained on its validation part too (refit): give --part test`);
  const clips = await clipsFor(flags, { needed: record?.corpora ?? protocolNamed(protocol).corpora });
  const perceived = target === "perceived" ? await perceivedIn(clips, flags.ratings) : undefined;
  const plan = planOf(protocol, target, clips, perceived);
  const [split] = foldsOf(plan, [fold]);
  if (record) await checkClips(record, plan.clips, split!);
  if (flags.figure) await assertWritable(dirname(flags.figure));
  const signal = interruptSignal();
  // A run's readings are in the ledger of its store.
  const folder = dirname(resolve(model));
  const ledger = basename(folder) === name ? ledgerIn(dirname(folder)) : undefined;
  const own = record && name;
  const results: Robustness[] = [];
  for (const noise of flags.noise) {
    const { snr: snrs, seed, threads } = flags;
    const quiet = flags.quiet || flags.json;
    results.push(
      await robustness(model, plan, split!, part, {
        noise,
        snrs,
        seed,
        threads,
        signal,
        quiet,
        ledger,
        run: own,
      }),
    );
  }
  if (flags.json) printJson({ run: name, results });
  else await printTable(results, name);
  if (!flags.figure) return;
  const { saveFigure } = await import("../figures/render.js");
  await saveFigure(robustnessFigure(results, name), flags.figure);
  if (!flags.json) process.stdout.write(`\nfigure: ${flags.figure}\n`);
}

interface TrainedOn {
  protocol: string;
  fold: string;
  target: "intended" | "perceived";
  score: "validation" | "test";
  name: string;
  /** Whether the model was also trained on the validation part. */
  refit?: boolean;
  record?: RunRecord;
}

/** What the model was trained on: from the record beside it, or from the options. */
async function trainedOn(model: string, flags: RobustnessFlags): Promise<TrainedOn> {
  const { readRecord } = await import("../runs/record.js");
  const record: RunRecord | undefined = await readRecord(dirname(resolve(model)));
  if (record) {
    if (flags.protocol !== undefined || flags.fold !== undefined)
      throw new UsageError(
        `${model} has a record of its run: --protocol and --fold are for models without one`,
      );
    const { protocol, fold, target, score, training } = record.settings;
    const part = score === "test" ? "test" : "validation";
    return { protocol, fold, target, score: part, name: record.name, record, refit: training.refit };
  }
  const { protocol, fold } = flags;
  if (protocol === undefined || fold === undefined) {
    throw new UsageError(
      `no run.json beside ${model}, so it is unknown which clips it was not trained on: give --protocol and --fold`,
    );
  }
  const { readCard } = await import("../inference/model.js");
  const { refit } = await readCard(model);
  return { protocol, fold, target: "intended", score: "validation", name: basename(model), refit };
}

/** @throws {UserError} for other clips than the run's: it might have been trained on them */
async function checkClips(
  { settings, clips: digest }: RunRecord,
  clips: readonly Clip[],
  split: Split,
): Promise<void> {
  const { runName } = await import("../runs/record.js");
  if (runName(settings, split, clips).clips === digest) return;
  throw new UserError(
    "these are not the clips that the model was trained and scored on: give their folder with --data, or give the same --manifest and --map",
  );
}

async function printTable(results: readonly Robustness[], name: string): Promise<void> {
  const [{ formatTable }, { plural }, { withInterval }] = await Promise.all([
    import("../base/table.js"),
    import("../base/text.js"),
    import("../evaluation/interval.js"),
  ]);
  const first = results[0]!;
  const { protocol, fold, part, classesInTruth, synthetic, leaky } = first;
  const { n, speakers } = first.levels[0]!.uar;
  const chance = (100 / classesInTruth.length).toFixed(1);
  const marks = `${leaky ? " LEAKY protocol: no result." : ""}${synthetic ? " SYNTHETIC voices." : ""}`;
  const rows = first.levels.map(({ snr }, i) => [
    snr === "clean" ? "clean" : `${snr} dB`,
    ...results.flatMap(({ levels }) => [withInterval(levels[i]!.uar), withInterval(levels[i]!.accuracy)]),
  ]);
  const header = ["SNR", ...results.flatMap(({ noise }) => [`UAR %, ${noise}`, `accuracy %, ${noise}`])];
  const lines = [
    `${name}: ${protocol}, fold ${fold}, ${part} part, ${plural(n, "clip")} of ${plural(speakers, "speaker")}; chance ${chance} %.${marks}`,
    "",
    formatTable(header, rows),
    ...new Set(results.flatMap(({ broken }) => broken.map(({ id, error }) => `left out ${id}: ${error}`))),
  ];
  const { uar } = first.levels[0]!;
  if ("reason" in uar) lines.push("", uar.reason);
  process.stdout.write(`${lines.join("\n")}\n`);
}
