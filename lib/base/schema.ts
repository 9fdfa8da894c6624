import * as v from "valibot";
import { UsageError } from "./errors.js";

/** A key of an object, or an index of a list. */
export type Key = string | number;

/** Reports a problem: `is 3: it takes 1, 2` for the value at `path`, or a complete sentence. */
export type Say = (text: string, ...path: Key[]) => void;

export interface Range {
  /** Smallest allowed number. */
  from?: number;
  /** Exclusive lower limit. */
  above?: number;
  /** Largest allowed number; default: any finite number. */
  to?: number;
  /** Only whole numbers. */
  whole?: boolean;
  /** `Hz`, `samples`, `dB`: for messages, help and tables. */
  unit?: string;
  /** Default of an optional key. */
  usual?: number;
}

/** A number within a range. */
export function number(description: string, range: Range): v.GenericSchema<number> {
  const { from, above, to, whole, unit, usual } = range;
  const checks = [
    v.description<number, string>(description),
    ...(from === undefined ? [] : [v.minValue<number, number>(from)]),
    ...(above === undefined ? [] : [v.gtValue<number, number>(above)]),
    to === undefined ? v.finite<number>() : v.maxValue<number, number>(to),
    ...(whole ? [v.integer<number>()] : []),
    v.metadata<number, Pick<Range, "unit" | "usual">>({ unit, usual }),
  ];
  return v.pipe(v.number(), ...checks);
}

/** A whole number within a range. */
export function whole(
  description: string,
  from: number,
  to: number,
  { unit, usual }: Pick<Range, "unit" | "usual"> = {},
): v.GenericSchema<number> {
  return number(description, { from, to, unit, usual, whole: true });
}

/** A text that is not blank. */
export function text(description: string) {
  return v.pipe(v.string(), v.regex(/\S/), v.description(description));
}

/** One of several words or numbers. */
export function oneOf<const Options extends readonly (string | number)[]>(
  description: string,
  options: Options,
) {
  return v.pipe(v.picklist(options), v.description(description));
}

/** True or false. */
export function yesNo(description: string, usual?: boolean) {
  return v.pipe(v.boolean(), v.description(description), v.metadata({ usual }));
}

/** A list of at least one item. */
export function list<Item extends v.GenericSchema<unknown, unknown>>(description: string, item: Item) {
  return v.pipe(v.array(item), v.minLength(1), v.description(description));
}

type Entries = Record<string, v.GenericSchema<unknown, unknown>>;

/**
 * An object with these keys and no others. Unlike `v.strictObject` it reports all unknown keys at once, each with the key that
 * was probably meant.
 *
 * @param elsewhere messages for keys that belong elsewhere
 */
export function strict<E extends v.ObjectEntries>(
  description: string,
  entries: E,
  elsewhere: Record<string, string> = {},
): v.StrictObjectSchema<E, undefined> {
  const known = Object.keys(entries);
  const unknown = v.rawCheck<Record<string, unknown>>(({ dataset, addIssue }) => {
    const input: unknown = dataset.value;
    if (!isObject(input)) return;
    for (const key of Object.keys(input).filter((one) => !known.includes(one))) {
      const message = Object.hasOwn(elsewhere, key)
        ? elsewhere[key]!
        : `is unknown: there are ${known.join(", ")}${meant(key, known)}`;
      addIssue({ message, path: [{ type: "object", origin: "key", input, key, value: input[key] }] });
    }
  });
  // A loose object keeps unknown keys for the check to see; an object that passes the check has none.
  const loose = v.looseObject(entries);
  const object: typeof loose = {
    ...loose,
    // For valibot, a list is an object, too.
    "~run": (dataset, config) =>
      Array.isArray(dataset.value)
        ? (never["~run"](dataset, config) as never)
        : loose["~run"](dataset, config),
  };
  const schema = v.pipe(object, unknown as never, v.description(description) as never);
  return schema as unknown as v.StrictObjectSchema<E, undefined>;
}

const never = v.never();

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

