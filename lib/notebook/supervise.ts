import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { projectRoot } from "../base/root.js";
import { ANSWER, PRESS, PRESSES_FD } from "./presses.js";

/**
 * What Jupyter starts, stops and signals: a process that does nothing but pass interrupts on to the kernel, so that it
 * always hears them. The kernel is a process of its own group, which no signal reaches, and ends with this one,
 * as this one does with Jupyter.
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
  });
  const presses = kernel.stdio[PRESSES_FD] as Duplex;
  presses.on("error", () => {});
  process.on("SIGINT", () => presses.write(PRESS));
  // A signal may lie there that the event loop comes to after this question: a whole turn of it lets that go first.
  presses.on("data", (questions: Buffer) => {
    setImmediate(() => setImmediate(() => presses.write(ANSWER.repeat(questions.length))));
  });
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && process.exit(0), 2000).unref();
  const [code] = await once(kernel, "exit");
  return code ?? 1;
}
