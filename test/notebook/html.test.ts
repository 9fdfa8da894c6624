import { JSDOM } from "jsdom";
import { expect, test } from "vitest";
import { indexPage, notebookPage, titleOf } from "../../lib/notebook/html.js";
import type { Cell, Notebook, Output } from "../../lib/notebook/nbformat.js";

const markdown = (source: string): Cell => ({ cell_type: "markdown", metadata: {}, source });
const code = (source: string, outputs: Output[], tags: string[] = []): Cell => ({
  cell_type: "code",
  metadata: { tags },
  source,
  outputs,
  execution_count: 3,
});
const display = (data: Record<string, unknown>): Output => ({
  output_type: "display_data",
  data,
  metadata: {},
});
const notebook = (...cells: Cell[]): Notebook => ({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 });
const figure = {
  data: [{ y: [1, 2], name: "</script><script>alert(1)</script>" }],
  layout: { width: 300, height: 200 },
};

const page = async (...cells: Cell[]) => new JSDOM(await notebookPage(notebook(...cells))).window.document;

test("texts, code and every kind of output are on the page, and none of their HTML runs", async () => {
  const html = { "text/html": "<table><tr><td>1</td></tr></table><script>alert(1)</script>" };
  const document = await page(
    markdown("# A title\n\n**bold** <img src=x onerror=alert(1)>"),
    code("const a = 1;", [
      { output_type: "stream", name: "stdout", text: "\u001b[31m<red>\u001b[0m" },
      { output_type: "error", ename: "Error", evalue: "x", traceback: ["Error: <x>"] },
      { output_type: "execute_result", data: { "text/plain": "<42>" }, metadata: {}, execution_count: 3 },
      display(html),
      display({ "image/png": "AAAA", "text/plain": "x" }),
    ]),
  );
  expect(document.title).toBe("A title");
  expect(document.querySelector("strong")!.textContent).toBe("bold");
  expect(document.querySelector("pre.code")!.textContent).toBe("const a = 1;");
  expect(document.querySelector("pre.stdout")!.textContent).toBe("<red>");
  expect(document.querySelector("pre.error")!.textContent).toBe("Error: <x>");
  expect(document.querySelector("pre.result")!.textContent).toBe("<42>");
  expect(document.querySelector(".html td")!.textContent).toBe("1");
  expect(document.querySelector("img[src^='data:image/png']")).not.toBeNull();
  expect(document.querySelectorAll("script")).toHaveLength(0);
  expect(document.querySelectorAll("[onerror]")).toHaveLength(0);
});

test("a figure is its picture and its data, and plotly is on the page once, whatever the number of figures", async () => {
  const plot = () => display({ "application/vnd.plotly.v1+json": figure, "image/png": "AAAA" });
  const document = await page(code("x", [plot(), plot()]));
  const [first] = document.querySelectorAll(".figure");
  expect(document.querySelectorAll(".figure img")).toHaveLength(2);
  expect(JSON.parse(first!.querySelector("script")!.textContent!)).toEqual(figure);
  expect(document.querySelectorAll("script#plotly")).toHaveLength(1);
});

test("formulas in texts are drawn without a script", async () => {
  const document = await page(
    markdown("loudness: $20 \\log_{10} r$"),
    code("x", [display({ "text/markdown": "$y$" })]),
  );
  expect([...document.querySelectorAll(".text math mi")].map(({ textContent }) => textContent)).toEqual([
    "log",
    "r",
    "y",
  ]);
  expect(document.querySelectorAll("script")).toHaveLength(0);
});

test("a page asks nothing of the network", async () => {
  const document = await page(markdown("![x](https://example.org/a.png)"), code("x", []));
  for (const element of document.querySelectorAll("[src], link[href]")) {
    expect(element.getAttribute("src") ?? element.getAttribute("href")).toMatch(/^data:/);
  }
});

test("hidden inputs and outputs are not shown", async () => {
  const out = display({ "text/plain": "out" });
  const document = await page(code("in1", [out], ["hide-input"]), code("in2", [out], ["hide-output"]));
  expect(document.querySelector("main")!.textContent).not.toContain("in1");
  expect([...document.querySelectorAll("pre.result")].map((pre) => pre.textContent)).toEqual(["out"]);
  expect(document.querySelector("pre.code")!.textContent).toBe("in2");
});

test("the index links to the pages by their titles", () => {
  const { document } = new JSDOM(indexPage([{ file: "01 a.html", title: "<One>" }])).window;
  const link = document.querySelector("ol a")!;
  expect([link.getAttribute("href"), link.textContent]).toEqual(["01%20a.html", "<One>"]);
  expect(titleOf(notebook(code("1", [])))).toBe("Notebook");
});
