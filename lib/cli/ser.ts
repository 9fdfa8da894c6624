#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { UserError } from "../base/errors.js";

/** Runs `ser` with arguments as in `process.argv`; resolves to the exit code: 0, 1 for failure, 2 for wrong usage. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = new Command("ser")
    .description("A research workbench for speech emotion recognition.")
    .showHelpAfterError("(--help shows the options and examples)")
    .showSuggestionAfterError()
    .exitOverride();
  try {
    await program.parseAsync(argv as string[]);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof UserError) {
      process.stderr.write(`ser: ${error.message}\n`);
      return error.exitCode;
    }
    throw error;
  }
}

// A reader that closes early (`ser data list | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

main(process.argv).then((code) => {
  process.exitCode = code;
});
