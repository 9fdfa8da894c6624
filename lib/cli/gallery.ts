import { join } from "node:path";
import type { Command } from "commander";
import { dataOption, interruptSignal } from "./common.js";

/** `ser gallery`: one of each figure, what `npm run gallery` runs. */
export function addGallery(program: Command): void {
  program
    .command("gallery")
    .description(
      "Draw one of each figure, light and dark, from synthetic voices, and a page that shows them.",
    )
    .addOption(dataOption())
    .option("--out <dir>", "folder of the page and its pictures", join("results", "gallery"))
    .addHelpText(
      "after",
      `
The synthetic corpora are made in the sub-folder "synthetic" of --data where they are not there yet.

Examples:
  ser gallery
  ser gallery --out /tmp/gallery`,
    )
    .action(gallery);
}

async function gallery(flags: { data: string; out: string }): Promise<void> {
  const { drawGallery } = await import("../experiments/gallery.js");
  const print = (line: string) => process.stdout.write(`${line}\n`);
  await drawGallery(flags.out, { data: flags.data, signal: interruptSignal(), log: print });
  print(join(flags.out, "README.md"));
}