type Partially<E extends v.ObjectEntries> = {
  [K in keyof E]: E[K] extends v.OptionalSchema<infer Inner, infer Default>
    ? v.OptionalSchema<Inner, Default>
    : E[K] extends v.GenericSchema<unknown, unknown>
      ? v.OptionalSchema<E[K], undefined>
      : never;
};

/** The same keys, all optional. */
export function partial<E extends Entries>(entries: E): Partially<E> {
  const each = Object.entries(entries).map(([key, one]) => [
    key,
    one.type === "optional" ? one : v.optional(one),
  ]);
  return Object.fromEntries(each) as Partially<E>;
}

/** A rule about several keys, checked once each of them is valid by itself. */
export function rule<T>(check: (value: T, say: Say) => void) {
  return v.rawCheck<T>(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.issues) return;
    check(dataset.value, (message, ...path) => {
      const items = path.map((key) => ({ type: "unknown", origin: "value", input: undefined, key }));
      addIssue({ message, ...(items.length > 0 && { path: items as never }) });
    });
  });
}

/**
 * Validates a value with its schema and fills in defaults.
 *
 * @param where the file, named in errors
 * @param root name of the value in messages about itself
 * @param shown the path that messages give; default: all of it. An empty one leaves the place out
 * @throws {UsageError} listing all problems, each with its path, the value, the allowed values and what was probably meant
 * @example parseSettings(gridSchema, JSON.parse(text), "grid.json", "the grid")
 */
export function parseSettings<S extends v.GenericSchema<unknown, unknown>>(
  schema: S,
  value: unknown,
  where?: string,
  root = "the settings",
  shown?: (path: readonly Key[]) => readonly Key[],
): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (!result.success) throw refusal(problemsOf(schema, value, root, shown), where);
  return result.output;
}

/**
 * All problems of a value, one line each; empty for a valid value.
 *
 * @example problemsOf(gridSchema, { name: "a" }) // ["runs is missing: it takes a list of objects, not empty"]
 */
export function problemsOf(
  schema: v.GenericSchema<unknown, unknown>,
  value: unknown,
  root = "the settings",
  shown: (path: readonly Key[]) => readonly Key[] = (path) => path,
): string[] {
  const lines = (v.safeParse(schema, value).issues ?? [])
    .flatMap((issue) => problemsIn(schema, issue, []))
    .map(({ path, message }) => line(shown(path), message, root));
  // A number that is both a fraction and too small gives one line.
  return [...new Set(lines)];
}

/** The problems that a check reports, one line each. */
export function problemsBy(check: (say: Say) => void): string[] {
  const lines: string[] = [];
  check((message, ...path) => lines.push(line(path, message)));
  return lines;
}

/** @throws {UsageError} if there are problems */
export function refuse(problems: readonly string[], where?: string): void {
  if (problems.length > 0) throw refusal(problems, where);
}

function refusal(problems: readonly string[], where?: string): UsageError {
  return new UsageError(problemText(problems, where));
}

/**
 * All problems as one message.
 *
 * @param where the file that has them
 * @param most number of problems to list; further ones are counted
 */
export function problemText(problems: readonly string[], where?: string, most = Infinity): string {
  if (problems.length === 1) return where ? `${where}: ${problems[0]}` : problems[0]!;
  const more = problems.length > most ? [`and ${problems.length - most} more`] : [];
  const count = `${problems.length} problems:`;
  return [where ? `${where} has ${count}` : count, ...problems.slice(0, most), ...more].join("\n  ");
}

/** The facts of a schema, for messages, command-line options, and tables. */
export interface Facts {
  description: string;
  /** The allowed values in words. */
  takes: string;
  /** Default; `undefined` where the schema has none. */
  usual: unknown;
  /** The key may be left out. */
  optional: boolean;
  /** The value may be `null`. */
  nullable: boolean;
  type: string;
  choices?: readonly (string | number)[];
  /** For numbers. */
  range?: Range;
  /** For lists. */
  item?: Node;
  /** For objects. */
  entries?: Record<string, Node>;
}

