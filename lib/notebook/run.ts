import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { writeAtomic } from "../base/atomic.js";
import { Interrupted, UserError } from "../base/errors.js";
import { Progress } from "../base/progress.js";
import { projectRoot } from "../base/root.js";
import type { ChildEvent, ChildTask } from "./child.js";
import { KERNEL } from "./kernelspec.js";
import {
  assignParameters,
  type Cell,
  formatNotebook,
  hasTag,
  injectParameters,
  type Notebook,
  type Output,
  readNotebook,
  textOf,
  withoutAudio,
} from "./nbformat.js";
import { Outputs, TextLimit } from "./outputs.js";
import type { CellFailure } from "./session.js";

export interface RunNotebookOptions {
  /** Override what the cell tagged "parameters" declares. */
  parameters?: Readonly<Record<string, unknown>>;
  /** Seconds the notebook may take; default 600. */
  timeout?: number;
  /** Stops the notebook; what it has done is kept. */
  signal?: AbortSignal;
  /** No progress on standard error. */
  quiet?: boolean;
}

/** What came of a notebook. */
export interface NotebookRun {
  notebook: Notebook;
  seconds: number;
  /** Code cells that ran. */
  cells: number;
  /** The error that stopped it; `cell` is the number beside it. */
  failure?: CellFailure & { cell: number };
  /** It was stopped from outside. */
  interrupted: boolean;
}

/**
 * Executes a notebook in a fresh process and returns it with its outputs. Cells tagged "skip" are left out; an error in one
 * tagged "raises-exception" is an output like others; any other ends the notebook there, and the cells before it keep their
 * outputs. So does the end of the process, from within (`process.exit`, a crash) or at the time limit.
 *
 * @param path the notebook's place, for its relative imports and for messages
 * @throws {UsageError} for a parameter the notebook does not have
 * @example
 * const { notebook, failure } = await runNotebook(await readNotebook(path), path, { parameters: { corpus: "tess" } });
 */
