import { readdir } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { JSDOM } from "jsdom";
import { beforeAll, expect, test } from "vitest";
import { openMarkdown } from "../../lib/notebook/markdown.js";
import { readNotebook, textOf } from "../../lib/notebook/nbformat.js";
import { openSanitizer } from "../../lib/notebook/sanitize.js";

let html: (text: string) => string;
beforeAll(async () => {
  const [markdown, sanitize] = await Promise.all([openMarkdown(), openSanitizer()]);
  html = (text) => sanitize(markdown(text));
});
const { document } = new JSDOM("").window;
function parse(text: string) {
  const box = document.createElement("div");
  box.innerHTML = html(text);
  return box;
}
const formulas = (text: string) =>
  [...parse(text).querySelectorAll("math")].map(({ textContent }) => textContent);

test("formulas within the text and on lines of their own are MathML", () => {
  expect(html("a $x_1$ b")).toBe("<p>a <math><msub><mi>x</mi><mn>1</mn></msub></math> b</p>\n");
  const fraction = "<mfrac><mn>1</mn><mi>N</mi></mfrac>";
  expect(html("$$\\frac1N$$")).toBe(`<math display="block">${fraction}</math>`);
  expect(html("so $$\\frac1N$$ is")).toBe(`<p>so <math display="block">${fraction}</math> is</p>\n`);
});

test("a formula is not Markdown, and Markdown goes on around it", () => {
  const [list] = formulas("text\n$$\na\n- b\n+ c\n$$\nmore");
  expect(list).toBe("a−b+c");
  expect(formulas("- $x$\n- *in $z*w$ b*\n\n| a |\n|-|\n| $y$ |\n\n> $$v$$")).toEqual(["x", "z∗w", "y", "v"]);
  expect(parse("*in $z*w$ b*").querySelectorAll("em")).toHaveLength(1);
});

test("dollars in prose and in code are dollars", () => {
  for (const text of [
    "It costs $5 and $6, or $5-$6, US$7.",
    "`$x$` and `$$x$$`",
    "```\n$x$\n```",
    "    $x$",
    "\\$x\\$",
    "$ x $",
    "costs $5, see `$x`",
    "$$x\n\ny$$",
    "$$",
  ]) {
    expect(formulas(text), text).toEqual([]);
    expect(parse(text).textContent, text).toContain("$");
  }
  expect(formulas("\\$5 or $x$")).toEqual(["x"]);
  expect(formulas("$a\\$b$")).toEqual(["a$b"]);
});

test("a formula with a mistake is shown as it was written", () => {
  for (const text of [
    "$\\frac{$",
    "$$\\nosuchcommand$$",
    "$\\def\\a{\\a\\a}\\a$",
    `$${"{".repeat(20000)}$`,
  ]) {
    const box = parse(text);
    expect(box.querySelector("code")!.textContent).toBe(text);
    expect(box.querySelector("math")).toBeNull();
  }
});

test("a hostile formula gives nothing active", () => {
  for (const source of [
    "\\href{javascript:alert(1)}{x}",
    "\\url{javascript:alert(1)}",
    "\\includegraphics{https://evil.example/x.png}",
    "\\class{x}{y}",
    "\\style{background:url(https://evil.example)}{y}",
    "\\text{<img src=x onerror=alert(1)>}",
    "\\color{red;background:url(https://evil.example)}y",
  ]) {
    for (const element of parse(`$${source}$ and\n\n$$${source}$$`).querySelectorAll("*")) {
      expect(element.localName).toMatch(/^(?:p|code|math|m[a-z]+)$/);
      expect(element.getAttributeNames().join()).not.toMatch(/^on|href|src|style/);
    }
  }
});

test("any text becomes HTML, and what is in it stays to be read", () => {
  const piece = fc.constantFrom(..."$ $$ \\ \\frac { } _ ^ * ` a 1 < & \n - > |".split(" "), " ");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      expect(html(`x ${pieces.join("")}`)).toContain("x");
    }),
    { seed: 1, numRuns: 150 },
  );
});

test("every formula of the committed notebooks is understood", async () => {
  const folder = join(import.meta.dirname, "../../notebooks");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".ipynb"));
  let count = 0;
  for (const name of names) {
    const { cells } = await readNotebook(join(folder, name));
    for (const { cell_type, source } of cells) {
      if (cell_type !== "markdown") continue;
      const box = parse(textOf(source));
      for (const code of box.querySelectorAll("code, pre")) code.remove();
      expect(box.textContent, name).not.toContain("$");
      count += box.querySelectorAll("math").length;
    }
  }
  expect(count).toBeGreaterThan(names.length);
});
