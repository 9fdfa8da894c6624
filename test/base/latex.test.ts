import fc from "fast-check";
import { expect, test } from "vitest";
import { latexTable, latexText } from "../../lib/base/latex.js";

test("signs that LaTeX reads are shown, not read", () => {
  expect(latexText("a_b & 50 % of {x} $1 #2 ~^\\")).toBe(
    "a\\_b \\& 50 \\% of \\{x\\} \\$1 \\#2 \\textasciitilde{}\\textasciicircum{}\\textbackslash{}",
  );
  expect(latexText("−0.1 → 2 × 3 – x")).toBe("$-$0.1 $\\to$ 2 $\\times$ 3 -- x");
  expect(latexText("a\n b")).toBe("a b");
});

test("whatever is written, braces are balanced and no sign is left bare", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const written = latexText(text);
      const bare = written.replace(/\\[{}$&#%_]/g, "").replace(/\\[a-z]+/gi, "");
      expect(bare.replace(/\{\}/g, "").replace(/\$[^$]*\$/g, "")).not.toMatch(/[{}&#%_~^\\$]/);
    }),
    { seed: 5 },
  );
});

test("a table environment with the rules of booktabs, columns aligned", () => {
  const text = latexTable({
    ...{ caption: "UAR in %", label: "tab:x" },
    columns: [{ title: "model" }, { title: "UAR", align: "right" }],
    rows: [["cnn", "\\textbf{52.1}"]],
  });
  expect(text.split("\n").map((line) => line.trim())).toEqual([
    ...["\\begin{table}", "\\centering", "\\caption{UAR in \\%}", "\\label{tab:x}", "\\begin{tabular}{lr}"],
    ...["\\toprule", "model & UAR \\\\", "\\midrule", "cnn & \\textbf{52.1} \\\\", "\\bottomrule"],
    ...["\\end{tabular}", "\\end{table}"],
  ]);
});
