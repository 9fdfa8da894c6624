#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { systemReason, UserError } from "../base/errors.js";
import { projectRoot } from "../base/root.js";
import { addAblate } from "./ablate.js";
import { outputReader } from "./common.js";
import { addData } from "./data.js";
import { addDownload } from "./data-download.js";
import { addManifest } from "./data-manifest.js";
import { addSynthesize } from "./data-synthesize.js";
import { addDemo } from "./demo.js";
import { addEncoderCommand } from "./encoder.js";
import { addEngine } from "./engine.js";
import { addEvaluate } from "./evaluate.js";
import { addFeatures } from "./features.js";
import { addNotebook } from "./notebook.js";
import { addPredict } from "./predict.js";
import { addProtocols } from "./protocols.js";
import { addReport } from "./report.js";
import { addRobustness } from "./robustness.js";
import { addScore } from "./score.js";
import { addShip } from "./ship.js";
import { addSummarize } from "./summarize.js";
import { addTrain } from "./train.js";

/** The command line with all its commands. */
export function program(): Command {
  const ser = new Command("ser")
    .description("A research workbench for speech emotion recognition.")
    .version(version(), "--version", "print the version of the workbench")
    .addHelpText(
      "after",
      `
"ser COMMAND --help" shows the options and examples of a command.
In the project's folder, commands are run as: npx --no ser COMMAND

Examples:
  ser data check
  ser train --corpus ravdess --model cnn
  ser predict recording.wav`,
    )
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("(--help shows the options and examples of the command)")
    .exitOverride();
  const bin = join(projectRoot(), "dist", "ser.cjs");
  const data = addData(ser);
  addDownload(data);
  addManifest(data);
  addSynthesize(data);
  addProtocols(ser);
  addFeatures(ser);
  addTrain(ser);
  addAblate(ser, bin);
  addSummarize(ser);
  addReport(ser);
  addRobustness(ser);
  addEvaluate(ser);
  addScore(ser);
  addShip(ser);
  addPredict(ser);
  addNotebook(ser, bin);
  addEncoderCommand(ser);
  addEngine(ser);
  addDemo(ser);
  return ser;
}

/**
 * The arguments with what they ask help for put in order: `help data list` becomes `data list --help`, and a request for the help
 * of a command that does not exist becomes that command. Commander then says so and names the nearest one, where it would have
 * shown the help of what is above.
 *
 * @param args as a person gives them: `["data", "lst", "--help"]`, `["help", "tset"]`
 */
function withHelpInOrder(ser: Command, args: readonly string[]): readonly string[] {
  const path: string[] = [];
  const asked = args.includes("--help") || args.includes("-h");
  let word = false;
  let command = ser;
  for (const name of args.filter((arg) => !arg.startsWith("-"))) {
    if (command.commands.length === 0) break;
    if (name === "help") {
      word = true;
      continue;
    }
    path.push(name);
    const next = command.commands.find((one) => one.name() === name || one.aliases().includes(name));
    if (!next) return asked || word ? path : args;
    command = next;
  }
  return word ? [...path, "--help"] : args;
}

function version(): string {
  return (JSON.parse(readFileSync(join(projectRoot(), "package.json"), "utf8")) as { version: string })
    .version;
}

/** The exit code where the reader of a pipe is gone, as shells have it for programs that SIGPIPE ends. */
const BROKEN_PIPE = 141;

/** Runs `ser` with arguments as in `process.argv`; resolves to the exit code: 0, 1 for failure, 2 for wrong usage. */
async function main(argv: readonly string[]): Promise<number> {
  try {
    const ser = program();
    await ser.parseAsync(withHelpInOrder(ser, argv.slice(2)), { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof UserError) {
      process.stderr.write(`ser: ${error.message}\n`);
      return error.exitCode;
    }
    if (error instanceof Error && error.name === "AbortError") {
      if (outputReader.isGone) return BROKEN_PIPE;
      process.stderr.write("ser: stopped\n");
      return 130;
    }
    throw error;
  }
}

// When the reader of a pipe closes early (`ser data list | head`), the command ends as with Ctrl-C: a training keeps its checkpoint.
process.stdout.once("error", (error: NodeJS.ErrnoException) => {
  process.stdout.on("error", () => {});
  // "EOF" is what some pipes of Windows say.
  outputReader.isGone = error.code === "EPIPE" || error.code === "EOF";
  if (!outputReader.isGone) process.stderr.write(`ser: cannot write the output: ${systemReason(error)}\n`);
  if (process.listenerCount("SIGINT") === 0) process.exit(outputReader.isGone ? BROKEN_PIPE : 1);
  // Not process.kill: on Windows that ends the process at once.
  process.emit("SIGINT", "SIGINT");
});
// Without standard error, errors can no longer be reported.
process.stderr.on("error", () => {});

main(process.argv).then((code) => {
  process.exitCode = code;
});
