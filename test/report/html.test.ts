import fc from "fast-check";
import { JSDOM } from "jsdom";
import { expect, test } from "vitest";
import type { Block } from "../../lib/report/document.js";
import { inlineSvg, toHtml } from "../../lib/report/html.js";

const page = (blocks: Block[], svgs = new Map<string, string>()) =>
  new JSDOM(toHtml("Title", blocks, svgs)).window.document;

test("texts arrive as they are, whatever is in them", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const printable = text.replace(/[^\P{Cc}\n\t]/gu, "\uFFFD").replace(/\r\n?/g, "\n");
      const document = page([
        { kind: "paragraph", text },
        { kind: "table", columns: [{ title: text }], rows: [[{ strong: text }]] },
      ]);
      expect(document.querySelector("p")!.textContent).toBe(printable);
      expect(document.querySelector("tbody strong")!.textContent).toBe(printable);
      expect(document.querySelectorAll("script").length).toBe(0);
    }),
    { seed: 1, numRuns: 25 },
  );
});

test("two figures with the same ids keep apart, and refer to their own", () => {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg"><clipPath id="clip"/><g clip-path="url(#clip)"><use href="#clip"/><text>url(#clip) id="x"</text></g></svg>`;
  const figure = { data: [], layout: { width: 1, height: 1 } };
  const document = page(
    ["one", "two"].map((name): Block => ({ kind: "figure", name, figure, caption: `Figure "${name}"` })),
    new Map([
      ["one", svg],
      ["two", svg],
    ]),
  );
  const ids = [...document.querySelectorAll("svg [id]")].map(({ id }) => id);
  expect(ids).toEqual(["one-clip", "two-clip"]);
  expect([...document.querySelectorAll("g")].map((g) => g.getAttribute("clip-path"))).toEqual([
    "url(#one-clip)",
    "url(#two-clip)",
  ]);
  expect(document.querySelector("use")!.getAttribute("href")).toBe("#one-clip");
  expect(document.querySelector("text")!.textContent).toBe('url(#clip) id="x"');
  expect(document.querySelector("svg")!.getAttribute("aria-label")).toBe('Figure "one"');
});

test("what comes before the first section comes before the contents", () => {
  const headings = ["A", "B", "C"].map((text): Block => ({ kind: "heading", level: 2, text }));
  const document = page([
    { kind: "heading", level: 1, text: "T" },
    { kind: "paragraph", text: "what came out" },
    ...headings,
  ]);
  expect([...document.body.children].map(({ tagName }) => tagName)).toEqual([
    "H1",
    "P",
    "NAV",
    "H2",
    "H2",
    "H2",
  ]);
});

test("the contents link to the sections, equal headings too", () => {
  const blocks = ["Title", "A", "B", "A"].map(
    (text, i): Block => ({ kind: "heading", level: i === 0 ? 1 : 2, text }),
  );
  const document = page(blocks);
  const links = [...document.querySelectorAll("nav a")].map((a) => a.getAttribute("href")!);
  expect(links).toEqual(["#a", "#b", "#a-2"]);
  expect(links.map((link) => document.querySelector(link)!.textContent)).toEqual(["A", "B", "A"]);
});

test("a figure that was not drawn is an error, and an XML head is dropped", () => {
  const figure = { data: [], layout: { width: 1, height: 1 } };
  expect(() => page([{ kind: "figure", name: "x", figure, caption: "" }])).toThrow(RangeError);
  expect(inlineSvg('<?xml version="1.0"?>\n<svg/>', "x", "y")).toBe('<svg role="img" aria-label="y"/>');
});
