import type { TokenizerAndRendererExtension, Tokens } from "marked";
import { escapeHtml } from "../base/html.js";

// Dollars as in pandoc and Jupyter: no space inside, no digit after ("from $5 to $6" is about money). Also no backtick inside,
// so that code stays code.
const INLINE = /^\$(?![\s$])((?:\\[\s\S]|[^\\$`])+?)(?<!\s)\$(?![\d$])/;
const DISPLAY = /^\$\$((?:\\[\s\S]|[^\\$`])+?)\$\$/;
/** Parsed before lists and headings: a line of a formula may begin with a minus. A blank line ends it. */
const BLOCK = /^ {0,3}\$\$((?:\\[\s\S]|[^\\$`\n]|\n(?!\s*\n))+?)\$\$[ \t]*(?:\n|$)/;
const ANYWHERE = new RegExp(`(?<!\\\\)(?:${DISPLAY.source.slice(1)}|${INLINE.source.slice(1)})`, "g");

type ToMathml = (source: string, display: boolean) => string;

/**
 * Returns a function that converts GitHub Markdown to HTML, with formulas in `$...$` and `$$...$$` as MathML, which browsers
 * render themselves. A formula with an error is shown as written. The result may contain any HTML of the text and must be
 * sanitized next.
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
  // Asterisks and underscores in formulas are no emphasis.
  const emStrongMask = (text: string) => text.replace(ANYWHERE, (found) => "a".repeat(found.length));
  const marked = new Marked({ gfm: true, extensions, hooks: { emStrongMask } });
  return (text) => marked.parse(text, { async: false });
}

/** Formulas at one level of Markdown: where one may begin and how it is parsed, display formulas first. */
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
