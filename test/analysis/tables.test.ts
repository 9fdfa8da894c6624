import { expect, test } from "vitest";
import { tableText } from "../../lib/analysis/tables.js";

const rows = [
  { model: "a|b_c", "UAR, %": "52.1", clips: 80 },
  { model: "cnn", "UAR, %": "9.0", clips: 7 },
];

test("Markdown: numbers to the right, bars escaped", () => {
  expect(tableText(rows, "markdown", "")).toBe(
    [
      "| model | UAR, % | clips |",
      "| --- | ---: | ---: |",
      "| a\\|b_c | 52.1 | 80 |",
      "| cnn | 9.0 | 7 |",
    ].join("\n"),
  );
});

test("CSV, with what it takes to be read again", () => {
  expect(tableText(rows, "csv", "")).toBe('model,"UAR, %",clips\na|b_c,52.1,80\ncnn,9.0,7\n');
});

test("LaTeX with the rules of booktabs, signs escaped", () => {
  const text = tableText(rows, "latex", "50 % of it");
  expect(text).toContain("\\caption{50 \\% of it}");
  expect(text).toContain("\\begin{tabular}{lrr}");
  expect(text).toMatch(/\\toprule[\s\S]*\\midrule[\s\S]*\\bottomrule/);
  expect(text).toContain("a\\textbar{}b\\_c & 52.1 & 80");
});
