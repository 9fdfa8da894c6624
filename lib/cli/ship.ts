import { join } from "node:path";
import type { Command } from "commander";
import { numberIn, printJson } from "./common.js";

interface ShipFlags {
  from: string;
  out: string;
  note?: string;
  limit: number;
  json?: boolean;
}

/** `ser ship RUN`: the folder of a model that ships. */
export function addShip(program: Command): void {
  program
    .command("ship")
    .description("Make the folder of a model that ships from a finished run: model, model card, licence.")
    .argument("<run>", "the run's folder, or EXPERIMENT/RUN or RUN under the folder of the runs")
    .option("--from <dir>", "folder of the runs", join("results", "runs"))
    .option("--out <dir>", "where it goes; a model shipped before is replaced", join("results", "model"))
    .option("--note <text>", "about the clips, beside every table of the card")
    .option("--limit <MB>", "the largest model that ships", numberIn(0.001), 3)
    .option("--json", "print what was written as JSON")
    .addHelpText(
      "after",
      `
The run must have been scored on test and have passed its audit; synthetic, leaky and transductive runs are refused.
"ser predict" takes results/model where no other model is named. The same run gives the same bytes.

Examples:
  ser ship four-corpora/combined-speaker-independent-1-cnn-0123456789ab
  ser ship results/runs/combined-cnn-0123456789ab --note "the clips were copies re-encoded with Opus at 32 kbit/s"
  ser ship combined-cnn-0123456789ab --out /tmp/model --json`,
    )
    .action(ship);
}

async function ship(run: string, { from, out, note, limit, json }: ShipFlags): Promise<void> {
  const [{ shipModel }, { megabytes }] = await Promise.all([
    import("../report/ship.js"),
    import("../base/text.js"),
  ]);
  const shipped = await shipModel(await folderOf(run, from), { out, note, limit: 1e6 * limit });
  if (json) return printJson(shipped);
  const { folder, bytes, sha256, files } = shipped;
  process.stdout.write(
    `${folder}: ${files.map(({ name }) => name).join(", ")}\n${megabytes(bytes)}, weights' SHA-256 ${sha256}\n`,
  );
}

/** The folder of a run that is there. */
async function folderOf(run: string, from: string): Promise<string> {
  const [{ findRun }, { UserError }] = await Promise.all([
    import("../runs/record.js"),
    import("../base/errors.js"),
  ]);
  const folder = await findRun(run, from);
  if (folder !== undefined) return folder;
  throw new UserError(
    `there is no finished run in ${run}, nor in ${join(from, run)}: \`ser ablate\` and \`ser train\` make them`,
  );
}
