import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { inspect, types } from "node:util";
import { type Display, type MimeBundle, setNotebookHost } from "../base/notebook.js";
import type { Interrupts } from "./interrupts.js";
import { type Converter, type Diagnostic, type JupyterParts, loadTslab } from "./tslab.js";

/** Why a cell failed, with the names of Jupyter's protocol. */
export interface CellFailure {
  ename: string;
  evalue: string;
  traceback: string[];
}

/** Outputs of the current cell. */
export interface SessionEvents {
  display(display: Display): void;
  /** The value of the cell's last expression. */
  result(data: MimeBundle): void;
}

export interface SessionOptions {
  /** The project's folder. */
  root: string;
  /** The folder that relative imports in cells start from; default `root`/notebooks. */
  folder?: string;
  /** Checks before each cell whether lib/ has changed; default true. */
  reload?: boolean;
  interrupts?: Pick<Interrupts, "shield" | "absorb" | "caughtUp">;
  events: SessionEvents;
}

/** Runs cells one after the other; later cells see the declarations of earlier ones. */
export interface Session {
  /**
   * Runs a cell.
   *
   * @param cell its number, for messages
   * @returns why it failed, or `undefined`; never rejects
   */
  run(source: string, cell: number): Promise<CellFailure | undefined>;
  /** Describes an error outside a running cell, such as an unhandled rejection. */
  describe(error: unknown): CellFailure;
  /**
   * Ends the cell while it waits; what it waited for continues. Does nothing if no cell runs.
   *
   * @param ended the cell's computation was terminated already
   */
  interrupt(ended?: boolean): void;
  close(): void;
  typescriptVersion: string;
  /** tslab's parts, for the kernel. */
  jupyter: JupyterParts;
  executor: object;
}

/**
 * A TypeScript session around tslab. Cells are type-checked like the library (strict), may `await` anywhere, and import
 * from lib/ like files in the same folder (`../lib/index.ts`). If a file in lib/ has changed, the library is reloaded before the
 * next cell, and names imported by earlier cells refer to the new version; computed values are kept.
 *
 * One per process. The working folder becomes `root`, so that paths in cells do not depend on where Jupyter was started.
 *
 * @example
 * const session = createSession({ root, events: { display: () => {}, result: (data) => console.log(data) } });
 * await session.run("const x: number = 6 * 7;\nx", 1); // { "text/plain": "42" }
 */
export function createSession(options: SessionOptions): Session {
  const { root, events, interrupts, reload = true } = options;
  const shield = <T>(action: () => T): T => (interrupts ? interrupts.shield(action) : action());
  const folder = options.folder ?? join(root, "notebooks");
  process.chdir(root);
  const tslab = loadTslab(root);
  let complaints: Diagnostic[] = [];
  let thrown: unknown[] = [];
  const library = new Library();
  const cells = new Map<string, CompiledCell>();
  let running = 0;
  let written = "";
  let abandon = () => {};
  let stopped = false;
  let inCell = false;
  const converter: Converter = {
    convert(previous, source) {
      const converted = shield(() => tslab.converter.convert(previous, source));
      complaints = converted.diagnostics;
      const output = converted.output && `${converted.output}\n//# sourceURL=cell-${running}`;
      if (output) cells.set(`cell-${running}`, { source: written, compiled: output });
      // Always true: tslab looks for TypeScript's error about await, which cells compiled as modules do not raise.
      return { ...library.complete(converted), output, hasToplevelAwait: true };
    },
    close: () => tslab.converter.close(),
  };
  const executor = tslab.createExecutor(
    completing(converter, tslab.converter, (source) => local(source), shield),
    {
      log: (value) => events.result(resultBundle(value)),
      error: (...values) => {
        thrown = values;
      },
    },
  );
  setNotebookHost({
    display: (display) => events.display({ ...display, data: jsonBundle(display.data) }),
    get cell() {
      return running;
    },
  });
  tslab.jupyter.lastWriteDisplayData = (
    {
      data,
      metadata,
      transient,
    }: { data: MimeBundle; metadata?: Record<string, unknown>; transient?: { display_id?: string } },
    update: boolean,
  ) => events.display({ data: jsonBundle(data), metadata, id: transient?.display_id, update });

  /** The cell with its relative imports resolved from the root, of the same length if the cell is in notebooks/. */
  function local(source: string): string {
    let text = source;
    for (const { specifier, start, end } of tslab.imports(source).reverse()) {
      text = text.slice(0, start) + localSpecifier(specifier, { root, folder }) + text.slice(end);
    }
    return text;
  }

  async function execute(source: string): Promise<boolean> {
    complaints = [];
    thrown = [];
    stopped = false;
    try {
      return await new Promise<boolean>((resolve, reject) => {
        abandon = () => reject(new Error(INTERRUPTED));
        // A turn of its own: an interrupt may end all that is on the stack, and this must go on.
        setImmediate(async () => {
          // Before its first wait tslab does not know of an interrupt.
          if (stopped) return abandon();
          const succeeded = executor.execute(source);
          await succeeded.catch(() => {});
          interrupts?.absorb();
          resolve(succeeded);
        });
      });
    } catch (error) {
      thrown = [error];
      return false;
    }
  }

  async function run(source: string, cell: number): Promise<CellFailure | undefined> {
    await interrupts?.caughtUp();
    inCell = true;
    try {
      return await runCell(source, cell);
    } finally {
      inCell = false;
    }
  }

  async function runCell(source: string, cell: number): Promise<CellFailure | undefined> {
    running = cell;
    const text = local(source);
    if (reload && shield(() => tslab.noticeChanges())) await renew();
    written = source;
    if (!(await execute(text))) return failure();
    library.remember(text, tslab.imports(text));
    return undefined;
  }

  /** Repeats the cells' imports of the library. */
  async function renew(): Promise<void> {
    for (const declaration of library.imports) {
      written = declaration;
      if (await execute(declaration)) continue;
      const reasons = failure().traceback.slice(0, 6).join("\n");
      process.stderr.write(`lib/ has changed, and this import no longer works:\n${reasons}\n`);
    }
  }

  function failure(): CellFailure {
    if (interrupted(thrown[0]))
      return { ename: "Interrupted", evalue: "stopped", traceback: ["Interrupted: stopped"] };
    if (complaints.length > 0)
      return compileFailure({ source: written, name: `cell-${running}` }, complaints);
    return thrownFailure(thrown.find(types.isNativeError) ?? thrown[0], cells);
  }

  return {
    run,
    describe: (error) => thrownFailure(error, cells),
    interrupt: (ended) => {
      if (!inCell) return;
      stopped = true;
      executor.interrupt();
      if (ended) abandon();
    },
    close: () => {
      setNotebookHost(undefined);
      executor.close();
    },
    typescriptVersion: tslab.typescriptVersion,
    jupyter: tslab.jupyter,
    executor,
  };
}

