/** A value in a table: `undefined` and `null` are shown as "-". */
export type Cell = string | number | boolean | null | undefined;

/**
 * A table for a terminal: first column left, numbers right, a rule under the header.
 *
 * @example formatTable(["model", "UAR"], [["cnn", 52.1]])
 */
export function formatTable(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const text = rows.map((cells) =>
    cells.map((cell) => (cell === undefined || cell === null ? "-" : String(cell))),
  );
  const widths = header.map((name, col) =>
    Math.max(name.length, ...text.map((cells) => cells[col]?.length ?? 0)),
  );
  const right = header.map((_, col) => rows.some((cells) => isNumeric(cells[col])));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, col) => (right[col] ? cell.padStart(widths[col]!) : cell.padEnd(widths[col]!)))
      .join("  ")
      .trimEnd();
  return [line(header), widths.map((width) => "─".repeat(width)).join("  "), ...text.map(line)].join("\n");
}

function isNumeric(cell: Cell): boolean {
  return typeof cell === "number" || (typeof cell === "string" && /^-?\d+(\.\d+)?$/.test(cell));
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
