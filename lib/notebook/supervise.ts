import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { isRunning } from "../base/process.js";
import { projectRoot } from "../base/root.js";
import { ANSWER, PRESS, PRESSES_FD } from "./presses.js";

/**
 * The process that Jupyter starts, stops and signals. It only passes interrupts on to the kernel, so that it always receives
 * them. The kernel is in a process group of its own, which no signal reaches. It ends with this process, and this one with
 * Jupyter.
 *
 * @param connectionFile Jupyter's file with ports and key
 * @returns the kernel's exit code
 */
export async function superviseKernel(connectionFile: string): Promise<number> {
  const program = join(projectRoot(), "dist", "notebook-serve.worker.cjs");
  const args = ["--no-force-async-hooks-checks", program, connectionFile];
  const kernel = spawn(process.execPath, args, {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
    detached: true,
    windowsHide: true,
  });
  const presses = kernel.stdio[PRESSES_FD] as Duplex;
  presses.on("error", () => {});
  process.on("SIGINT", () => presses.write(PRESS));
  // A pending signal may be handled after this question: waiting a full turn of the event loop lets it go first.
  presses.on("data", (questions: Buffer) => {
    setImmediate(() => setImmediate(() => presses.write(ANSWER.repeat(questions.length))));
  });
  const parent = process.ppid;
  // On Windows the parent's id stays the same when it has ended.
  const isLeft = () => process.ppid !== parent || !isRunning(parent);
  setInterval(() => isLeft() && process.exit(0), 2000).unref();
  const [code] = await once(kernel, "exit");
  return code ?? 1;
}
