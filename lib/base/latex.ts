/** Characters that are special in LaTeX, or have another name in its fonts. */
const SIGNS: Record<string, string> = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  $: "\\$",
  "&": "\\&",
  "#": "\\#",
  "%": "\\%",
  _: "\\_",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  "−": "$-$",
  "→": "$\\to$",
  "×": "$\\times$",
  "–": "--",
  "…": "\\dots{}",
};

/**
 * Escapes text for LaTeX; line breaks become spaces.
 *
 * @example latexText("ravdess_7: 50 %") // "ravdess\\_7: 50 \\%"
 */
export function latexText(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/\p{Cc}/gu, "")
    .replace(/[\\{}$&#%_~^<>|−→×–…]/g, (sign) => SIGNS[sign]!);
}

/** A table for a paper. */
export interface LatexTable {
  caption?: string;
  /** The label for `\ref`. */
  label?: string;
  columns: readonly { title: string; align?: "left" | "right" }[];
  /** Cells in LaTeX, escaped with {@link latexText}. */
  rows: readonly (readonly string[])[];
}

/**
 * A table environment with the rules of the package booktabs; the document needs `\usepackage{booktabs}`.
 *
 * @example latexTable({ columns: [{ title: "model" }, { title: "UAR", align: "right" }], rows: [["cnn", "52.1"]] })
 */
export function latexTable({ caption, label, columns, rows }: LatexTable): string {
  const line = (cells: readonly string[]) => `    ${cells.join(" & ")} \\\\`;
  return [
    "\\begin{table}",
    "  \\centering",
    ...(caption ? [`  \\caption{${latexText(caption)}}`] : []),
    ...(label ? [`  \\label{${label}}`] : []),
    `  \\begin{tabular}{${columns.map(({ align }) => (align === "right" ? "r" : "l")).join("")}}`,
    "    \\toprule",
    line(columns.map(({ title }) => latexText(title))),
    "    \\midrule",
    ...rows.map(line),
    "    \\bottomrule",
    "  \\end{tabular}",
    "\\end{table}",
  ].join("\n");
}
