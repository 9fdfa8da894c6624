import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Display } from "../base/notebook.js";
import { type CellEvent, TextLimit } from "./outputs.js";
import { type CellFailure, createSession } from "./session.js";

/** The task of a process that runs one notebook's cells: one line of JSON on standard input. */
export interface ChildTask {
  root: string;
  /** The notebook's own folder, for relative imports. */
  folder: string;
  cells: ChildCell[];
}

export interface ChildCell {
  /** The execution number of the cell, from 1. */
  number: number;
  source: string;
  /** Tagged "raises-exception": an error does not stop the notebook. */
  mayFail: boolean;
}

/** Events of the process: lines of JSON on file descriptor 3. */
export type ChildEvent =
  | { kind: "ready"; typescript: string }
  | { kind: "start"; number: number }
  | { kind: "end"; number: number }
  | { kind: "exit"; code: number }
  | { kind: "done" }
  | CellEvent;

/** Wait after the last cell, in which a late rejection can still be reported. */
const LAST_WORDS_MS = 100;

/**
 * Runs the cells of one notebook in this process, then exits. Each notebook has its own process, so that an exit, a crash or
 * an endless loop affects only that notebook. Events are written synchronously, so that no output is lost if the process dies.
 */
export async function runCells(): Promise<void> {
  const task = await readTask();
  let limit = new TextLimit();
  let inCell = false;
  const stream =
    (name: "stdout" | "stderr") =>
    (chunk: string | Uint8Array, ...rest: unknown[]) => {
      emit({
        kind: "stream",
        name,
        text: limit.take(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString()),
      });
      const done = rest.find((argument): argument is () => void => typeof argument === "function");
      if (done) process.nextTick(done);
      return true;
    };
  const session = createSession({
    root: task.root,
    folder: task.folder,
    // A run uses the library as it was at the start.
    reload: false,
    events: {
      display: (display: Display) => emit({ kind: "display", display }),
      result: (data) => emit({ kind: "result", data }),
    },
  });
  process.stdout.write = stream("stdout") as typeof process.stdout.write;
  process.stderr.write = stream("stderr") as typeof process.stderr.write;
  let late: unknown[] = [];
  process.on("uncaughtException", (error) => late.push(error));
  process.on("unhandledRejection", (reason) => late.push(reason));
  process.on("exit", (code) => inCell && emit({ kind: "exit", code }));
  emit({ kind: "ready", typescript: session.typescriptVersion });

  for (const [i, { number, source, mayFail }] of task.cells.entries()) {
    emit({ kind: "start", number });
    inCell = true;
    limit = new TextLimit();
    late = [];
    let failure = await session.run(source, number);
    await new Promise((resolve) => setTimeout(resolve, i === task.cells.length - 1 ? LAST_WORDS_MS : 0));
    if (late.length > 0) failure ??= lateFailure(session.describe(late[0]));
    const note = limit.note();
    if (note) emit({ kind: "stream", name: "stderr", text: note });
    if (failure) emit({ kind: "error", failure });
    inCell = false;
    emit({ kind: "end", number });
    if (failure && !mayFail) break;
  }
  emit({ kind: "done" });
  process.exit(0);
}

/** The failure of an uncaught error or unhandled rejection. */
export function lateFailure({ ename, evalue, traceback }: CellFailure): CellFailure {
  const when = "an uncaught error or unhandled rejection, of this cell or one before it";
  return { ename: "UncaughtError", evalue: `${ename}: ${evalue}`, traceback: [when, ...traceback] };
}

async function readTask(): Promise<ChildTask> {
  for await (const line of createInterface({ input: process.stdin })) return JSON.parse(line);
  throw new Error("no cells were given on standard input");
}

function emit(event: ChildEvent): void {
  let rest = Buffer.from(`${JSON.stringify(event)}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(3, rest));
    } catch (error) {
      // The parent process is gone, or there was none.
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN"))
        process.kill(process.pid, "SIGKILL");
    }
  }
}
