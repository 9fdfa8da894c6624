import { latexTable, latexText } from "../base/latex.js";
import { slug } from "../base/text.js";
import { type Block, type Piece, piecesOf, type TableBlock, type Text } from "./document.js";

/**
 * The tables of a document as LaTeX, each after its heading; collapsed ones are left out.
 *
 * @param name of the document, for the labels: `tab:NAME-1`
 * @example toLatex("text", blocks)
 */
export function toLatex(name: string, blocks: readonly Block[]): string {
  let heading = "";
  let number = 0;
  const parts = blocks.flatMap((block): string[] => {
    if (block.kind === "heading") heading = block.text;
    if (block.kind !== "table") return [];
    number++;
    return [`% ${heading}\n${tableText(block, `tab:${slug(name)}-${number}`)}`];
  });
  return `% Tables of ${name}. They want \\usepackage{booktabs} and UTF-8.\n\n${parts.join("\n\n")}\n`;
}

function tableText({ caption, columns, rows }: TableBlock, label: string): string {
  return latexTable({ caption, label, columns, rows: rows.map((row) => row.map(textOf)) });
}

function textOf(text: Text): string {
  return piecesOf(text).map(pieceText).join("");
}

function pieceText(piece: Piece): string {
  if (typeof piece === "string") return latexText(piece);
  if ("strong" in piece) return `\\textbf{${latexText(piece.strong)}}`;
  return `\\texttt{${latexText(piece.code)}}`;
}
