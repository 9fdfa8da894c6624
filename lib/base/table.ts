/** A value in a table: `undefined` and `null` are shown as "-". */
export type Cell = string | number | boolean | null | undefined;

/**
 * A table for a terminal: texts left-aligned, numbers right-aligned, a rule under the header.
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

/** Comma-separated values of RFC 4180: fields with a comma, quote or line break are quoted. Ends with a line feed. */
export function formatCsv(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const field = (cell: Cell) => {
    const text = cell === undefined || cell === null ? "" : String(cell);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [header, ...rows].map((cells) => `${cells.map(field).join(",")}\n`).join("");
}
