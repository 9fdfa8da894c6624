import { UsageError } from "../base/errors.js";
import { latexTable, latexText } from "../base/latex.js";
import { meant } from "../base/schema.js";
import { formatCsv } from "../base/table.js";

/** Format of a table: for a page, for a program, or for a paper (LaTeX with booktabs rules). */
export type TableFormat = "markdown" | "csv" | "latex";

const FORMATS: readonly TableFormat[] = ["markdown", "csv", "latex"];

/** The error for a word that is not one of those that are known, for callers without types. */
export function unknownWord(what: string, word: unknown, known: readonly string[]): UsageError {
  return new UsageError(
    `there is no ${what} ${JSON.stringify(word)}: there are ${known.join(", ")}${meant(String(word), known)}`,
  );
}

/** Cells by column title; all rows have the same columns. */
export type TableRow = Record<string, string | number>;

/**
 * Formats rows as text. Columns of numbers are aligned to the right.
 *
 * @param rows at least one
 * @param caption of the LaTeX table
 * @throws {UsageError} for an unknown format
 * @example tableText([{ model: "cnn", clips: 80 }], "markdown")
 */
export function tableText(rows: readonly TableRow[], format: TableFormat, caption: string): string {
  if (!FORMATS.includes(format)) throw unknownWord("format", format, FORMATS);
  const columns = Object.keys(rows[0]!);
  const cells = rows.map((row) => columns.map((column) => String(row[column])));
  if (format === "csv") return formatCsv(columns, cells);
  const right = columns.map((_, i) => cells.every((row) => /^-?[\d.]*$/.test(row[i]!)));
  if (format === "latex")
    return latexTable({
      caption,
      columns: columns.map((title, i) => ({ title, align: right[i] ? "right" : "left" })),
      rows: cells.map((row) => row.map(latexText)),
    });
  const rule = right.map((is) => (is ? "---:" : "---"));
  const escaped = cells.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  return [columns, rule, ...escaped].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
