import { UsageError } from "../base/errors.js";
import { meant } from "../base/schema.js";

/** The fields that a pattern can read from a name; any other placeholder, such as `{n}` or `{_}`, is matched and ignored. */
export const PLACEHOLDERS = [
  ...(["speaker", "emotion", "sentence", "sex", "intensity", "repetition", "corpus", "id"] as const),
] as const;

/** The fields that were read from a path. */
export type NamedFields = Partial<Record<(typeof PLACEHOLDERS)[number], string>>;

const REQUIRED = ["speaker", "emotion"] as const;

/** A piece of a pattern: a placeholder with its width, a wildcard, or a text. */
const PIECE = /\{(\w+)(?::(\d+))?\}|\*|[^{}*]+|[{}]/gu;

/**
 * A pattern of file names, such as `{speaker}_{emotion}_{n}.wav`. A placeholder matches as few characters as possible, or as many
 * as it says: `{emotion:1}`. One that occurs twice must match the same text in both places. `*` matches any text within a name.
 * A pattern matches the end of a path; one without a folder matches file names in any folder. Case is ignored.
 *
 * @returns a function that reads the fields of a path with `/`; `undefined` where the path does not match
 * @throws {UsageError} when speaker or emotion is not in the pattern, a brace is left open, or two placeholders without a
 *   width are adjacent
 * @example namePattern("{speaker:2}{sentence:3}{emotion:1}{_}.wav")("wav/03a01Fa.wav")?.speaker // "03"
 */
export function namePattern(pattern: string): (path: string) => NamedFields | undefined {
  const wrong = (what: string) => new UsageError(`--pattern "${pattern}": ${what}`);
  const pieces = [...pattern.replace(/^\.?\//, "").matchAll(PIECE)];
  const open = pieces.find(([text]) => text === "{" || text === "}");
  if (open)
    throw wrong(
      `the brace at character ${(open.index ?? 0) + 1} does not belong to a placeholder such as {speaker} or {emotion:1}`,
    );
  const names = pieces.flatMap(([, name]) => name ?? []);
  const missing = REQUIRED.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    const near = names.find((name) => meant(name, missing) !== "");
    const hint = near === undefined ? "" : ` for {${near}}${meant(near, missing)}`;
    throw wrong(
      `it lacks {${missing.join("} and {")}}${hint}; if file names do not contain it, write the table by hand`,
    );
  }
  const vague = pieces.find(
    ([, name, width], i) => name !== undefined && width === undefined && pieces[i + 1]?.[1] !== undefined,
  );
  if (vague)
    throw wrong(
      `it is unclear where {${vague[1]}} ends and {${pieces[pieces.indexOf(vague) + 1]![1]}} begins: write the text between them, or give the number of characters: {${vague[1]}:2}`,
    );
  const seen = new Set<string>();
  const source = pieces.map(([text, name, width]) => {
    if (text === "*") return "[^/]*";
    if (name === undefined) return literal(text);
    const value = width === undefined ? "[^/]+?" : `[^/]{${width}}`;
    if (!isPlaceholder(name)) return value;
    if (seen.has(name)) return `\\k<${name}>`;
    seen.add(name);
    return `(?<${name}>${value})`;
  });
  const expression = new RegExp(`(?:^|/)${source.join("")}$`, "iu");
  return (path) => {
    const found = expression.exec(path)?.groups;
    return found && { ...found };
  };
}

function isPlaceholder(name: string): boolean {
  return (PLACEHOLDERS as readonly string[]).includes(name);
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
