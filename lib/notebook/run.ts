import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { assertWritable, writeAtomic } from "../base/atomic.js";
import { Interrupted, UsageError, UserError } from "../base/errors.js";
import { endGroup } from "../base/process.js";
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
  /** Values that override those of the cell tagged "parameters". */
  parameters?: Readonly<Record<string, unknown>>;
  /** Time limit of the notebook in seconds; default 600. */
  timeout?: number;
  /** Stops the notebook; its outputs so far are kept. */
  signal?: AbortSignal;
  /** No progress on standard error. */
  quiet?: boolean;
}

/** The result of running a notebook. */
export interface NotebookRun {
  notebook: Notebook;
  seconds: number;
  /** Number of code cells that ran. */
  cells: number;
  /** The error that stopped it; `cell` is its execution number. */
  failure?: CellFailure & { cell: number };
  /** It was stopped from outside. */
  interrupted: boolean;
}

/**
 * Executes a notebook in a new process and returns it with its outputs. Cells tagged "skip" are left out. An error in a cell
 * tagged "raises-exception" is an ordinary output; any other error ends the notebook, and earlier cells keep their outputs. So
 * does the end of the process: by `process.exit`, a crash, or the time limit.
 *
 * @param path of the notebook, for its relative imports and for messages
 * @throws {UsageError} for a parameter that the notebook does not have
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
    endGroup(child);
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

/** The code cells that will run. The outputs of all code cells are removed. */
function runnable(notebook: Notebook): Cell[] {
  const code = notebook.cells.filter((cell) => cell.cell_type === "code");
  for (const cell of code) Object.assign(cell, { outputs: [], execution_count: null });
  return code.filter((cell) => textOf(cell.source).trim() !== "" && !hasTag(cell, "skip"));
}

/** Whether an output is empty, such as that of a cleared progress bar: it is not written to the file. */
function isBlank(output: Output): boolean {
  return output.output_type === "display_data" && Object.values(output.data).every((form) => form === "");
}

function startChild(task: ChildTask): ChildProcess {
  const program = join(task.root, "dist", "notebook-cells.worker.cjs");
  if (!existsSync(program)) throw new UserError(`${program} not found: build it with "npm run build"`);
  // A separate process group: Ctrl-C reaches only the runner, and processes started by cells are ended with them.
  const child = spawn(process.execPath, [program], {
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    detached: true,
    windowsHide: true,
  });
  const stdin = child.stdin as Writable;
  stdin.on("error", () => {});
  stdin.write(`${JSON.stringify(task)}\n`);
  return child;
}

/** Handles the output of the process until it has ended. */
async function listen(child: ChildProcess, run: Run): Promise<void> {
  for (const name of ["stdout", "stderr"] as const) {
    // The output of cells arrives as events; this is what native code prints.
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
  // Ends processes that cells started and left running.
  if (run.done) endGroup(child);
  run.close(await exited);
}

/** An event, or `undefined` for an incomplete line of a process that was ended. */
function eventIn(line: string): ChildEvent | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** A running notebook. */
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
  /** Why this process ended the other one. */
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

  /** The process has ended: if the notebook was not done, that is its failure. */
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
      ? `the process ended with code ${exit}: a cell must not call process.exit`
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
  /** Overwrites a notebook that succeeded, without audio that must not be redistributed. */
  inPlace?: boolean;
  /** Called after each notebook. */
  onEnd?(report: NotebookReport): void;
}

export interface NotebookReport extends Omit<NotebookRun, "notebook"> {
  /** Path of the notebook. */
  path: string;
  /** Path of the executed notebook. */
  written: string;
  bytes: number;
}

/**
 * Executes notebooks one after the other and writes each with its outputs. A notebook that fails is written too, but never
 * overwritten, and the others still run.
 *
 * @param names files, or names in notebooks/ with or without `.ipynb`; a number ("01") is enough; if empty, all
 * @throws {UserError} if a notebook is missing or not a notebook
 * @throws {Interrupted} when `signal` aborts
 * @throws {UsageError} for a parameter that none of the notebooks has (each gets those that it declares), and for notebooks that
 *   would be written to the same file, or over themselves; nothing is executed then
 * @example const reports = await runNotebooks(["01"], { parameters: { corpus: "ravdess" } });
 */
export async function runNotebooks(
  names: readonly string[],
  options: RunNotebooksOptions = {},
): Promise<NotebookReport[]> {
  const out = options.out ?? join(projectRoot(), "results", "notebooks");
  const paths = [...new Set(await findNotebooks(names))];
  const targets = outputNames(paths, (path) => basename(path)).map((name) => join(out, name));
  const itself = targets.find((target) => paths.includes(resolve(target)));
  if (itself)
    throw new UsageError(`${itself} would overwrite a notebook to run: give another folder with --out`);
  const notebooks = await Promise.all(paths.map(readNotebook));
  const given = assignParameters(notebooks, options.parameters ?? {});
  // A notebook that fails is written to the other folder even with --in-place.
  const folders = [out, ...(options.inPlace ? paths.map((path) => dirname(path)) : [])];
  for (const folder of new Set(folders)) await assertWritable(folder);
  const reports: NotebookReport[] = [];
  for (const [i, path] of paths.entries()) {
    const run = await runNotebook(notebooks[i]!, path, { ...options, parameters: given[i] });
    const inPlace = options.inPlace && !run.failure && !run.interrupted;
    const written = inPlace ? path : targets[i]!;
    const text = formatNotebook(inPlace ? withoutAudio(run.notebook) : run.notebook);
    await writeAtomic(written, text);
    const { notebook: _, ...rest } = run;
    const report = { ...rest, path, written, bytes: Buffer.byteLength(text) };
    reports.push(report);
    options.onEnd?.(report);
    if (run.interrupted)
      throw new Interrupted(`stopped: the outputs of ${basename(path)} so far are in ${written}`);
  }
  return reports;
}

/**
 * The names of the files that are written for notebooks, all into one folder.
 *
 * @throws {UsageError} when two notebooks would be written to the same file (names are compared without case, as on macOS)
 * @example outputNames(["a/x.ipynb"], (path) => `${basename(path, ".ipynb")}.html`) // ["x.html"]
 */
export function outputNames(paths: readonly string[], nameOf: (path: string) => string): string[] {
  const names = paths.map(nameOf);
  const keys = names.map((name) => name.toLowerCase());
  const second = keys.findIndex((key, i) => keys.indexOf(key) < i);
  if (second < 0) return names;
  throw new UsageError(
    `${paths[keys.indexOf(keys[second]!)]} and ${paths[second]} would be written to the same file, ${names[second]}: take one at a time, each with its own --out`,
  );
}

/** The paths of notebooks by name; without names, all of them, sorted. */
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
      `notebook ${name} not found: notebooks/ has ${all.map((file) => basename(file, ".ipynb")).join(", ") || "none"}`,
    );
  });
}
