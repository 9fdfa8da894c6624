import { notebookHost } from "./notebook.js";

/** A value in a table: `undefined` and `null` are shown as "-". */
export type Cell = string | number | boolean | null | undefined;

/** Options of {@link formatTable}. */
export interface TableOptions {
  /** Characters a line may have; default: those of the terminal, and any number where the output is no terminal. */
  width?: number;
}

/** Spaces between two columns; one where that saves a further table. */
const GAPS = [2, 1];

/** Pieces of text are kept whole up to this length, and columns of sentences are made no narrower than that. */
const LEAST = 20;
const LEAST_OF_SENTENCES = 28;

/**
 * A table for a terminal: first column left, numbers right, a rule under the header. Where it is too wide, cells of text wrap
 * within their columns; if that is not enough, the columns that do not fit follow in further tables below, which repeat the first
 * column. Nothing is left out. Control characters are shown as JSON has them.
 *
 * @example formatTable(["model", "UAR"], [["cnn", 52.1]])
 */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  { width = terminalWidth() }: TableOptions = {},
): string {
  const columns = header.map((name, at) => columnOf(name, rows, at));
  const layouts = GAPS.map((gap) => ({ gap, blocks: blocksOf(columns, width, gap) }));
  const { gap, blocks } = layouts.reduce((a, b) => (b.blocks.length < a.blocks.length ? b : a));
  return blocks.map((block) => tableText(block, fitted(block, width, gap), gap)).join("\n\n");
}

/** The width of the terminal that standard output is; without one, and in a notebook, unlimited. */
function terminalWidth(): number {
  if (!process.stdout.isTTY || notebookHost()) return Number.POSITIVE_INFINITY;
  return process.stdout.columns || 80;
}

interface Column {
  /** The header, then the cells. */
  cells: string[];
  /** It has numbers, so it stands right. */
  numeric: boolean;
  /** Width of the widest cell. */
  natural: number;
  /** Width below which it is not made narrower. */
  least: number;
}

function columnOf(name: string, rows: readonly (readonly Cell[])[], at: number): Column {
  const own = rows.map((cells) => cells[at]);
  const cells = [
    name,
    ...own.map((cell) => (cell === undefined || cell === null ? "-" : visible(String(cell)))),
  ];
  const natural = Math.max(...cells.map(widthOf));
  const whole = cells.map((cell, i) => (i > 0 && isNumeric(cell) ? widthOf(cell) : longestPiece(cell)));
  const least = Math.max(...whole, natural > 2 * LEAST_OF_SENTENCES ? LEAST_OF_SENTENCES : 0);
  return { cells, numeric: own.some(isNumeric), natural, least };
}

/** Width of the longest piece that {@link wrapped} keeps whole, if that is not too long. */
function longestPiece(text: string): number {
  return Math.min(LEAST, Math.max(0, ...piecesOf(text).map((piece) => widthOf(piece.trimEnd()))));
}

/** Columns that fit side by side at their least width; each further block begins with the first column. */
function blocksOf([first, ...others]: readonly Column[], width: number, gap: number): Column[][] {
  if (!first) return [];
  const blocks = [[first]];
  for (const column of others) {
    const block = blocks.at(-1)!;
    const widths = [...block, column].map(({ least }) => least);
    const fits = lineWidth(widths, gap) <= width;
    // One column beside the first stands in every block, however narrow the terminal is.
    if (fits || block.length === 1) block.push(column);
    else blocks.push([first, column]);
  }
  return blocks;
}

/** Widths of columns that fit into a line: the widest give way first. */
function fitted(columns: readonly Column[], width: number, gap: number): number[] {
  const widths = columns.map(({ natural }) => natural);
  while (lineWidth(widths, gap) > width) {
    const spare = widths.map((own, at) => (own > columns[at]!.least ? own : 0));
    const widest = Math.max(...spare);
    if (widest === 0) break;
    widths[spare.indexOf(widest)]!--;
  }
  return widths;
}

function lineWidth(widths: readonly number[], gap: number): number {
  return widths.reduce((sum, own) => sum + own + gap, -gap);
}

function tableText(columns: readonly Column[], widths: readonly number[], gap: number): string {
  const between = " ".repeat(gap);
  const rule = widths.map((width) => "─".repeat(width)).join(between);
  const rows = (columns[0]?.cells ?? []).map((_, row) => {
    const cells = columns.map(({ cells }, at) => wrapped(cells[row]!, widths[at]!));
    return Array.from({ length: Math.max(...cells.map(({ length }) => length)) }, (_, line) =>
      columns
        .map(({ numeric }, at) => padded(cells[at]![line] ?? "", widths[at]!, numeric))
        .join(between)
        .trimEnd(),
    ).join("\n");
  });
  const [head = "", ...body] = rows;
  return [head, rule, ...body].join("\n");
}

/** The lines of a cell: broken after spaces and the signs of paths and names, else where the line is full. */
function wrapped(text: string, width: number): string[] {
  const lines = [""];
  for (const piece of piecesOf(text).flatMap((piece) => cut(piece, width))) {
    const line = lines.at(-1)!;
    if (line === "" || widthOf((line + piece).trimEnd()) <= width) lines[lines.length - 1] = line + piece;
    else lines.push(piece);
  }
  return lines.map((line) => line.trimEnd());
}

/** A text in pieces that stay whole, with what they end in. */
function piecesOf(text: string): string[] {
  return text.match(/[^\s/\\_.,;:|-]*[\s/\\_.,;:|-]*/g)!.filter((piece) => piece !== "");
}

function cut(piece: string, width: number): string[] {
  if (widthOf(piece.trimEnd()) <= width) return [piece];
  const parts = [""];
  for (const sign of piece) {
    const part = parts.at(-1)!;
    if (part === "" || widthOf(part + sign) <= width) parts[parts.length - 1] = part + sign;
    else parts.push(sign);
  }
  return parts;
}

function padded(text: string, width: number, right: boolean): string {
  const space = " ".repeat(Math.max(0, width - widthOf(text)));
  return right ? space + text : text + space;
}

const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;

/** Columns of a terminal that a text takes: two for each sign of Chinese, Japanese or Korean, none for accents of their own. */
function widthOf(text: string): number {
  // Nearly all texts are plain.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const sign of text) width += /\p{M}|\p{Cf}/u.test(sign) ? 0 : WIDE.test(sign) ? 2 : 1;
  return width;
}

/** A line break or an escape sequence in the name of a file would tear the table. */
function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (sign) => {
    const json = JSON.stringify(sign).slice(1, -1);
    return json === sign ? `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}` : json;
  });
}

function isNumeric(cell: Cell): boolean {
  return typeof cell === "number" || (typeof cell === "string" && /^[-\u2212]?\d+(\.\d+)?$/.test(cell));
}

/** Comma-separated values after RFC 4180, with a header. Ends in a line feed. */
export function formatCsv(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [header, ...rows].map(csvLine).join("");
}

/**
 * One record of {@link formatCsv}: fields with a comma, a quote, a line break or an outer blank are quoted.
 *
 * @example csvLine(["a,b", 1, null]) // '"a,b",1,\n'
 */
export function csvLine(cells: readonly Cell[]): string {
  const field = (cell: Cell) => {
    const text = cell === undefined || cell === null ? "" : String(cell);
    return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${cells.map(field).join(",")}\n`;
}
