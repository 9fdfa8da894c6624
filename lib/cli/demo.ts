import { join } from "node:path";
import type { Command } from "commander";
import { assertWritable } from "../base/atomic.js";
import { dataOption, interruptSignal } from "./common.js";

/** `ser demo`: the main job, which `npm start` runs. */
export function addDemo(program: Command): void {
  program
    .command("demo")
    .description(
      "Go from sound files to a first result: corpora, features, a small network, tables and figures.",
    )
    .addOption(dataOption())
    .option("--out <dir>", "folder to write the run to", join("results", "demo"))
    .option("--force", "start over, even if the run is finished")
    .addHelpText(
      "after",
      `
If data/ has no corpora, synthetic ones stand in, generated once in the user's cache folder. Where
--data or SER_DATA names a folder, that one has to have corpora.

Examples:
  ser demo
  SER_DATA=/corpora ser demo --force`,
    )
    .action(demo);
}

async function demo(flags: { data: string; out: string; force?: boolean }): Promise<void> {
  const [
    { doExperiment, workOf },
    { parseGrid },
    { describeRun },
    { PICTURES },
    { readRun },
    { findClips },
    { formatTable },
  ] = await Promise.all([
    import("../experiments/experiment.js"),
    import("../experiments/grid.js"),
    import("../runs/describe.js"),
    import("../runs/pictures.js"),
    import("../runs/record.js"),
    import("../corpora/synthetic/stand-in.js"),
    import("../base/table.js"),
  ]);
  const print = (line = "") => process.stdout.write(`${line}\n`);
  await assertWritable(flags.out);
  const signal = interruptSignal();
  const clips = await findClips(flags.data, { calm: "keep", signal, log: print });
  const corpora = [...new Set(clips.map((clip) => clip.corpus))];
  print(
    formatTable(
      ["corpus", "clips", "speakers", "classes", "kind"],
      corpora.map((corpus) => {
        const own = clips.filter((clip) => clip.corpus === corpus);
        const distinct = (key: "speaker" | "emotion") => new Set(own.map((clip) => clip[key])).size;
        return [
          corpus,
          own.length,
          distinct("speaker"),
          distinct("emotion"),
          own[0]!.synthetic ? "synthetic" : "recorded",
        ];
      }),
    ),
  );
  print();
  const grid = parseGrid({
    name: "demo",
    score: "test",
    runs: [{ protocols: ["held-out"], models: ["cnn-small"], features: ["mfcc"] }],
  });
  const work = workOf(grid, clips, { folder: flags.out });
  const [outcome] = await doExperiment(work, {
    ...{ own: false, force: flags.force, pictures: true, stopAtFailure: true, signal, tell: print },
  });
  const { folder, reused } = outcome!;
  if (reused) print("this run is already done (--force repeats it: `npm start -- --force` in a checkout)");
  print(`\n${describeRun((await readRun(folder))!)}\n`);
  print("figures");
  for (const picture of PICTURES) print(`  ${join(folder, picture)}`);
  print(`model\n  ${join(folder, "model")}\n`);
  print(`next: npx --no ser predict --model ${join(folder, "model")} YOUR.wav`);
}
