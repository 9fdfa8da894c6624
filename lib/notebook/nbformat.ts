import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { systemReason, UsageError, UserError } from "../base/errors.js";
import type { MimeBundle } from "../base/notebook.js";
import type { CellFailure } from "./session.js";

/** A text in a notebook file: one string, or lines that keep their line feeds. */
export type Text = string | string[];

export type Output =
  | { output_type: "stream"; name: "stdout" | "stderr"; text: Text }
  | { output_type: "display_data"; data: MimeBundle; metadata: Record<string, unknown> }
  | {
      output_type: "execute_result";
      data: MimeBundle;
      metadata: Record<string, unknown>;
      execution_count: number | null;
    }
  | ({ output_type: "error" } & CellFailure);

export interface Cell {
  cell_type: "code" | "markdown" | "raw";
  id?: string;
  metadata: { tags?: string[]; [key: string]: unknown };
  source: Text;
  /** Images of a markdown cell. */
  attachments?: unknown;
  /** Code cells only, like `execution_count`. */
  outputs?: Output[];
  execution_count?: number | null;
}

/** A notebook file, format 4. */
export interface Notebook {
  cells: Cell[];
  metadata: Record<string, unknown>;
  nbformat: number;
  nbformat_minor: number;
}

/**
 * Reads a notebook of format 4.
 *
 * @throws {UserError} naming the file, if it is missing or not a notebook
 * @example const notebook = await readNotebook("notebooks/01-explore.ipynb");
 */
export async function readNotebook(path: string): Promise<Notebook> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new UserError(`cannot read ${path}: ${systemReason(error)}`, { cause: error });
  }
  return parseNotebook(text, path);
}

/**
 * Parses a notebook from JSON. Missing metadata and outputs get defaults; a byte order mark is skipped.
 *
 * @param path named in errors
 * @throws {UserError} if the text is not a notebook of format 4
 */
export function parseNotebook(text: string, path: string): Notebook {
  const refuse = (reason: string) => new UserError(`${path} is not a notebook: ${reason}`);
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    throw refuse("its text is not JSON; if it was cut off, restore an earlier version");
  }
  if (!isRecord(value)) throw refuse("it is not a JSON object");
  // Format 3 has worksheets, not cells: the format is looked at first.
  const wrong = problemOfFormat(value.nbformat);
  if (wrong) throw refuse(wrong);
  if (!Array.isArray(value.cells)) throw refuse('it has no list of "cells"');
  const cells = value.cells.map((cell: unknown, i) => {
    if (!isRecord(cell)) throw refuse(`cell ${i + 1} is not an object`);
    if (!["code", "markdown", "raw"].includes(String(cell.cell_type))) {
      throw refuse(`cell ${i + 1} has the unknown type ${JSON.stringify(cell.cell_type)}`);
    }
    if (!isText(cell.source)) throw refuse(`cell ${i + 1} has no source`);
    const outputs = Array.isArray(cell.outputs) ? cell.outputs.filter(isRecord) : [];
    const metadata = isRecord(cell.metadata) ? cell.metadata : {};
    if (metadata.tags !== undefined && !isTags(metadata.tags))
      throw refuse(`the tags of cell ${i + 1} are not a list of texts`);
    return { ...cell, metadata, ...(cell.cell_type === "code" && { outputs }) } as unknown as Cell;
  });
  return {
    ...value,
    cells,
    metadata: isRecord(value.metadata) ? value.metadata : {},
    nbformat: 4,
    nbformat_minor: typeof value.nbformat_minor === "number" ? value.nbformat_minor : 0,
  };
}