/** A schema of any kind, for traversal. */
export interface Node {
  type: string;
  entries?: Record<string, Node>;
  wrapped?: Node;
  item?: Node;
  items?: Node[];
  options?: readonly unknown[];
  literal?: unknown;
  value?: Node;
  default?: unknown;
  pipe?: readonly { type: string; requirement?: unknown; options?: readonly unknown[] }[];
}

/** {@link Facts} of a schema. */
export function factsOf(schema: Node | v.GenericSchema<unknown, unknown>): Facts {
  const outer = schema as Node;
  const node = unwrapped(outer);
  const facts: Facts = {
    description: v.getDescription(node as never) ?? v.getDescription(outer as never) ?? "",
    takes: takes(outer),
    usual: outer.default ?? metaOf(node).usual,
    optional: outer.type === "optional",
    type: isTexts(node) ? "string" : node.type,
    nullable: layers(outer).some(({ type }) => type === "nullable"),
  };
  if (node.type === "picklist") facts.choices = node.options as readonly (string | number)[];
  if (node.type === "number") facts.range = rangeOf(node);
  if (node.item) facts.item = node.item;
  if (node.entries) facts.entries = node.entries;
  return facts;
}

function metaOf(node: Node): { unit?: string; usual?: unknown; takes?: string } {
  return v.getMetadata(node as never);
}

/** A schema and the schemas that it wraps, from the outside in. */
function layers(node: Node): Node[] {
  return node.wrapped ? [node, ...layers(node.wrapped)] : [node];
}

function unwrapped(node: Node): Node {
  return layers(node).at(-1)!;
}

function rangeOf(node: Node): Range {
  const limit = (type: string) =>
    node.pipe?.find((one) => one.type === type)?.requirement as number | undefined;
  const { unit } = metaOf(node);
  const whole = node.pipe?.some(({ type }) => type === "integer");
  return { from: limit("min_value"), above: limit("gt_value"), to: limit("max_value"), whole, unit };
}

/** A choice of several schemas; in a variant a key decides. */
function isChoice({ type }: Node): boolean {
  return type === "union" || type === "variant";
}

/** A choice of texts alone is a text. */
function isTexts(node: Node): boolean {
  const texts = ({ type, options }: Node) =>
    type === "string" || (type === "picklist" && options!.every((one) => typeof one === "string"));
  return isChoice(node) && (node.options as Node[]).map(unwrapped).every(texts);
}

/** The allowed values of a schema in words. */
function takes(outer: Node): string {
  const node = unwrapped(outer);
  const others = layers(outer).some(({ type }) => type === "nullable") ? " or null" : "";
  return `${bareTakes(node)}${others}`;
}

function bareTakes(node: Node): string {
  if (node.type === "picklist") return node.options!.join(", ");
  if (node.type === "literal") return JSON.stringify(node.literal);
  if (node.type === "boolean") return "true or false";
  if (node.type === "string") return metaOf(node).takes ?? (wordsOf(node).join(", ") || "a text");
  if (node.type === "number") return rangeText(rangeOf(node));
  if (node.type === "variant") return "an object";
  if (isChoice(node)) return [...new Set((node.options as Node[]).map(takes))].join(", or ");
  if (node.items) return `a list of ${node.items.length}: ${node.items.map(takes).join(", ")}`;
  if (node.item) {
    const filled = node.pipe?.some(({ type }) => type === "min_length");
    const item = takes(node.item);
    if (!filled) return `a list of ${item}`;
    return `a list of at least one ${/^an? /.test(item) ? item.replace(/^an? /, "") : `of ${item}`}`;
  }
  if (node.entries) return `an object with ${Object.keys(node.entries).join(", ")}`;
  return "an object";
}

