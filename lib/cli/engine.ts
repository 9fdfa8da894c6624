import type { Command } from "commander";
import { printJson } from "./common.js";

/** Adds `ser engine`. */
export function addEngine(program: Command): void {
  program
    .command("engine")
    .description("List what can execute training and prediction here, best first, and why the others cannot.")
    .option("--engine <name>", "ask for this one: exit code 1 when it is not available")
    .option("--json", "print [{engine, available, reason, threads, instructionSet, chosen}]")
    .addHelpText(
      "after",
      `
Training takes the first engine that is available; --engine of the training commands, or the environment's
SER_ENGINE, asks for another.

  tensorflow-gpu  @tensorflow/tfjs-node-gpu, with an NVIDIA GPU, CUDA 11.2 and cuDNN 8.1
  native          the C core, compiled where there is a C compiler: by npm ci in a checkout, else once by the first training
  wasm            the same core as WebAssembly
  tfjs            stock TensorFlow.js: knows every layer, and is slow

SER_CORE_ISA=avx512, avx2, sse or neon has the native core use that instruction set instead of the widest one.

Examples:
  ser engine
  ser engine --json
  SER_ENGINE=wasm ser train --protocol ravdess/7`,
    )
    .action(async (options: { engine?: string; json?: boolean }) => {
      const { detectEngines } = await import("../engine/detect.js");
      const engines = await detectEngines(options.engine);
      if (!engines.some(({ chosen }) => chosen)) process.exitCode = 1;
      if (options.json) {
        printJson(engines);
        return;
      }
      const { formatTable } = await import("../base/table.js");
      const rows = engines.map(({ engine, available, threads, instructionSet, reason, chosen }) => [
        engine,
        chosen ? "chosen" : available ? "yes" : "no",
        threads,
        instructionSet,
        reason,
      ]);
      const table = formatTable(["engine", "available", "threads", "instructions", "why"], rows);
      process.stdout.write(`${table}\n`);
    });
}
