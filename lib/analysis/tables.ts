import { latexTable, latexText } from "../base/latex.js";
import { formatCsv } from "../base/table.js";

/** Format of a table: for a page, for a program, or for a paper (LaTeX with booktabs rules). */
export type TableFormat = "markdown" | "csv" | "latex";

/** Cells by column title; all rows have the same columns. */
export type TableRow = Record<string, string | number>;

/**
 * Formats rows as text. Columns of numbers are aligned to the right.
 *
 * @param rows at least one
 * @param caption of the LaTeX table
 * @example tableText([{ model: "cnn", clips: 80 }], "markdown")
 */
export function tableText(rows: readonly TableRow[], format: TableFormat, caption: string): string {
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
