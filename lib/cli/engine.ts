import type { Command } from "commander";
import { printJson } from "./common.js";

/** Adds `ser engine`. */
export function addEngine(program: Command): void {
  program
    .command("engine")
    .description(
      "List the engines that can run training and prediction here, best first, and why the others cannot.",
    )
    .option("--engine <name>", "check this engine: exit code 1 if it is not available")
    .option("--measure <model>", "time a few training steps of a network on each available engine")
    .option(
      "--json",
      "print JSON: [{engine, available, reason, threads, instructionSet, chosen}], with --measure [{engine, milliseconds, steps}]",
    )
    .addHelpText(
      "after",
      `
Training uses the first engine that is available. Another one is chosen with --engine of
"ser train" and "ser ablate", or with the environment variable SER_ENGINE. No measurement
decides: the same command gives the same result.

  tensorflow-gpu  @tensorflow/tfjs-node-gpu, with an NVIDIA GPU, CUDA 11.2 and cuDNN 8.1
  webgpu          the core on a GPU of any vendor, by Vulkan, Metal or Direct3D 12; needs the
                  package webgpu: npm install webgpu (132 MB). A software adapter, which runs
                  on the processor and is slow, is used only when asked for by name
  native          the C core; needs a C compiler: compiled by npm ci in a checkout, else once
                  before the first training
  wasm            the same core as WebAssembly
  tfjs            stock TensorFlow.js: supports every layer, but is slow

SER_CORE_ISA=avx512 (or avx2, sse, neon) makes the native engine use that instruction set instead
of the widest one.

Examples:
  ser engine
  ser engine --engine native
  ser engine --measure lstm
  ser engine --json
  SER_ENGINE=wasm ser train --protocol ravdess/7`,
    )
    .action(async (options: { engine?: string; json?: boolean; measure?: string }) => {
      if (options.measure !== undefined) {
        await measure(options.measure, options);
        return;
      }
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

/** `--measure`: a line for each engine. */
async function measure(model: string, options: { engine?: string; json?: boolean }): Promise<void> {
  const { chooseEngine } = await import("../engine/detect.js");
  const { measureEngines } = await import("../training/measure.js");
  const engine = options.engine === undefined ? undefined : (await chooseEngine(options.engine)).engine;
  const speeds = await measureEngines(model, engine);
  if (options.json) {
    printJson(speeds);
    return;
  }
  const { formatTable } = await import("../base/table.js");
  const rows = speeds.map(({ engine, milliseconds, steps, reason }) => [
    engine,
    milliseconds?.toFixed(1),
    steps,
    reason ?? "",
  ]);
  process.stdout.write(`${formatTable(["engine", "ms a step", "steps", "why not"], rows)}\n`);
}