/** Adds completion and inspection with the same imports as in execution. */
function completing(
  converter: Converter,
  tslabs: Converter,
  local: (source: string) => string,
  shield: Interrupts["shield"],
): Converter {
  const others = tslabs as unknown as Record<string, (...arguments_: unknown[]) => unknown>;
  const relay = (name: string) => (previous: string, source: string, position: number) =>
    shield(() => others[name]!(previous, local(source), position));
  return Object.assign(converter, {
    complete: relay("complete"),
    inspect: relay("inspect"),
    addModule: others.addModule,
  });
}

/**
 * The library's compiled files. tslab passes on only changed ones, and unchanged modules that import them would keep the old
 * ones. So after a change all files are passed on and reloaded.
 */
class Library {
  readonly #files = new Map<string, string>();
  /** The import declarations of the library in all cells, without duplicates. */
  readonly imports: string[] = [];

  complete<T extends { sideOutputs?: { path: string; data: string }[] }>(converted: T): T {
    const { sideOutputs } = converted;
    if (!sideOutputs) return converted;
    const replaced = sideOutputs.some(({ path }) => this.#files.has(path));
    for (const { path, data } of sideOutputs) this.#files.set(path, data);
    if (!replaced) return converted;
    return { ...converted, sideOutputs: Array.from(this.#files, ([path, data]) => ({ path, data })) };
  }

  remember(source: string, imports: readonly { specifier: string; start: number; end: number }[]): void {
    for (const { specifier, start, end } of imports) {
      if (!specifier.startsWith(".")) continue;
      const begin = source.lastIndexOf("import", start);
      const declaration = source.slice(begin, end + 1);
      if (/^import\s*[\w{*]/.test(declaration) && !this.imports.includes(declaration))
        this.imports.push(declaration);
    }
  }
}

/**
 * A relative import of a cell as tslab resolves it, from the root and with the extension of the compiled file:
 * `../lib/index.ts` in notebooks/ becomes `.//lib/index.js` (of the same length, so that errors point at the right column). A
 * notebook in another place, such as a copy, finds lib/ by its name.
 */
export function localSpecifier(
  specifier: string,
  { root, folder }: { root: string; folder: string },
): string {
  if (!/^\.\.?\//.test(specifier)) return specifier;
  const compiledName = specifier.replace(/\.ts$/, ".js");
  const within = relative(root, resolve(folder, compiledName)).replaceAll("\\", "/");
  if (!within.startsWith("../") && existsSync(dirname(join(root, within)))) {
    return within.startsWith("lib/") ? `.//${within}` : `./${within}`;
  }
  const inLib = /^(?:\.\.?\/)+(lib\/.*)$/.exec(compiledName);
  return inLib ? `.//${inLib[1]}` : compiledName;
}

/** JSON forms as objects, binary forms as base64. */
function jsonBundle(data: MimeBundle): MimeBundle {
  return Object.fromEntries(Object.entries(data).map(([type, value]) => [type, jsonValue(type, value)]));
}

function jsonValue(type: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (typeof value !== "string" || !/^application\/(.*\+)?json$/.test(type)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function resultBundle(value: unknown): MimeBundle {
  return { "text/plain": inspect(value, { depth: 3, maxArrayLength: 100, breakLength: 100 }) };
}

/** Errors for exported names whose type TypeScript cannot write out, as for some types of packages. */
const UNNAMEABLE = new Set([2742, 4023, 4025, 4058, 4094]);

/** The compiler's errors; those in the cell with their line and a caret below it. */
function compileFailure(
  cell: { source: string; name: string },
  complaints: readonly Diagnostic[],
): CellFailure {
  const lines = cell.source.split("\n");
  const traceback = complaints.flatMap(({ start, end, messageText, code, fileName }) => {
    const place = `${fileName ?? cell.name}:${start.line + 1}:${start.character + 1}`;
    const message = `${place} - TS${code}: ${asWritten(messageText).replaceAll("\n", "\n    ")}`;
    const hint = UNNAMEABLE.has(code) ? ["    (give the name a type, for example `const x: any = ...`)"] : [];
    const line = fileName ? undefined : lines[start.line];
    if (line === undefined) return [message, ...hint];
    const until = end.line === start.line ? end.character : line.length;
    const caret = "^".repeat(Math.max(1, until - start.character));
    return [message, ...hint, `  ${line}`, `  ${" ".repeat(start.character)}${caret}`];
  });
  const { code, messageText } = complaints[0]!;
  return {
    ename: "TypeScriptError",
    evalue: `TS${code}: ${asWritten(messageText).split("\n")[0]}`,
    traceback,
  };
}

/** An error message with the import paths as written in the cell: see {@link localSpecifier}. */
function asWritten(message: string): string {
  return message.replace(/(['"])\.\/\/(lib\/[^'"]+)\.js\1/g, "$1../$2.ts$1");
}

/** A cell as written and as compiled. */
interface CompiledCell {
  source: string;
  compiled: string;
}

/** A thrown value, with the lines of cells in its stack trace if they can be determined. */
function thrownFailure(error: unknown, cells: ReadonlyMap<string, CompiledCell>): CellFailure {
  if (!types.isNativeError(error)) {
    const text = inspect(error);
    return { ename: "Error", evalue: text, traceback: [text] };
  }
  const frames = (error.stack ?? "").split("\n").filter((line) => /^ {4}at /.test(line));
  // Frames below the cell's outermost one belong to the kernel.
  const outermost = frames.findLastIndex((frame) => CELL_FRAME.test(frame));
  const shown = frames
    .slice(0, outermost >= 0 ? outermost + 1 : frames.length)
    .filter(
      (frame) => !/node_modules[\\/]tslab[\\/]|node:(?:vm|internal)|[\\/]dist[\\/]ser\.cjs/.test(frame),
    );
  return {
    ename: error.name,
    evalue: error.message,
    traceback: [`${error.name}: ${error.message}`, ...shown.flatMap((frame) => withCellLine(frame, cells))],
  };
}

/** tslab's message for an interrupted cell. */
const INTERRUPTED = "Interrupted asynchronously";

function interrupted(error: unknown): boolean {
  return types.isNativeError(error) && error.message === INTERRUPTED;
}

const CELL_FRAME = /(cell-\d+):(\d+):\d+/;

/** A line of a stack trace, with the source line if it is of a cell. */
function withCellLine(frame: string, cells: ReadonlyMap<string, CompiledCell>): string[] {
  const [position, name, number] = CELL_FRAME.exec(frame) ?? [];
  if (!position) return [frame];
  const cell = cells.get(name!);
  const line = cell && originalLine(cell, Number(number));
  if (!cell || line === undefined) return [frame.replace(position, name!)];
  return [frame.replace(position, `${name}:${line}`), `      ${cell.source.split("\n")[line - 1]!.trim()}`];
}

/**
 * The source line (from 1) of a compiled line. Compilation keeps statements, drops blank lines and types, and splits some
 * lines, so the line is found by its text, and only if the match is unique.
 */
function originalLine({ source, compiled }: CompiledCell, number: number): number | undefined {
  const plain = (text: string) =>
    text
      .replace(/\(0, (?:\w+\.)*(\w+)\)/g, "$1")
      .replace(/\bexports\./g, "")
      .replace(/[\s;]/g, "");
  const wanted = plain(compiled.split("\n")[number - 1] ?? "");
  if (wanted.length < SHORTEST) return undefined;
  const lines = source.split("\n").map(plain);
  const only = (matches: (line: string) => boolean): number | undefined => {
    const found = lines.flatMap((line, i) => (line.length >= SHORTEST && matches(line) ? [i + 1] : []));
    return found.length === 1 ? found[0] : undefined;
  };
  return only((line) => line === wanted) ?? only((line) => line.includes(wanted) || wanted.includes(line));
}

/** Shortest line that is matched, in characters: a single brace is not unique. */
const SHORTEST = 3;
