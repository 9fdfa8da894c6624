import { expect, test } from "vitest";
import { keptNumbers } from "./numbers.js";

const report = (rows: string, text = "") =>
  `# R\n\n${text}\n\n## A\n\n| network | UAR % |\n| --- | ---: |\n${rows}\n`;
const before = report("| cnn | 52.1 [48.0, 56.3] |\n| lstm | **47.0** |", "9 runs.");

test("a report keeps its own numbers, whatever the labels, the order of rows and the sections", () => {
  expect(keptNumbers(before, before)).toEqual({ rows: 2, inRows: 4, alone: 1, missing: [] });
  const other = report("| a | 47.0 |\n| b, 9 | 52.1 [48.0, 56.3] |").replace("## A", "## B");
  expect(keptNumbers(before, other)).toEqual({ rows: 2, inRows: 4, alone: 1, missing: [] });
});

test("a lost number is found, with its place", () => {
  const { missing, rows } = keptNumbers(before, report("| cnn | 52.1 [48.0, 56.4] |\n| lstm | 47.0 |", "9"));
  expect(missing).toEqual([{ section: "A", row: "cnn", column: "UAR %", number: "56.3" }]);
  expect(rows).toBe(1);
  expect(keptNumbers(before, before.replace("9 runs", "runs")).missing).toMatchObject([{ number: "9" }]);
});

test("a row that stood twice must stand twice, unless its numbers are elsewhere", () => {
  const twice = report("| cnn | 1.5 |\n| cnn | 1.5 |");
  expect(keptNumbers(twice, report("| cnn | 1.5 |"))).toMatchObject({ rows: 1, alone: 1, missing: [] });
});

test("signs count; digits of names, paths and code do not", () => {
  expect(keptNumbers(report("| a | −1.0 |"), report("| a | 1.0 |")).missing).toHaveLength(1);
  expect(keptNumbers(report("| x | ravdess/7@1 `a 5` |", "![6](a-7.svg)"), "6").missing).toEqual([]);
});
