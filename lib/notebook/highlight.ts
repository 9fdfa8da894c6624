import { escapeHtml } from "../base/html.js";

const KEYWORDS =
  "abstract as async await break case catch class const continue declare default delete do else enum export extends false " +
  "finally for from function if implements import in infer instanceof interface keyof let namespace new null of private " +
  "protected public readonly return satisfies static super switch this throw true try type typeof undefined var void while yield";

const TOKEN = new RegExp(
  [
    /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$))/,
    /(?<string>"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|`(?:\\[\s\S]|[^`\\])*`?)/,
    new RegExp(`(?<keyword>\\b(?:${KEYWORDS.replaceAll(" ", "|")})\\b)`),
    /(?<digit>\b\d[\w.]*)/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "g",
);

/** TypeScript as HTML with comments, strings, keywords and numbers marked. Accepts any text. */
export function highlight(source: string): string {
  let html = "";
  let last = 0;
  for (const match of source.matchAll(TOKEN)) {
    const start = match.index ?? 0;
    const [kind] = Object.entries(match.groups!).find(([, text]) => text !== undefined)!;
    html += `${escapeHtml(source.slice(last, start))}<span class="${kind}">${escapeHtml(match[0])}</span>`;
    last = start + match[0].length;
  }
  return html + escapeHtml(source.slice(last));
}
