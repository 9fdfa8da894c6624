import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** Whether a path is a pattern rather than a name. */
export function isPattern(path: string): boolean {
  return /[*?[{]/.test(path);
}

/**
 * The files and folders that a pattern matches, in order of name: `*` and `?` within a name, `**` for folders at any
 * depth, `[a-c]`, `{a,b}`. Names that begin with a dot are matched by a dot alone. A folder that cannot be read
 * matches nothing.
 *
 * @example await expandPattern("data/**\/*_{ANG,SAD}_*.wav")
 */
export async function expandPattern(pattern: string): Promise<string[]> {
  const found = new Set<string>();
  for (const one of alternatives(pattern)) {
    const parts = one.split("/");
    const root = parts[0] === "" ? "/" : "";
    for (const path of await walk(root, parts.filter(Boolean))) found.add(path);
  }
  return [...found].sort();
}

async function walk(folder: string, [part, ...rest]: readonly string[]): Promise<string[]> {
  if (part === undefined) return [folder];
  if (!isPattern(part)) {
    if (rest.length > 0) return walk(join(folder, part), rest);
    return (await entries(folder)).some(({ name }) => name === part) ? [join(folder, part)] : [];
  }
  const out = part === "**" ? await walk(folder, rest.length > 0 ? rest : ["*"]) : [];
  const matches = matcher(part === "**" ? "*" : part);
  for (const entry of await entries(folder)) {
    if (!matches.test(entry.name)) continue;
    const path = join(folder, entry.name);
    if (part === "**") {
      if (entry.isDirectory()) out.push(...(await walk(path, [part, ...rest])));
    } else if (rest.length === 0) out.push(path);
    else if (!entry.isFile()) out.push(...(await walk(path, rest)));
  }
  return out;
}

function entries(folder: string) {
  return readdir(folder || ".", { withFileTypes: true }).catch(() => []);
}

/** A name's pattern as an expression; `[` without its `]` is itself. */
function matcher(part: string): RegExp {
  const body = part.replace(/\[!?[^\]]+\]|\*|\?|[\\^$.|+(){}[\]]/g, (token) => {
    if (token === "*") return "[^/]*";
    if (token === "?") return "[^/]";
    if (token.length > 1) return token.replace(/^\[!/, "[^").replaceAll("\\", "\\\\");
    return `\\${token}`;
  });
  try {
    return new RegExp(`^${part.startsWith(".") ? "" : "(?!\\.)"}${body}$`);
  } catch {
    // A range that runs backwards matches nothing, as in a shell.
    return /(?!)/;
  }
}

/** `a{b,c}` as `ab` and `ac`. */
function alternatives(pattern: string): string[] {
  const group = /\{([^{}]*,[^{}]*)\}/.exec(pattern);
  if (!group) return [pattern];
  const [whole, inner] = group as unknown as [string, string];
  const before = pattern.slice(0, group.index);
  const after = pattern.slice(group.index + whole.length);
  return inner.split(",").flatMap((part) => alternatives(before + part + after));
}
