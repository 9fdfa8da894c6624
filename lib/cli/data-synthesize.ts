import { join } from "node:path";
import { type Command, Option } from "commander";
import { dataFolder } from "../base/root.js";
import { CORPORA, type CorpusName } from "../corpora/clip.js";
import { interruptSignal, numberIn, printJson } from "./common.js";

interface SynthesizeOptions {
  seed: number;
  corpus?: CorpusName[];
  threads?: number;
  json?: boolean;
}

/** Adds `ser data synthesize`. */
export function addSynthesize(data: Command): void {
  data
    .command("synthesize")
    .description("Generate synthetic stand-ins for the corpora, to try things out without recordings.")
    .argument("[dir]", "folder to write to (default: synthetic/ in SER_DATA, else in data/)")
    .addOption(
      new Option("--seed <n>", "seed of the speakers and clips")
        .argParser(numberIn(0, undefined, true))
        .default(1),
    )
    .addOption(
      new Option("--corpus <names...>", "corpora to synthesize (default: all four)").choices(CORPORA),
    )
    .addOption(
      new Option("--threads <n>", "threads (default: one per core)").argParser(numberIn(1, 256, true)),
    )
    .option("--json", "print the counts as JSON")
    .addHelpText(
      "after",
      `
A formant synthesizer makes 2760 clips, about 300 MB, with the file names of the corpora. All
results from these clips are marked as synthetic. The same seed gives the same files.

Examples:
  ser data synthesize
  ser data synthesize /tmp/ravdess --corpus ravdess --seed 7`,
    )
    .action(async (dir: string | undefined, { seed, corpus, threads, json }: SynthesizeOptions) => {
      const { synthesizeCorpora } = await import("../corpora/synthetic/synthetic.js");
      const folder = dir ?? join(dataFolder(), "synthetic");
      const signal = interruptSignal();
      const { clips, skipped } = await synthesizeCorpora(folder, { seed, corpora: corpus, threads, signal });
      if (json) printJson({ folder, clips, skipped });
      else
        process.stdout.write(
          `${clips} synthetic clips ${skipped ? "were already" : "are now"} in ${folder}\n`,
        );
    });
}