/** `a whole number from 1 to 4096 bands` */
function rangeText({ from, above, to, whole, unit }: Range): string {
  const limits =
    above !== undefined
      ? ` above ${above}${to === undefined ? "" : ` and up to ${to}`}`
      : to !== undefined
        ? ` from ${from} to ${to}`
        : from !== undefined
          ? ` of at least ${from}`
          : "";
  return `a ${whole ? "whole " : ""}number${limits}${unit ? ` ${unit}` : ""}`;
}

type Issue = v.BaseIssue<unknown>;

/** What is wrong, and where. */
function problemsIn(
  schema: Node | v.GenericSchema,
  issue: Issue,
  before: Key[],
): { path: Key[]; message: string }[] {
  const path = [...before, ...(issue.path ?? []).map(({ key }) => key as Key)];
  if (issue.type === "raw_check") return [{ path, message: issue.message }];
  const node = nodeAt(schema as Node, path);
  // For a choice, the problems with the most similar option.
  const inner = (issue.issues ?? []).filter((one) => one.path || one.kind === "validation");
  if (inner.length > 0) return inner.flatMap((one) => problemsIn(schema, one, path));
  const message = node ? `it takes ${takes(node)}${meantBy(issue.input, node)}` : issue.message;
  return [{ path, message: `is ${show(issue.input)}: ${message}` }];
}

function line(path: readonly Key[], message: string, root = ""): string {
  const place = path
    .map((key, i) => (typeof key === "number" ? `[${key}]` : i > 0 ? `.${key}` : key))
    .join("");
  if (message.startsWith("is ")) return `${place || root} ${message}`;
  return place ? `${place}: ${message}` : message;
}

function nodeAt(schema: Node, path: readonly Key[]): Node | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  const node = unwrapped(schema);
  if (isChoice(node)) {
    const found = (node.options as Node[]).flatMap((option) => nodeAt(option, path) ?? []);
    return found.length > 1 ? { type: "union", options: found } : found[0];
  }
  const inner = node.entries?.[key] ?? node.item ?? node.items?.[key as number] ?? node.value;
  return inner && nodeAt(inner, rest);
}

function meantBy(input: unknown, node: Node): string {
  return typeof input === "string" ? meant(input, wordsOf(node)) : "";
}

function wordsOf(outer: Node): string[] {
  const node = unwrapped(outer);
  if (isChoice(node)) return (node.options as Node[]).flatMap(wordsOf);
  // A text may be transformed to one of several words.
  const words = node.type === "picklist" ? node : node.pipe?.find(({ type }) => type === "picklist");
  return words?.options?.map(String) ?? [];
}

/** `; did you mean "models"?`, or nothing. */
export function meant(word: string, known: readonly string[]): string {
  const one = nearest(word, known);
  return one === undefined ? "" : `; did you mean "${one}"?`;
}

/**
 * The known word that was probably meant; `undefined` where none is similar. Case is ignored, and up to a third of the letters may
 * be missing, added, wrong or swapped with the next.
 *
 * @example nearest("modles", ["models", "seeds"]) // "models"
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  // Words that are much longer or shorter are not considered.
  const alike = known.filter(
    (one) => 3 * Math.abs(one.length - word.length) <= Math.max(word.length, one.length),
  );
  const scored = alike.map((one) => ({ one, distance: editDistance(word.toLowerCase(), one.toLowerCase()) }));
  const near = scored.filter(({ one, distance }) => distance <= Math.max(word.length, one.length) / 3);
  return near.sort((a, b) => a.distance - b.distance)[0]?.one;
}

/** Letters inserted, removed, replaced or swapped with a neighbour (optimal string alignment). */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + Number(a[i - 1] !== b[j - 1]);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(
          replaced,
          rows[i - 1]![j]! + 1,
          row[j - 1]! + 1,
          swapped ? rows[i - 2]![j - 2]! + 1 : Infinity,
        ),
      );
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** A value in a message. */
export function show(value: unknown): string {
  if (value === undefined) return "missing";
  // JSON has no word for NaN and infinities.
  const text = typeof value === "number" ? String(value) : jsonOf(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return "nested too deeply to be shown";
  }
}
