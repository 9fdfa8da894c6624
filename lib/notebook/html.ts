import { escapeHtml } from "../base/html.js";
import type { MimeBundle } from "../base/notebook.js";
import { PAGE_CONFIG, packedPlotly } from "../figures/render.js";
import { highlight } from "./highlight.js";
import { openMarkdown } from "./markdown.js";
import { type Cell, hasTag, type Notebook, type Output, type Text, textOf } from "./nbformat.js";
import { PAGE_SCRIPT, PAGE_STYLE } from "./page.js";
import { openSanitizer } from "./sanitize.js";

/** The first heading of a notebook. */
export function titleOf(notebook: Notebook): string {
  for (const { cell_type, source } of notebook.cells) {
    const heading = cell_type === "markdown" ? /^#+\s+(.+)$/m.exec(textOf(source)) : null;
    if (heading) return heading[1]!.trim();
  }
  return "Notebook";
}

/**
 * A notebook as one self-contained page that works offline. Figures can be zoomed and hovered (the page contains plotly.js
 * once, gzipped), and the style follows the reader's light or dark mode. Formulas are MathML, which needs no script. HTML in
 * outputs and texts is sanitized: no scripts, no styles, and no addresses except embedded images and audio, and links.
 *
 * The input or output of cells tagged "hide-input" or "hide-output" is left out.
 *
 * @example await writeFile("01-explore.html", await notebookPage(await readNotebook("01-explore.ipynb")));
 */
export async function notebookPage(notebook: Notebook): Promise<string> {
  const [markdown, sanitize] = await Promise.all([openMarkdown(), openSanitizer()]);
  const page = new PageBuilder((text) => sanitize(markdown(text)), sanitize);
  const body = notebook.cells.map((cell) => page.cell(cell)).join("\n");
  return document(
    titleOf(notebook),
    `<nav><a href="index.html">All notebooks</a></nav>\n${body}`,
    page.figures > 0,
  );
}

/** A page with links to the pages of notebooks. */
export function indexPage(entries: readonly { file: string; title: string }[]): string {
  const links = entries.map(
    ({ file, title }) => `<li><a href="${escapeHtml(encodeURI(file))}">${escapeHtml(title)}</a></li>`,
  );
  return document("Notebooks", `<h1>Notebooks</h1>\n<ol class="index">${links.join("\n")}</ol>`, false);
}

type ToHtml = (text: string) => string;

class PageBuilder {
  readonly #markdown: ToHtml;
  readonly #sanitize: ToHtml;
  figures = 0;

  constructor(markdown: ToHtml, sanitize: ToHtml) {
    this.#markdown = markdown;
    this.#sanitize = sanitize;
  }

  cell(cell: Cell): string {
    const source = textOf(cell.source);
    if (cell.cell_type === "markdown") return `<section class="text">${this.#markdown(source)}</section>`;
    if (cell.cell_type === "raw") return `<section><pre>${escapeHtml(source)}</pre></section>`;
    const number = `<span class="number">[${cell.execution_count ?? " "}]</span>`;
    const code = hasTag(cell, "hide-input")
      ? ""
      : `${number}<pre class="code"><code>${highlight(source)}</code></pre>`;
    const outputs = hasTag(cell, "hide-output") ? [] : (cell.outputs ?? []);
    return `<section class="cell">${code}${outputs.map((output) => this.#output(output)).join("\n")}</section>`;
  }

  #output(output: Output): string {
    switch (output.output_type) {
      case "stream":
        return pre(output.name, output.text);
      case "error":
        return pre("error", output.traceback.join("\n") || `${output.ename}: ${output.evalue}`);
      default:
        return this.#data(output.data);
    }
  }

  /** Picks the richest form that a page can show. */
  #data(data: MimeBundle): string {
    const text = (type: string) => textOf(data[type] as Text);
    if (data["application/vnd.plotly.v1+json"]) return this.#figure(data);
    if (data["text/html"]) return `<div class="html">${this.#sanitize(text("text/html"))}</div>`;
    if (data["text/markdown"]) return `<div class="text">${this.#markdown(text("text/markdown"))}</div>`;
    if (data["image/png"]) return image("image/png", text("image/png"));
    if (data["image/jpeg"]) return image("image/jpeg", text("image/jpeg"));
    if (data["image/svg+xml"]) {
      return image("image/svg+xml", Buffer.from(text("image/svg+xml")).toString("base64"));
    }
    return data["text/plain"] ? pre("result", text("text/plain")) : "";
  }

  /** The image, until the script replaces it by the interactive figure. */
  #figure(data: MimeBundle): string {
    this.figures++;
    const picture = data["image/png"] ? image("image/png", textOf(data["image/png"] as Text)) : "";
    const json = JSON.stringify(data["application/vnd.plotly.v1+json"]).replaceAll("<", "\\u003c");
    return `<div class="figure">${picture}<script type="application/json">${json}</script></div>`;
  }
}

function image(type: string, base64: string): string {
  return `<img alt="" src="data:${type};base64,${base64.replace(/[^\w+/=]/g, "")}">`;
}

function pre(kind: string, text: Text): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of terminals begin with one
  return `<pre class="${kind}">${escapeHtml(textOf(text).replace(/\u001b\[[0-9;]*[A-Za-z]/g, ""))}</pre>`;
}

function document(title: string, body: string, figures: boolean): string {
  const script = figures
    ? `<script type="text/plain" id="plotly">${packedPlotly()}</script>
<script type="module">${PAGE_SCRIPT.replace("CONFIG", JSON.stringify(PAGE_CONFIG))}</script>`
    : "";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
${body}
</main>
${script}
</body>
</html>
`;
}
