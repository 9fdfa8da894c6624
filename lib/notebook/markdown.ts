import type { TokenizerAndRendererExtension, Tokens } from "marked";
import { escapeHtml } from "../base/html.js";

// As pandoc and Jupyter read dollars: no space within them, no digit behind ("from $5 to $6" is about money), and here no
// backtick either, so that code stays code.
const INLINE = /^\$(?![\s$])((?:\\[\s\S]|[^\\$`])+?)(?<!\s)\$(?![\d$])/;
const DISPLAY = /^\$\$((?:\\[\s\S]|[^\\$`])+?)\$\$/;
/** Read before lists and headings are: a line of a formula may begin with a minus. A blank line ends it. */
const BLOCK = /^ {0,3}\$\$((?:\\[\s\S]|[^\\$`\n]|\n(?!\s*\n))+?)\$\$[ \t]*(?:\n|$)/;
const ANYWHERE = new RegExp(`(?<!\\\\)(?:${DISPLAY.source.slice(1)}|${INLINE.source.slice(1)})`, "g");

type ToMathml = (source: string, display: boolean) => string;

/**
 * A function that makes HTML of Markdown (GitHub's), with formulas in `$...$` and `$$...$$` as MathML, which browsers draw
 * themselves. A formula with a mistake is shown as it was written. What comes out may hold any HTML that was in the text:
 * the sanitizer is next.
 *
 * @example const html = (await openMarkdown())("**loudness** in decibels: $20 \\log_{10} r$");
 */
export async function openMarkdown(): Promise<(text: string) => string> {
  const [{ Marked }, { default: temml }] = await Promise.all([import("marked"), import("temml")]);
  const formula: ToMathml = (source, display) => {
    try {
      return temml.renderToString(source, { displayMode: display, throwOnError: true });
    } catch {
      const dollars = display ? "$$" : "$";
      return `<code>${escapeHtml(dollars + source + dollars)}</code>`;
    }
  };
  const extensions = [
    extension("block", /(?<=\n) {0,3}\$\$/, [BLOCK], formula),
    extension("inline", /\$/, [DISPLAY, INLINE], formula),
  ];
  // Stars and underscores of formulas are no emphasis.
  const emStrongMask = (text: string) => text.replace(ANYWHERE, (found) => "a".repeat(found.length));
  const marked = new Marked({ gfm: true, extensions, hooks: { emStrongMask } });
  return (text) => marked.parse(text, { async: false });
}

/** Formulas of a level of Markdown: where one may begin, how one is read, the display form first. */
function extension(
  level: "block" | "inline",
  start: RegExp,
  [display, inline]: readonly RegExp[],
  formula: ToMathml,
): TokenizerAndRendererExtension {
  const name = `${level}Formula`;
  return {
    name,
    level,
    start: (text) => {
      const at = text.search(start);
      return at < 0 ? undefined : at;
    },
    tokenizer: (text): Tokens.Generic | undefined => {
      const shown = display?.exec(text);
      const found = shown ?? inline?.exec(text);
      return found ? { type: name, raw: found[0], source: found[1], display: Boolean(shown) } : undefined;
    },
    renderer: ({ source, display }) => formula(source, display),
  };
}
