// What a change of the report loses: `tsx test/report/numbers.ts OLD.md NEW.md` lists the numbers of the old Markdown that the
// new one lacks. A row of a table counts as kept if a row of the new report has the same numbers in the same order, whatever
// its label; the numbers of other rows, of labels and of text must be somewhere in the new report.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** A number of a report with its place. */
export interface PlacedNumber {
  section: string;
  row: string;
  column: string;
  number: string;
}

export interface Kept {
  /** Rows whose numbers are a row of the new report, in the same order. */
  rows: number;
  /** The numbers of these rows. */
  inRows: number;
  /** Numbers elsewhere that are found one by one. */
  alone: number;
  missing: PlacedNumber[];
}

interface Row {
  section: string;
  cells: { column: string; text: string }[];
}

/** Compares two reports in Markdown. */
export function keptNumbers(before: string, after: string): Kept {
  const free = countsOf(rowsOf(after).map(numbersOfRow));
  const there = new Set(numbersIn(after));
  const kept: Kept = { rows: 0, inRows: 0, alone: 0, missing: [] };
  const look = (place: Omit<PlacedNumber, "number">, text: string) => {
    for (const number of numbersIn(text)) {
      if (there.has(number)) kept.alone++;
      else kept.missing.push({ ...place, number });
    }
  };
  for (const row of rowsOf(before)) {
    const [label, ...others] = row.cells;
    const place = { section: row.section, row: label?.text ?? "" };
    const numbers = numbersOfRow(row);
    const left = free.get(numbers) ?? 0;
    if (numbers !== "" && left > 0) {
      free.set(numbers, left - 1);
      kept.rows++;
      kept.inRows += numbers.split(" ").length;
    } else for (const { column, text } of others) look({ ...place, column }, text);
    if (label) look({ ...place, column: label.column }, label.text);
  }
  for (const { section, text } of linesOf(before))
    if (!text.startsWith("|")) look({ section, row: text, column: "" }, text);
  return kept;
}

/** Numbers as they are written; digits within a name, a path or a digest are none. */
function numbersIn(text: string): string[] {
  return (
    text.replace(/\]\([^)]*\)|`[^`]*`/g, " ").match(/(?<![\w.@/-])[−+]?\d+(?:,\d{3})*(?:\.\d+)?(?![\w@])/g) ??
    []
  );
}

function numbersOfRow({ cells }: Row): string {
  return cells
    .slice(1)
    .flatMap(({ text }) => numbersIn(text))
    .join(" ");
}

/** The lines of a report outside of code, each with the heading that it stands under. */
function linesOf(markdown: string): { section: string; text: string }[] {
  let section = "";
  let code = false;
  return markdown.split("\n").flatMap((text) => {
    if (/^`{3,}/.test(text)) code = !code;
    else if (!code && /^#+ /.test(text)) section = text.replace(/^#+ /, "");
    return code ? [] : [{ section, text }];
  });
}

/** The rows of all tables, without heads. */
function rowsOf(markdown: string): Row[] {
  let columns: string[] | undefined;
  return linesOf(markdown).flatMap(({ section, text }): Row[] => {
    const cells = cellsOf(text);
    if (!cells) columns = undefined;
    else if (!columns) columns = cells;
    else if (!/^\|[\s|:-]+$/.test(text))
      return [{ section, cells: cells.map((cell, i) => ({ column: columns![i] ?? "", text: cell })) }];
    return [];
  });
}

function cellsOf(line: string): string[] | undefined {
  if (!line.startsWith("|")) return undefined;
  const inner = line.replace(/^\|/, "").replace(/\|\s*$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim());
}

function countsOf(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function main([before, after]: readonly string[]): void {
  if (!before || !after) throw new Error("which reports? tsx test/report/numbers.ts OLD.md NEW.md");
  const { rows, inRows, alone, missing } = keptNumbers(
    readFileSync(before, "utf8"),
    readFileSync(after, "utf8"),
  );
  console.log(
    `${rows} rows with ${inRows} numbers are as they were; ${alone} other numbers are there; ${missing.length} are missing`,
  );
  for (const { section, row, column, number } of missing)
    console.log(`${number}: ${section} | ${row} | ${column}`);
  process.exitCode = missing.length > 0 ? 1 : 0;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) main(process.argv.slice(2));