export async function runNotebook(
  notebook: Notebook,
  path: string,
  options: RunNotebookOptions = {},
): Promise<NotebookRun> {
  const { timeout = 600, signal, quiet = false, parameters = {} } = options;
  const copy: Notebook = structuredClone(injectParameters(notebook, parameters));
  const cells = runnable(copy);
  const start = performance.now();
  const progress = new Progress(basename(path, ".ipynb"), cells.length, { quiet });
  const run = new Run(cells, progress);
  const task: ChildTask = {
    root: projectRoot(),
    folder: dirname(resolve(path)),
    cells: cells.map((cell, i) => ({
      number: i + 1,
      source: textOf(cell.source),
      mayFail: hasTag(cell, "raises-exception"),
    })),
  };
  const child = startChild(task);
  const end = (ename: string, evalue: string) => {
    run.ended ??= { ename, evalue, traceback: [`${ename}: ${evalue}`] };
    killGroup(child);
  };
  const stop = () => end("Interrupted", "stopped");
  const late = `the notebook took longer than ${timeout} s; --timeout gives it more`;
  const timer = setTimeout(() => end("TimeoutError", late), 1000 * timeout);
  signal?.addEventListener("abort", stop);
  if (signal?.aborted) stop();
  try {
    await listen(child, run);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
  progress.clear();
  for (const cell of cells) cell.outputs = cell.outputs!.filter((output) => !isBlank(output));
  copy.metadata = {
    ...copy.metadata,
    kernelspec: KERNEL.metadata,
    language_info: languageInfo(run.typescript),
  };
  const interrupted = signal?.aborted ?? false;
  return {
    notebook: copy,
    seconds: (performance.now() - start) / 1000,
    cells: run.finished,
    interrupted,
    ...(run.failure && { failure: run.failure }),
  };
}

/** The code cells that are to run, with their outputs emptied; those that are not lose theirs too. */
function runnable(notebook: Notebook): Cell[] {
  const code = notebook.cells.filter((cell) => cell.cell_type === "code");
  for (const cell of code) Object.assign(cell, { outputs: [], execution_count: null });
  return code.filter((cell) => textOf(cell.source).trim() !== "" && !hasTag(cell, "skip"));
}

/** What a bar leaves that was cleared: it is not shown, and not worth a place in a file. */
function isBlank(output: Output): boolean {
  return output.output_type === "display_data" && Object.values(output.data).every((form) => form === "");
}

function startChild(task: ChildTask): ChildProcess {
  const program = join(task.root, "dist", "notebook-cells.worker.cjs");
  if (!existsSync(program)) throw new UserError(`${program} is not there: build it with "npm run build"`);
  // A process group of its own: Ctrl-C is for the runner alone, and what cells started is ended with them.
  const child = spawn(process.execPath, [program], {
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    detached: true,
  });
  const stdin = child.stdin as Writable;
  stdin.on("error", () => {});
  stdin.write(`${JSON.stringify(task)}\n`);
  return child;
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** Until the process is gone and all it said is heard. */
async function listen(child: ChildProcess, run: Run): Promise<void> {
  for (const name of ["stdout", "stderr"] as const) {
    // Cells' own output comes as events; this is what other code, not JavaScript, prints.
    (child[name] as Readable).setEncoding("utf8").on("data", (text: string) => run.print(name, text));
  }
  const exited = new Promise<{ code: number | null; signal: string | null }>((done, fail) => {
    child.on("error", fail);
    child.on("close", (code, signal) => done({ code, signal }));
  });
  const lines = createInterface({ input: child.stdio[3] as Readable });
  for await (const line of lines) {
    const event = eventIn(line);
    if (event) run.hear(event);
  }
  // Anything that cells started and left behind ends with them.
  if (run.done) killGroup(child);
  run.close(await exited);
}

/** An event, or `undefined` for the line that the process was writing when it was ended. */
function eventIn(line: string): ChildEvent | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** A notebook under way. */
class Run {
  readonly #cells: Cell[];
  readonly #progress: Progress;
  readonly #outputs = new Outputs();
  #raw = new TextLimit();
  #current = 0;
  #failed: CellFailure | undefined;
  #exit: number | undefined;
  finished = 0;
  done = false;
  typescript = "";
  failure: NotebookRun["failure"];
  /** Why the process was ended from here. */
  ended: CellFailure | undefined;

  constructor(cells: Cell[], progress: Progress) {
    this.#cells = cells;
    this.#progress = progress;
    this.#open(0);
  }

  hear(event: ChildEvent): void {
    switch (event.kind) {
      case "ready":
        this.typescript = event.typescript;
        return;
      case "start":
        this.#open(event.number);
        return;
      case "end":
        this.#end();
        return;
      case "exit":
        this.#exit = event.code;
        return;
      case "done":
        this.done = true;
        return;
      case "error":
        this.#failed = event.failure;
    }
    this.#outputs.add(event);
  }

  print(name: "stdout" | "stderr", text: string): void {
    this.#outputs.add({ kind: "stream", name, text: this.#raw.take(text) });
  }

  /** The process is gone: if the notebook was not done, that is the failure. */
  close(how: { code: number | null; signal: string | null }): void {
    if (this.done) return;
    const failure = this.ended ?? deathOf(how, this.#exit);
    this.#outputs.add({ kind: "error", failure });
    this.failure ??= { ...failure, cell: this.#current };
  }

  #open(number: number): void {
    this.#current = number;
    this.#failed = undefined;
    this.#raw = new TextLimit();
    const cell = this.#cells[number - 1];
    const outputs: Output[] = [];
    if (cell) Object.assign(cell, { outputs, execution_count: number });
    this.#outputs.startCell(outputs, number);
  }

  #end(): void {
    const cell = this.#cells[this.#current - 1]!;
    this.finished++;
    if (this.#failed && !hasTag(cell, "raises-exception"))
      this.failure = { ...this.#failed, cell: this.#current };
    const title = textOf(cell.source).trim().split("\n")[0]!;
    this.#progress.step(1, title.slice(0, 40));
  }
}

function deathOf(
  { code, signal }: { code: number | null; signal: string | null },
  exit?: number,
): CellFailure {
  const evalue =
    exit !== undefined
      ? `the process was ended with code ${exit}: a cell must not call process.exit`
      : `the process died (${signal ?? `exit code ${code}`}); it may have run out of memory`;
  return { ename: "ProcessEnded", evalue, traceback: [`ProcessEnded: ${evalue}`] };
}

function languageInfo(version: string) {
  return {
    name: "typescript",
    version,
    file_extension: ".ts",
    mimetype: "text/typescript",
    codemirror_mode: { mode: "typescript", name: "javascript", typescript: true },
  };
}

export interface RunNotebooksOptions extends RunNotebookOptions {
  /** Folder of the executed notebooks; default results/notebooks. */
  out?: string;
  /** Writes a notebook that succeeded over itself, without audio that may not be passed on. */
  inPlace?: boolean;
  /** Told of each notebook as it ends. */
  onEnd?(report: NotebookReport): void;
}

export interface NotebookReport extends Omit<NotebookRun, "notebook"> {
  /** The notebook's place, and where it was written with its outputs. */
  path: string;
  written: string;
  bytes: number;
}

/**
 * Executes notebooks one after the other and writes each with its outputs, also one that failed (then never over itself).
 * A notebook that fails does not keep the others from running.
 *
 * @param names files, or names as in notebooks/ with or without `.ipynb`; a number alone ("01") will do; none: all
 * @throws {UserError} for a notebook that is not there or none; {Interrupted} when the signal stops it
 * @throws {UsageError} for a parameter that none of the notebooks has; the others get those they have
 * @example const reports = await runNotebooks(["01"], { parameters: { corpus: "ravdess" } });
 */
export async function runNotebooks(
  names: readonly string[],
  options: RunNotebooksOptions = {},
): Promise<NotebookReport[]> {
  const out = options.out ?? join(projectRoot(), "results", "notebooks");
  const paths = await findNotebooks(names);
  const notebooks = await Promise.all(paths.map(readNotebook));
  const given = assignParameters(notebooks, options.parameters ?? {});
  const reports: NotebookReport[] = [];
  for (const [i, path] of paths.entries()) {
    const run = await runNotebook(notebooks[i]!, path, { ...options, parameters: given[i] });
    const inPlace = options.inPlace && !run.failure && !run.interrupted;
    const written = inPlace ? path : join(out, basename(path));
    const text = formatNotebook(inPlace ? withoutAudio(run.notebook) : run.notebook);
    await writeAtomic(written, text);
    const { notebook: _, ...rest } = run;
    const report = { ...rest, path, written, bytes: Buffer.byteLength(text) };
    reports.push(report);
    options.onEnd?.(report);
    if (run.interrupted) throw new Interrupted(`stopped; what ${basename(path)} had done is in ${written}`);
  }
  return reports;
}

/** The notebooks meant by names, in order of their names when none is given. */
export async function findNotebooks(names: readonly string[]): Promise<string[]> {
  const folder = join(projectRoot(), "notebooks");
  const all = (await readdir(folder)).filter((name) => name.endsWith(".ipynb")).sort();
  if (names.length === 0) return all.map((name) => join(folder, name));
  return names.map((name) => {
    if (name.endsWith(".ipynb") && existsSync(name)) return resolve(name);
    const stem = basename(name, ".ipynb");
    const matching = all.filter((file) => file === `${stem}.ipynb` || file.startsWith(`${stem}-`));
    if (matching.length === 1) return join(folder, matching[0]!);
    throw new UserError(
      `there is no notebook ${name}: notebooks/ has ${all.map((file) => basename(file, ".ipynb")).join(", ") || "none"}`,
    );
  });
}
