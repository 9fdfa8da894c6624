import { join } from "node:path";
import type { Command } from "commander";
import { numberIn, printJson } from "./common.js";

interface ShipFlags {
  from: string;
  out: string;
  note?: string;
  force?: boolean;
  limit: number;
  json?: boolean;
}

/** `ser ship RUN`: writes the folder of a released model. */
export function addShip(program: Command): void {
  program
    .command("ship")
    .description(
      "Release the model of a finished run: a folder with the model, its model card and its licence.",
    )
    .argument("<run>", "folder of the run, or its name (RUN or EXPERIMENT/RUN) under the folder of the runs")
    .option("--from <dir>", "folder of the runs", join("results", "runs"))
    .option("--out <dir>", "folder to write the model to", join("results", "model"))
    .option("--force", "replace another model that was released to that folder before")
    .option("--note <text>", "remark on the clips, shown with every table of the model card")
    .option("--limit <MB>", "largest allowed size of the model, in MB", numberIn(0.001), 3)
    .option("--json", "print what was written as JSON")
    .addHelpText(
      "after",
      `
The run must have been scored on test and must have passed its audit. Runs on synthetic clips,
under leaky protocols or with transductive normalisation are refused. "ser predict" uses
results/model unless another model is given. The same run gives the same bytes.

Examples:
  ser train --corpus ravdess --model cnn
  ser ship ravdess-cnn-7bf193d26ef5 --out my-model      the run that the line above makes
  ser ship ravdess-cnn-7bf193d26ef5 --force             the model that "ser predict" uses from then on
  ser ship results/runs/ravdess-cnn-7bf193d26ef5 --out my-model --note "clips re-encoded" --json`,
    )
    .action(ship);
}

async function ship(run: string, { from, out, note, force, limit, json }: ShipFlags): Promise<void> {
  const [{ shipModel }, { megabytes }] = await Promise.all([
    import("../report/ship.js"),
    import("../base/text.js"),
  ]);
  const shipped = await shipModel(await folderOf(run, from), { out, note, force, limit: 1e6 * limit });
  if (json) return printJson(shipped);
  const { folder, bytes, sha256, files } = shipped;
  process.stdout.write(
    `${folder}: ${files.map(({ name }) => name).join(", ")}\n${megabytes(bytes)}, weights' SHA-256 ${sha256}\n`,
  );
}

/** The folder of an existing run. */
async function folderOf(run: string, from: string): Promise<string> {
  const [{ findRun }, { UserError }] = await Promise.all([
    import("../runs/record.js"),
    import("../base/errors.js"),
  ]);
  const folder = await findRun(run, from);
  if (folder !== undefined) return folder;
  throw new UserError(
    `no finished run in ${run} or ${join(from, run)}: \`ser ablate\` and \`ser train\` make runs`,
  );
}
