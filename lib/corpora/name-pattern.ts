import { UsageError } from "../base/errors.js";
import { meant } from "../base/schema.js";

/** What a pattern may read from a name; any other placeholder, such as `{n}` or `{_}`, is read and left out. */
export const PLACEHOLDERS = [
  ...(["speaker", "emotion", "sentence", "sex", "intensity", "repetition", "corpus", "id"] as const),
] as const;

/** What a path says of a clip. */
export type NamedFields = Partial<Record<(typeof PLACEHOLDERS)[number], string>>;

const REQUIRED = ["speaker", "emotion"] as const;

/** A piece of a pattern: a placeholder with its width, a wildcard, or a text. */
const PIECE = /\{(\w+)(?::(\d+))?\}|\*|[^{}*]+|[{}]/gu;

/**
 * A pattern of file names, as `{speaker}_{emotion}_{n}.wav`. A placeholder is as short as what follows lets it be, or has as
 * many signs as it says: `{emotion:1}`; one that comes twice is the same text in both places. `*` is any text within a name. A
 * pattern is of the end of a path: one without a folder is of the file's name, wherever it lies. Case does not count.
 *
 * @returns what a path, with `/`, says of its clip; `undefined` where it does not match
 * @throws {UsageError} where speaker or emotion is not in the pattern, a brace is left open, or nothing stands between two
 *   placeholders of no width
 * @example namePattern("{speaker:2}{sentence:3}{emotion:1}{_}.wav")("wav/03a01Fa.wav")?.speaker // "03"
 */
export function namePattern(pattern: string): (path: string) => NamedFields | undefined {
  const wrong = (what: string) => new UsageError(`--pattern "${pattern}": ${what}`);
  const pieces = [...pattern.replace(/^\.?\//, "").matchAll(PIECE)];
  const open = pieces.find(([text]) => text === "{" || text === "}");
  if (open)
    throw wrong(
      `a brace at sign ${(open.index ?? 0) + 1} is part of no placeholder such as {speaker} or {emotion:1}`,
    );
  const names = pieces.flatMap(([, name]) => name ?? []);
  const missing = REQUIRED.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    const near = names.find((name) => meant(name, missing) !== "");
    const hint = near === undefined ? "" : ` for {${near}}${meant(near, missing)}`;
    throw wrong(
      `it lacks {${missing.join("} and {")}}${hint}; where names do not say it, write the table by hand`,
    );
  }
  const vague = pieces.find(
    ([, name, width], i) => name !== undefined && width === undefined && pieces[i + 1]?.[1] !== undefined,
  );
  if (vague)
    throw wrong(
      `nothing tells where {${vague[1]}} ends and {${pieces[pieces.indexOf(vague) + 1]![1]}} begins: put what stands between them, or say how many signs it has: {${vague[1]}:2}`,
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
