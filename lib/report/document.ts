import type { Figure } from "../figures/figure.js";

/** A piece of text: plain, strong or code. Markup in it is escaped. */
export type Piece = string | { strong: string } | { code: string };

/** Text of one or several pieces. */
export type Text = Piece | readonly Piece[];

export interface Column {
  title: string;
  /** Default "left". */
  align?: "left" | "right";
}

/** A part of a report. `markdown.ts` and `html.ts` write the same blocks as text and as a page. */
export type Block =
  | { kind: "heading"; level: 1 | 2 | 3; text: string }
  | { kind: "paragraph"; text: Text }
  /** A warning: synthetic, leaky, transductive, incomplete. */
  | { kind: "warning"; text: Text }
  | { kind: "list"; items: readonly Text[] }
  | TableBlock
  | { kind: "figure"; name: string; figure: Figure; caption: string }
  | { kind: "code"; text: string }
  /** Collapsed on a page. */
  | { kind: "fold"; summary: string; blocks: readonly Block[] };

export interface TableBlock {
  kind: "table";
  caption?: string;
  columns: readonly Column[];
  rows: readonly (readonly Text[])[];
}

/** The pieces of a text. */
export function piecesOf(text: Text): readonly Piece[] {
  return typeof text === "object" && !("strong" in text) && !("code" in text) ? text : [text];
}

/** The figures of a document by name, in order. */
export function figuresOf(blocks: readonly Block[]): Map<string, Figure> {
  const figures = new Map<string, Figure>();
  for (const block of blocks) {
    if (block.kind === "figure") figures.set(block.name, block.figure);
    if (block.kind === "fold")
      for (const [name, figure] of figuresOf(block.blocks)) figures.set(name, figure);
  }
  return figures;
}
