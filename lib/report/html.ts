import { escapeHtml } from "../base/html.js";
import { type Block, type Piece, piecesOf, type TableBlock, type Text } from "./document.js";

const STYLE = `
:root { color-scheme: light; --ink: #1c2126; --muted: #50585f; --line: #d5dade; --warn: #c4500a; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 5rem; max-width: 72rem; color: var(--ink); background: #fff;
  font: 16px/1.55 "DejaVu Sans", Verdana, system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 1rem; }
h2 { font-size: 1.3rem; margin: 3rem 0 .75rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p, li { max-width: 52rem; }
a { color: #1f6fb5; }
nav ul { columns: 2; padding-left: 1.2rem; }
nav li { break-inside: avoid; }
.warning { border-left: 4px solid var(--warn); background: #fdf3ec; padding: .6rem .9rem; margin: .75rem 0; }
.table { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: .85rem; line-height: 1.4; }
caption { text-align: left; font-weight: 700; padding: .25rem 0 .5rem; }
th, td { padding: .3rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums; }
thead th { border-bottom: 2px solid #8a929a; vertical-align: bottom; }
tbody th { font-weight: 400; white-space: nowrap; }
tbody th.long { white-space: normal; min-width: 16rem; }
.right { text-align: right; white-space: nowrap; }
figure { margin: 1.5rem 0; overflow-x: auto; }
figure svg { max-width: 100%; height: auto; display: block; }
figcaption { color: var(--muted); font-size: .85rem; max-width: 52rem; }
pre { background: #f4f6f7; padding: .75rem 1rem; overflow-x: auto; font-size: .8rem; line-height: 1.45; }
code { font-family: "DejaVu Sans Mono", ui-monospace, monospace; font-size: .92em; }
details { margin: .75rem 0; }
summary { cursor: pointer; color: #1f6fb5; }
@media print { body { max-width: none; font-size: 11px; } h2 { break-after: avoid; } figure, tr { break-inside: avoid; } }
@media (max-width: 50rem) { nav ul { columns: 1; } }
`.trim();

/**
 * A document as one self-contained HTML page: style and figures are embedded, and there are no scripts.
 *
 * @param title of the page
 * @param blocks the document
 * @param svgs the figures drawn as SVG, by name
 * @throws {RangeError} if a figure of the document is missing in `svgs`
 */
export function toHtml(title: string, blocks: readonly Block[], svgs: ReadonlyMap<string, string>): string {
  const ids = anchors(blocks);
  // What stands before the first section is short and comes first; the contents follow it.
  const first = blocks.findIndex((block) => block.kind === "heading" && block.level === 2);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>
${STYLE}
</style>
</head>
<body>
${blocks.map((block, i) => (i === first ? contents(blocks, ids) : "") + blockHtml(block, svgs, ids.get(block))).join("\n")}
</body>
</html>
`;
}

/** Ids of headings: their words, numbered when they repeat. */
function anchors(blocks: readonly Block[]): Map<Block, string> {
  const used = new Map<string, number>();
  const ids = new Map<Block, string>();
  for (const block of blocks) {
    if (block.kind !== "heading") continue;
    const words = block.text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "");
    const times = (used.get(words) ?? 0) + 1;
    used.set(words, times);
    ids.set(block, times === 1 ? words : `${words}-${times}`);
  }
  return ids;
}

function contents(blocks: readonly Block[], ids: ReadonlyMap<Block, string>): string {
  const items = blocks.flatMap((block) =>
    block.kind === "heading" && block.level === 2
      ? [`<li><a href="#${ids.get(block)}">${escaped(block.text)}</a></li>`]
      : [],
  );
  return items.length > 2 ? `<nav aria-label="Contents">\n<ul>\n${items.join("\n")}\n</ul>\n</nav>\n` : "";
}

function blockHtml(block: Block, svgs: ReadonlyMap<string, string>, id = ""): string {
  switch (block.kind) {
    case "heading":
      return `<h${block.level}${id && ` id="${id}"`}>${escaped(block.text)}</h${block.level}>`;
    case "paragraph":
      return `<p>${textHtml(block.text)}</p>`;
    case "warning":
      return `<p class="warning">${textHtml(block.text)}</p>`;
    case "list":
      return `<ul>\n${block.items.map((item) => `<li>${textHtml(item)}</li>`).join("\n")}\n</ul>`;
    case "table":
      return tableHtml(block);
    case "figure":
      return figureHtml(block.name, block.caption, svgs);
    case "code":
      return `<pre><code>${escaped(block.text)}</code></pre>`;
    case "fold": {
      const inner = block.blocks.map((each) => blockHtml(each, svgs)).join("\n");
      return `<details>\n<summary>${escaped(block.summary)}</summary>\n${inner}\n</details>`;
    }
  }
}

/** Longest name that is kept on one line, in characters. */
const LONG = 40;

function tableHtml({ caption, columns, rows }: TableBlock): string {
  const side = columns.map(({ align }) => (align === "right" ? ' class="right"' : ""));
  const head = columns.map(({ title }, col) => `<th scope="col"${side[col]}>${escaped(title)}</th>`).join("");
  const body = rows.map((row) => {
    const cells = row.map((text, col) => {
      const [open, close] = col === 0 ? [`th scope="row"`, "th"] : ["td", "td"];
      const html = textHtml(text);
      // A longer name may break, so that the other columns have room.
      const look = col === 0 && html.length > LONG ? ' class="long"' : side[col];
      return `<${open}${look}>${html}</${close}>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<div class="table"><table>${caption ? `\n<caption>${escaped(caption)}</caption>` : ""}
<thead><tr>${head}</tr></thead>
<tbody>
${body.join("\n")}
</tbody></table></div>`;
}

function figureHtml(name: string, caption: string, svgs: ReadonlyMap<string, string>): string {
  const svg = svgs.get(name);
  if (svg === undefined) throw new RangeError(`figure ${name} was not drawn`);
  return `<figure>\n${inlineSvg(svg, name, caption)}\n<figcaption>${escaped(caption)}</figcaption>\n</figure>`;
}

/**
 * An SVG file for embedding in a page: scaled by its `viewBox`, labelled for screen readers, and its ids prefixed with the
 * figure's name, since ids must be unique within a page.
 */
export function inlineSvg(svg: string, name: string, label: string): string {
  const own = svg
    .replace(/<\?xml[^>]*\?>|<!DOCTYPE[^>]*>/g, "")
    .trim()
    .replace(/<[^>]+>/g, (tag) =>
      tag
        .replace(/(\sid=["'])/g, `$1${name}-`)
        .replace(/url\(#/g, `url(#${name}-`)
        .replace(/((?:xlink:)?href=["'])#/g, `$1#${name}-`),
    );
  return own.replace(/^<svg/, `<svg role="img" aria-label="${escaped(label)}"`);
}

function textHtml(text: Text): string {
  return piecesOf(text).map(pieceHtml).join("");
}

function pieceHtml(piece: Piece): string {
  if (typeof piece === "string") return escaped(piece);
  return "strong" in piece
    ? `<strong>${escaped(piece.strong)}</strong>`
    : `<code>${escaped(piece.code)}</code>`;
}

/** Escapes text for HTML, which cannot contain control characters: they are replaced by a mark. */
function escaped(text: string): string {
  return escapeHtml(text.replace(/[^\P{Cc}\n\t]/gu, "\uFFFD"));
}
