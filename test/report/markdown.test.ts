import fc from "fast-check";
import { expect, test } from "vitest";
import type { Block } from "../../lib/report/document.js";
import { toMarkdown } from "../../lib/report/markdown.js";

const markdown = (...blocks: Block[]) => toMarkdown(blocks, (name) => `figures/${name}.svg`);

test("blocks become Markdown, short columns aligned for the eye", () => {
  expect(
    markdown(
      { kind: "heading", level: 2, text: "Results" },
      { kind: "paragraph", text: ["See ", { strong: "this" }, " and ", { code: "ser report x" }] },
      { kind: "warning", text: "few speakers" },
      {
        kind: "table",
        caption: "UAR",
        columns: [
          { title: "network" },
          { title: "clips", align: "right" },
          { title: "UAR %", align: "right" },
        ],
        rows: [
          ["cnn", "240", { strong: "52.1 [48.0, 56.3]" }],
          ["majority", "9", "14.3"],
        ],
      },
    ),
  ).toBe(`## Results

See **this** and \`ser report x\`

> **Note.** few speakers

**UAR**

| network  | clips | UAR % |
| -------- | ----: | --: |
| cnn      |   240 | **52.1 [48.0, 56.3]** |
| majority |     9 | 14.3 |
`);
});

test("a figure is a link called by its title, with its caption below", () => {
  const figure = { data: [], layout: { width: 1, height: 1, title: { text: "<b>A &lt; B</b>" } } };
  expect(markdown({ kind: "figure", name: "f", figure, caption: "What it shows." })).toBe(
    "![A \\< B](figures/f.svg)\n\n*What it shows.*\n",
  );
});

test("signs of Markdown in texts stay signs, and a link in a text is none", () => {
  const text = "a|b *c* _d_ own_name `e` <f> [g](h) &amp;";
  expect(markdown({ kind: "paragraph", text })).toBe(
    "a\\|b \\*c\\* \\_d\\_ own_name \\`e\\` \\<f\\> [g\\](h) &amp;amp;\n",
  );
});

test("code keeps its backticks and lines", () => {
  expect(markdown({ kind: "code", text: "a\n```\nb" })).toBe("````\na\n```\nb\n````\n");
  expect(markdown({ kind: "paragraph", text: { code: "a`b" } })).toBe("`` a`b ``\n");
});

test("every row of a table has as many cells as the table has columns, whatever the texts", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), fc.string({ unit: "binary" })), { maxLength: 4 }), (rows) => {
      const lines = markdown({ kind: "table", columns: [{ title: "a" }, { title: "b" }], rows })
        .trimEnd()
        .split("\n");
      expect(lines.length).toBe(rows.length + 2);
      for (const line of lines) expect(line.replace(/\\[\\|]/g, "").split("|").length).toBe(4);
    }),
    { seed: 1 },
  );
});
