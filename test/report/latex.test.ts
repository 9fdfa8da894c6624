import { expect, test } from "vitest";
import type { Block } from "../../lib/report/document.js";
import { toLatex } from "../../lib/report/latex.js";

const table = (caption: string): Block => ({
  kind: "table",
  caption,
  columns: [{ title: "network" }, { title: "UAR %", align: "right" }],
  rows: [
    ["cnn", { strong: "52.1 [48.0, 56.3]" }],
    [["a ", { code: "b_c" }], "−3"],
  ],
});

test("each table that is not folded away, with its heading and a label; strong and code keep their kind", () => {
  const text = toLatex("Experiment a b", [
    { kind: "heading", level: 2, text: "Protocol one" },
    table("First"),
    { kind: "fold", summary: "more", blocks: [table("Hidden")] },
    table("Second"),
  ]);
  expect(text).toContain("% Protocol one\n\\begin{table}");
  expect(text.match(/\\label\{tab:experiment-a-b-\d\}/g)).toEqual([
    ...["\\label{tab:experiment-a-b-1}", "\\label{tab:experiment-a-b-2}"],
  ]);
  expect(text).not.toContain("Hidden");
  expect(text).toContain("cnn & \\textbf{52.1 [48.0, 56.3]} \\\\");
  expect(text).toContain("a \\texttt{b\\_c} & $-$3 \\\\");
});
