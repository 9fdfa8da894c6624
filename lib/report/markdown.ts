import type { Figure } from "../figures/figure.js";
import { type Block, type Piece, piecesOf, type TableBlock, type Text } from "./document.js";

/**
 * A document as GitHub Markdown, with tables aligned for the eye where their cells are short. Figures are links to files.
 *
 * @param blocks the document
 * @param figurePath path of a figure by name, relative to the Markdown file
 * @example toMarkdown(blocks, (name) => `figures/${name}.svg`)
 */
export function toMarkdown(blocks: readonly Block[], figurePath: (name: string) => string): string {
  return `${blocks.map((block) => blockText(block, figurePath)).join("\n\n")}\n`;
}

function blockText(block: Block, figurePath: (name: string) => string): string {
  switch (block.kind) {
    case "heading":
      return `${"#".repeat(block.level)} ${escaped(block.text)}`;
    case "paragraph":
      return textOf(block.text);
    case "warning":
      return `> **Note.** ${textOf(block.text)}`;
    case "list":
      return block.items.map((item) => `- ${textOf(item)}`).join("\n");
    case "table":
      return tableText(block);
    case "figure":
      return `![${escaped(titleOf(block.figure) || block.caption)}](${figurePath(block.name)})\n\n*${escaped(block.caption)}*`;
    case "code":
      return fenced(block.text);
    case "fold": {
      const inner = block.blocks.map((each) => blockText(each, figurePath)).join("\n\n");
      return `<details><summary>${htmlText(block.summary)}</summary>\n\n${inner}\n\n</details>`;
    }
  }
}

/** Columns with a longer cell are not padded: their rows would be broken anyway. */
const LONGEST = 12;

function tableText({ caption, columns, rows }: TableBlock): string {
  const cells = [columns.map(({ title }) => escaped(title)), ...rows.map((row) => row.map(textOf))];
  const widths = columns.map((_, col) => widthOf(cells.map((row) => row[col] ?? "")));
  const right = columns.map(({ align }) => align === "right");
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, col) => pad(row[col] ?? "", width, right[col]!)).join(" | ")} |`;
  const rule = `| ${widths.map((width, col) => (right[col] ? `${"-".repeat(width - 1)}:` : "-".repeat(width))).join(" | ")} |`;
  const [header, ...body] = cells;
  const table = [line(header!), rule, ...body.map(line)].join("\n");
  return caption ? `**${escaped(caption)}**\n\n${table}` : table;
}

function widthOf(cells: readonly string[]): number {
  const longest = Math.max(3, ...cells.map(({ length }) => length));
  return longest > LONGEST ? 3 : longest;
}

/** The title of a figure without its markup: what stands for the picture where it is not shown. */
function titleOf({ layout }: Figure): string {
  return (layout.title?.text ?? "")
    .replace(/<[^>]*>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

function pad(text: string, width: number, right: boolean): string {
  return right ? text.padStart(width) : text.padEnd(width);
}

function textOf(text: Text): string {
  return piecesOf(text).map(pieceText).join("");
}

function pieceText(piece: Piece): string {
  if (typeof piece === "string") return escaped(piece);
  if ("strong" in piece) return `**${escaped(piece.strong)}**`;
  const fence = "`".repeat(longestRun(piece.code) + 1);
  // Nothing is escaped in a code span, but a bar would end a table cell.
  const code = oneLine(piece.code).replaceAll("|", "\\|");
  return fence.length === 1 ? `\`${code}\`` : `${fence} ${code} ${fence}`;
}

function fenced(text: string): string {
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}\n${text}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

/** Escapes Markdown characters with a backslash, except an underscore within a word. */
function escaped(text: string): string {
  return (
    oneLine(text)
      .replace(/[\\`*<>|~]/g, "\\$&")
      // Brackets are escaped only where they would make a link.
      .replace(/\](?=[([:])/g, "\\]")
      .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "\\_")
      .replace(/&(?=[#\w]+;)/g, "&amp;")
      .replace(/^([-+#])(?=\s)/, "\\$1")
  );
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").replace(/\p{Cc}/gu, "\uFFFD");
}

function htmlText(text: string): string {
  return oneLine(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
