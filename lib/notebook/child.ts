import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Display } from "../base/notebook.js";
import { type CellEvent, TextLimit } from "./outputs.js";
import { type CellFailure, createSession } from "./session.js";

/** What a process that runs one notebook's cells is told, as one line of JSON on standard input. */
export interface ChildTask {
  root: string;
  /** The notebook's own folder, for relative imports. */
  folder: string;
  cells: ChildCell[];
}

export interface ChildCell {
  /** The number shown beside the cell, from 1. */
  number: number;
  source: string;
  /** Tagged "raises-exception": an error does not stop the notebook. */
  mayFail: boolean;
}

/** What it answers: lines of JSON on file descriptor 3. */
export type ChildEvent =
  | { kind: "ready"; typescript: string }
  | { kind: "start"; number: number }
  | { kind: "end"; number: number }
  | { kind: "exit"; code: number }
  | { kind: "done" }
  | CellEvent;

/** After the last cell: time for a late rejection to show. */
const LAST_WORDS_MS = 100;

/**
 * Runs the cells of one notebook in this process and ends it. Cells run in a process of their own so that an exit, a crash
 * or an endless loop costs one notebook. Events are written synchronously: nothing of what a cell said is lost when the
 * process dies in it.
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
    // A run is of the library as it was when it began.
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

/** What was thrown or rejected where nobody waited for it. */
export function lateFailure({ ename, evalue, traceback }: CellFailure): CellFailure {
  const when = "thrown or rejected where nothing waited for it, by this cell or one before it";
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
      // Whoever started this process is gone (or nobody did): there is nothing left to run for.
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN"))
        process.kill(process.pid, "SIGKILL");
    }
  }
}
