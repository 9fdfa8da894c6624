import { join } from "node:path";
import { type Command, Option } from "commander";
import { UserError } from "../base/errors.js";
import { type Calm, type Clip, CORPORA } from "../corpora/clip.js";
import { dataOption, interruptSignal, numberIn, printJson } from "./common.js";

interface TrainFlags {
  corpus?: string[];
  model: "cnn";
  data: string;
  manifest?: string;
  calm: Calm;
  kind: "mfcc" | "logmel";
  frames: number;
  epochs: number;
  patience: number;
  batchSize: number;
  learningRate: number;
  normalisation: "global" | "speaker" | "clip" | "none";
  seed: number;
  out: string;
  force?: boolean;
  strict?: boolean;
  quiet?: boolean;
  json?: boolean;
}

/** `ser train`: one network on held-out speakers. */
export function addTrain(program: Command): void {
  program
    .command("train")
    .description("train a network, test it on speakers it never heard, save the model and the results")
    .addOption(new Option("--corpus <names...>", "corpora; default: all that are found").choices(CORPORA))
    .addOption(new Option("--model <name>", "the network").choices(["cnn"]).default("cnn"))
    .addOption(dataOption())
    .addOption(
      new Option(
        "--manifest <file>",
        "train on your own clips instead: CSV with id, path, speaker, emotion",
      ).conflicts("corpus"),
    )
    .addOption(
      new Option("--calm <policy>", "RAVDESS's calm").choices(["merge", "drop", "keep"]).default("merge"),
    )
    .addOption(new Option("--kind <features>", "the features").choices(["mfcc", "logmel"]).default("mfcc"))
    .option("--frames <n>", "frames of an input (30 ms each)", numberIn(16, 2000, true), 100)
    .option("--epochs <n>", "at most", numberIn(1, 10_000, true), 15)
    .option("--patience <n>", "epochs without a better validation UAR", numberIn(1, 10_000, true), 6)
    .option("--batch-size <n>", "clips in a step", numberIn(1, 4096, true), 32)
    .option("--learning-rate <x>", "of Adam", numberIn(1e-7, 10), 0.002)
    .addOption(
      new Option("--normalisation <kind>", "fitted on the training part")
        .choices(["global", "clip", "none"])
        .default("global"),
    )
    .option("--seed <n>", "of weights and order", numberIn(0, 2 ** 31, true), 1)
    .option("--out <dir>", "folder of runs", join("results", "runs"))
    .option("--force", "train again where a finished run is there")
    .option("--strict", "stop at the first clip that cannot be read")
    .option("--quiet", "print only the results")
    .option("--json", "print the run's record as JSON")
    .addHelpText(
      "after",
      `
Examples:
  ser train --corpus ravdess --model cnn         RAVDESS, tested on four held-out actors
  ser train --corpus ravdess savee --seed 2      two corpora together, another seed
  ser train --manifest clips.csv --kind logmel   your own clips`,
    )
    .action(train);
}

async function train(flags: TrainFlags): Promise<void> {
  const [{ run }, { describeRun }, { TRAINING }, { RUN_FEATURES }] = await Promise.all([
    import("../experiments/run.js"),
    import("../experiments/describe.js"),
    import("../training/train.js"),
    import("../experiments/settings.js"),
  ]);
  const quiet = Boolean(flags.quiet || flags.json);
  const log = (line: string) => quiet || process.stdout.write(`${line}\n`);
  const clips = await clipsOf(flags);
  const { frames, epochs, patience, batchSize, learningRate, normalisation, seed, model } = flags;
  const { folder, record, reused } = await run(
    clips,
    {
      features: RUN_FEATURES[flags.kind],
      training: {
        ...TRAINING,
        model,
        frames,
        epochs,
        patience,
        batchSize,
        learningRate,
        normalisation,
        seed,
      },
    },
    {
      folder: (name) => join(flags.out, name),
      force: flags.force,
      strict: flags.strict,
      quiet,
      signal: interruptSignal(),
      log,
    },
  );
  if (flags.json) return printJson(record);
  if (reused) log("this run is already done (--force does it again)");
  process.stdout.write(`\n${describeRun(record)}\n\nresults, pictures and model: ${folder}\n`);
}

async function clipsOf({ data, corpus, manifest, calm }: TrainFlags): Promise<Clip[]> {
  const { applyCalm, loadClips } = await import("../corpora/registry.js");
  if (manifest) {
    const { readManifest } = await import("../corpora/manifest.js");
    return applyCalm(await readManifest(manifest), calm);
  }
  const clips = await loadClips(data, { names: corpus, calm });
  if (clips.length > 0) return clips;
  throw new UserError(
    `no corpus found under ${data}: set --data or SER_DATA, get the corpora with "ser data download", or make synthetic ones with "ser data synthesize"`,
  );
}
