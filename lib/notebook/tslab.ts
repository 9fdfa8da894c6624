import { readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** A compiler error; lines and characters count from 0. */
export interface Diagnostic {
  start: { line: number; character: number };
  end: { line: number; character: number };
  messageText: string;
  code: number;
  /** Relative to the root; absent for the cell itself. */
  fileName?: string;
}

/** A cell compiled by tslab's converter. */
export interface Converted {
  output?: string;
  declOutput?: string;
  diagnostics: Diagnostic[];
  hasToplevelAwait?: boolean;
  sideOutputs?: { path: string; data: string }[];
  lastExpressionVar?: string;
}

export interface Converter {
  convert(previous: string, source: string): Converted;
  close(): void;
}

export interface Executor {
  execute(source: string): Promise<boolean>;
  interrupt(): void;
  close(): void;
}

/** The part of a ZeroMQ socket that is used here. */
interface WireSocket {
  /** How long sending waits for room, in milliseconds. */
  sendTimeout: number;
}

/** A message of Jupyter's protocol in tslab. */
export interface WireMessage {
  header: { msg_type: string };
  content: Record<string, unknown>;
  createReply(): WireMessage;
  signAndSend(key: string, socket: unknown): void;
}

/** tslab's implementation of the protocol: sockets, completion, inspection. Execution is our own. */
export interface JupyterParts {
  JupyterHandlerImpl: new (
    executor: Executor,
    isJs: boolean,
  ) => {
    handleKernel(): Record<string, unknown>;
    handleShutdown(request: { restart: boolean }): { restart: boolean };
    close(): void;
  };
  ZmqServer: new (
    handler: object,
    configPath: string,
  ) => {
    connInfo: { key: string };
    iopub: WireSocket;
    shell: WireSocket;
    control: WireSocket;
    init(): Promise<void>;
    close(): void;
  };
  lastWriteDisplayData: unknown;
}

type Callback = (...arguments_: unknown[]) => void;
type FileCallback = (path: string, kind: number) => void;
type FolderCallback = (path: string) => void;
type Closable = { close(): void };

interface CompilerSystem {
  watchFile(path: string, callback: FileCallback): Closable;
  watchDirectory(path: string, callback: FolderCallback, recursive?: boolean): Closable;
  setTimeout(callback: Callback, ms?: number, ...rest: unknown[]): unknown;
  clearTimeout(id: unknown): void;
}

interface CompilerDiagnostic {
  messageText: unknown;
}

/** The part of a syntax tree node that is used here. */
interface Node {
  name: { text: string };
  objectAssignmentInitializer?: Node;
  fileName: string;
}

interface Builder {
  emit(
    file: unknown,
    write: unknown,
    token: unknown,
    onlyDeclarations: unknown,
    transformers?: { before?: unknown[] },
  ): unknown;
  getProgram(): {
    getTypeChecker(): { getShorthandAssignmentValueSymbol(node: Node): SymbolLike | undefined };
  };
}

interface SymbolLike {
  declarations?: { getSourceFile(): { fileName: string } }[];
}

interface WatchHost {
  afterProgramCreate?: (builder: Builder) => void;
}

interface Compiler {
  version: string;
  sys: CompilerSystem;
  ModuleResolutionKind: { Bundler: number };
  FileWatcherEventKind: { Created: number; Changed: number; Deleted: number };
  createWatchCompilerHost(
    files: string[],
    options: object,
    system: CompilerSystem,
    ...rest: unknown[]
  ): object;
  getPreEmitDiagnosticsOfFiles(program: object, files: readonly object[]): readonly CompilerDiagnostic[];
  flattenDiagnosticMessageText(text: unknown, newLine: string): string;
  createWatchProgram(host: WatchHost): object;
  isShorthandPropertyAssignment(node: Node): boolean;
  visitEachChild(node: Node, visit: (node: Node) => Node, context: object): Node;
  factory: {
    createIdentifier(name: string): Node;
    createPropertyAccessExpression(left: Node, name: string): Node;
    createPropertyAssignment(name: string, value: Node): Node;
    createAssignment(left: Node, right: Node): Node;
  };
  preProcessFile(source: string): { importedFiles: { fileName: string; pos: number; end: number }[] };
}

export interface Tslab {
  typescriptVersion: string;
  converter: Converter;
  createExecutor(
    converter: Converter,
    out: { log(value: unknown): void; error(...values: unknown[]): void },
  ): Executor;
  jupyter: JupyterParts;
  /** All import paths in a source, with their position (without quotes). */
  imports(source: string): { specifier: string; start: number; end: number }[];
  /** Notifies the compiler of changed, new or removed files in lib/; returns whether there were any. */
  noticeChanges(): boolean;
}

/**
 * Loads tslab with features that it lacks: the options of this project's tsconfig.json, all forms of top-level await, and files
 * of lib/ that are added, changed or removed while a notebook is open. Once per process: tslab has global state.
 *
 * tslab 1.0.22 keeps one rebuild timer and throws "Unexpected pending rebuildTimer" when a file watcher asks for a second
 * one; from then on every cell fails. So no file is watched: before each cell `noticeChanges` checks lib/ and notifies the
 * compiler, which also makes reloads predictable.
 *
 * @param root the project's folder; it must be the working folder, since tslab resolves paths against it
 */
export function loadTslab(root: string): Tslab {
  const load = createRequire(join(root, "package.json"));
  const fromTslab = createRequire(load.resolve("tslab/package.json"));
  const compilerPath = fromTslab.resolve("@tslab/typescript-for-tslab");
  const ts: Compiler = load(compilerPath);
  const watchers = new Watchers();
  const timers = new Timers();
  const patched = Object.create(ts, {
    sys: { enumerable: true, value: watchers.install(ts.sys) },
    createWatchCompilerHost: {
      enumerable: true,
      value: (files: string[], options: object, system: CompilerSystem, ...rest: unknown[]) => {
        timers.install(system);
        const ours = {
          strict: true,
          moduleResolution: ts.ModuleResolutionKind.Bundler,
          disableTopLevelAwait: false,
          lib: ["lib.es2023.d.ts"],
        };
        const shims = join(root, "lib", "shims.d.ts");
        return ts.createWatchCompilerHost([...files, shims], { ...options, ...ours }, system, ...rest);
      },
    },
    createWatchProgram: {
      enumerable: true,
      value: (host: WatchHost) => {
        const created = host.afterProgramCreate;
        host.afterProgramCreate = (builder) => {
          const emit = builder.emit.bind(builder);
          builder.emit = (file, write, token, only, transformers) =>
            emit(file, write, token, only, { ...transformers, before: [longhand(ts, builder)] });
          created?.(builder);
        };
        return ts.createWatchProgram(host);
      },
    },
    // tslab drops the file of an error with a chain of messages, unless they are one text.
    getPreEmitDiagnosticsOfFiles: {
      enumerable: true,
      value: (program: object, files: readonly object[]) =>
        ts.getPreEmitDiagnosticsOfFiles(program, files).map((complaint) => ({
          ...complaint,
          messageText: ts.flattenDiagnosticMessageText(complaint.messageText, "\n"),
        })),
    },
  });
  // tslab copies only own keys.
  for (const key of Object.keys(ts)) {
    if (Object.hasOwn(patched, key)) continue;
    Object.defineProperty(patched, key, { enumerable: true, get: () => ts[key as keyof Compiler] });
  }
  load.cache[compilerPath]!.exports = patched;
  const { createConverter } = load("tslab/dist/converter");
  const { createExecutor } = load("tslab/dist/executor");
  const converter: Converter = createConverter({ isJS: false, isBrowser: false });
  const library = new FolderState(join(root, "lib"));
  return {
    typescriptVersion: ts.version,
    converter,
    createExecutor: (node, out) =>
      createExecutor(root, { node, browser: node, close: () => node.close() }, out),
    jupyter: load("tslab/dist/jupyter"),
    imports: (source) =>
      ts.preProcessFile(source).importedFiles.map(({ fileName, pos }) => {
        // TypeScript 5.0 gives the position of the literal's opening quote or of the text after it.
        const start = source.startsWith(fileName, pos) ? pos : pos + 1;
        return { specifier: fileName, start, end: start + fileName.length };
      }),
    noticeChanges: () => {
      const changes = library.changes();
      timers.atOnce(() => {
        for (const { path, kind } of changes) watchers.notify(path, ts.FileWatcherEventKind[kind]);
      });
      return changes.length > 0;
    },
  };
}

/**
 * tslab rewrites a name of an earlier cell to `exports.name`, except in `{ name }`, where it would not be found. This rewrites
 * it there, to `{ name: exports.name }`.
 */
function longhand(ts: Compiler, builder: Builder) {
  const checker = builder.getProgram().getTypeChecker();
  const isEarlier = (node: Node) =>
    checker
      .getShorthandAssignmentValueSymbol(node)
      ?.declarations?.some((declaration) => declaration.getSourceFile().fileName.endsWith("/__prev__.d.ts"));
  return (context: object) => {
    const visit = (node: Node): Node => {
      if (!ts.isShorthandPropertyAssignment(node) || !isEarlier(node))
        return ts.visitEachChild(node, visit, context);
      const { text } = node.name;
      const earlier = ts.factory.createPropertyAccessExpression(ts.factory.createIdentifier("exports"), text);
      const preset = node.objectAssignmentInitializer;
      return ts.factory.createPropertyAssignment(
        text,
        preset ? ts.factory.createAssignment(earlier, ts.visitEachChild(preset, visit, context)) : earlier,
      );
    };
    return (file: Node) =>
      file.fileName.endsWith("/__tslab__.ts") ? ts.visitEachChild(file, visit, context) : file;
  };
}

/** Records which files the compiler wants to watch, for `notify`, without watching them. */
class Watchers {
  readonly #files = new Map<string, Set<FileCallback>>();
  readonly #folders = new Map<string, Set<FolderCallback>>();

  install(system: CompilerSystem): CompilerSystem {
    return Object.assign(Object.create(system), {
      watchFile: (path: string, callback: FileCallback) => keep(this.#files, path, callback),
      watchDirectory: (path: string, callback: FolderCallback) => keep(this.#folders, path, callback),
    });
  }

  notify(path: string, kind: number): void {
    for (const callback of [...(this.#files.get(path) ?? [])]) callback(path, kind);
    for (const [folder, callbacks] of this.#folders) {
      if (path.startsWith(`${folder}/`)) for (const callback of [...callbacks]) callback(path);
    }
  }
}

function keep<F>(map: Map<string, Set<F>>, path: string, callback: F): Closable {
  const callbacks = map.get(path) ?? new Set();
  map.set(path, callbacks.add(callback));
  return { close: () => callbacks.delete(callback) };
}

/** Timers of the compiler: at most one is tslab's own; further ones, and all set within `atOnce`, run when `atOnce` ends. */
class Timers {
  readonly #waiting = new Map<object, () => void>();
  #atOnce = false;

  install(system: CompilerSystem): void {
    const set = system.setTimeout;
    const clear = system.clearTimeout;
    const wait = (run: () => void) => {
      const id = {};
      this.#waiting.set(id, run);
      return id;
    };
    system.setTimeout = (callback, _ms, ...rest) => {
      const run = () => callback(...rest);
      if (this.#atOnce) return wait(run);
      try {
        return set(run);
      } catch {
        return wait(run);
      }
    };
    system.clearTimeout = (id) => {
      if (this.#waiting.delete(id as object)) return;
      try {
        clear(id);
      } catch {
        // Already run.
      }
    };
  }

  atOnce(action: () => void): void {
    this.#atOnce = true;
    try {
      action();
      // A timer may set another: invalidating a file requests a new program.
      for (let next = this.#next(); next; next = this.#next()) next();
    } finally {
      this.#atOnce = false;
    }
  }

  #next(): (() => void) | undefined {
    for (const [id, run] of this.#waiting) {
      this.#waiting.delete(id);
      return run;
    }
    return undefined;
  }
}

/** The TypeScript files in a folder, with their modification times and sizes. */
class FolderState {
  readonly #folder: string;
  #files: Map<string, string>;

  constructor(folder: string) {
    this.#folder = folder;
    this.#files = this.#read();
  }

  /** Changes since the last call. */
  changes(): { path: string; kind: "Created" | "Changed" | "Deleted" }[] {
    const before = this.#files;
    this.#files = this.#read();
    const changes: ReturnType<FolderState["changes"]> = [];
    for (const [path, state] of this.#files) {
      if (!before.has(path)) changes.push({ path, kind: "Created" });
      else if (before.get(path) !== state) changes.push({ path, kind: "Changed" });
    }
    for (const path of before.keys()) if (!this.#files.has(path)) changes.push({ path, kind: "Deleted" });
    return changes;
  }

  #read(): Map<string, string> {
    const files = new Map<string, string>();
    for (const name of readdirSync(this.#folder, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts")) continue;
      const path = join(this.#folder, name);
      const state = statSync(path, { throwIfNoEntry: false });
      if (state) files.set(path.replaceAll("\\", "/"), `${state.mtimeMs} ${state.size}`);
    }
    return files;
  }
}