/** Why a notebook of this format is not read; `undefined` for format 4. */
function problemOfFormat(format: unknown): string | undefined {
  if (format === 4) return undefined;
  if (typeof format !== "number") return 'it does not give its format ("nbformat": 4)';
  return `its format is ${format}, not 4; ${format < 4 ? "open and save it in Jupyter" : "save it as format 4"}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is Text {
  return (
    typeof value === "string" || (Array.isArray(value) && value.every((line) => typeof line === "string"))
  );
}

function isTags(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((tag) => typeof tag === "string");
}

/**
 * The text of a notebook file: format 4.5, every cell with an id, texts split into lines (so that diffs are readable), and the
 * JSON of a display on one line (one line per number of a figure would double the file).
 */
export function formatNotebook(notebook: Notebook): string {
  const mark = randomBytes(8).toString("hex");
  const displays: unknown[] = [];
  const onOneLine = (value: unknown) => `${mark}${displays.push(value) - 1}`;
  const used = new Set<string>();
  const cells = notebook.cells.map((cell) => {
    const valid = cell.id !== undefined && /^[\w-]{1,64}$/.test(cell.id) && !used.has(cell.id);
    const id = valid ? cell.id! : randomBytes(4).toString("hex");
    used.add(id);
    const { cell_type, metadata, source, outputs, execution_count } = cell;
    const code = cell_type === "code";
    return {
      cell_type,
      ...(code && { execution_count: execution_count ?? null }),
      id,
      metadata,
      ...(code && { outputs: (outputs ?? []).map((output) => withLines(output, onOneLine)) }),
      ...(cell.attachments !== undefined && { attachments: cell.attachments }),
      source: linesOf(source),
    };
  });
  const whole = { cells, metadata: notebook.metadata, nbformat: 4, nbformat_minor: 5 };
  const text = JSON.stringify(whole, null, 1);
  return `${text.replace(new RegExp(`"${mark}(\\d+)"`, "g"), (_, i) => JSON.stringify(displays[i]))}\n`;
}

function withLines(output: Output, onOneLine: (value: unknown) => string): Output {
  if (output.output_type === "stream") return { ...output, text: linesOf(output.text) };
  if (output.output_type === "error") return output;
  const data = Object.entries(output.data).map(([type, value]) => [type, dataOf(type, value, onOneLine)]);
  return { ...output, data: Object.fromEntries(data) };
}

function dataOf(type: string, value: unknown, onOneLine: (value: unknown) => string): unknown {
  if (isBinary(type)) return value;
  return typeof value === "string" || isText(value) ? linesOf(value) : onOneLine(value);
}

/** Whether a form is base64, which is written on one line. */
function isBinary(type: string): boolean {
  return /^(?:image|audio|video)\//.test(type) && type !== "image/svg+xml";
}

/** A text of a notebook file as one string. */
export function textOf(text: Text): string {
  return typeof text === "string" ? text : text.join("");
}

function linesOf(text: Text): string[] {
  return textOf(text)
    .split(/(?<=\n)/)
    .filter((line) => line !== "");
}

/** Whether a cell has a tag. */
export function hasTag(cell: Cell, tag: string): boolean {
  return cell.metadata.tags?.includes(tag) ?? false;
}

/** The names that are declared in a notebook's cells tagged "parameters". */
export function parameterNames(notebook: Notebook): string[] {
  return notebook.cells
    .filter((cell) => hasTag(cell, "parameters"))
    .flatMap((cell) =>
      Array.from(textOf(cell.source).matchAll(/^\s*(?:const|let|var)\s+([\w$]+)/gm), (m) => m[1]!),
    );
}

/**
 * A copy with overridden parameters: the cell tagged "parameters" is followed by one tagged "injected-parameters" that declares
 * the given ones again (papermill's convention). A previously injected cell is replaced.
 *
 * @throws {UsageError} for a name that the notebook does not declare as a parameter
 * @example injectParameters(notebook, { corpus: "ravdess", epochs: 3 })
 */
export function injectParameters(
  notebook: Notebook,
  parameters: Readonly<Record<string, unknown>>,
): Notebook {
  const cells = notebook.cells.filter((cell) => !hasTag(cell, "injected-parameters"));
  const names = parameterNames(notebook);
  const given = Object.entries(parameters);
  for (const [name] of given) {
    if (names.includes(name)) continue;
    throw new UsageError(`no parameter is called ${name}: there are ${names.join(", ") || "none"}`);
  }
  if (given.length > 0) {
    const after = cells.findLastIndex((cell) => hasTag(cell, "parameters")) + 1;
    cells.splice(after, 0, {
      cell_type: "code",
      id: "injected-parameters",
      metadata: { tags: ["injected-parameters"] },
      execution_count: null,
      outputs: [],
      source: given.map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`).join("\n"),
    });
  }
  return { ...notebook, cells };
}

/** Metadata of an output with audio that must not be redistributed; set by `listen`. */
export const PRIVATE_AUDIO = "ser_private_audio";

/** A copy in which audio that must not be redistributed is replaced by a line of text. */
export function withoutAudio(notebook: Notebook): Notebook {
  const silenced = (output: Output): Output => {
    if (output.output_type !== "display_data" || !output.metadata[PRIVATE_AUDIO]) return output;
    const text = textOf(output.data["text/plain"] as Text);
    return {
      ...output,
      data: { "text/plain": `${text} (not kept: the corpus may not be passed on)` },
      metadata: {},
    };
  };
  const cells = notebook.cells.map((cell) =>
    cell.outputs ? { ...cell, outputs: cell.outputs.map(silenced) } : cell,
  );
  return { ...notebook, cells };
}

/**
 * Assigns parameters to notebooks: each gets those that it declares.
 *
 * @throws {UsageError} for a name that none of them has
 */
export function assignParameters(
  notebooks: readonly Notebook[],
  parameters: Readonly<Record<string, unknown>>,
): Record<string, unknown>[] {
  const names = notebooks.map(parameterNames);
  for (const name of Object.keys(parameters)) {
    if (names.some((own) => own.includes(name))) continue;
    const all = [...new Set(names.flat())];
    throw new UsageError(`no parameter is called ${name}: there are ${all.join(", ") || "none"}`);
  }
  return names.map((own) =>
    Object.fromEntries(Object.entries(parameters).filter(([name]) => own.includes(name))),
  );
}
