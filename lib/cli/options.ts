import { InvalidArgumentError, Option } from "commander";
import { is } from "valibot";
import { type Facts, factsOf, type Node } from "../base/schema.js";

/** Stands for `null`, which commander would turn into an empty string. */
const NONE = Symbol("none");

/** A command-line option that sets one key of the settings. */
export class SettingOption extends Option {
  /** @param path the key, with dots: `schedule.name` */
  constructor(
    readonly path: string,
    flags: string,
    help: string,
  ) {
    super(flags, help);
  }
}

export interface OptionTexts {
  /** Name of the option, where it differs from the key: `sr` for `sampleRate`. */
  flag?: string;
  /** Its help; default: the first sentence of the key's description. */
  help?: string;
  /** Settings that hold the option's default, by the name that the help shows before it; "" shows no name. */
  defaults?: Record<string, object>;
}

/**
 * The option that sets one key: its name, help text, choices and number range come from the key's schema.
 *
 * @param entries the keys of the settings
 * @param path the key; `schedule.name` makes `--schedule`, `schedule.warmup` makes `--warmup`
 * @example settingOption(TRAINING_ENTRIES, "batchSize", { defaults: { "": TRAINING } }) // --batch-size <clips>
 */
export function settingOption(
  entries: Record<string, unknown>,
  path: string,
  { flag = flagOf(path), help, defaults = {} }: OptionTexts = {},
): SettingOption {
  const schema = schemaAt(entries, path);
  const facts = factsOf(schema);
  const item = facts.item ? factsOf(facts.item) : facts;
  const value = facts.type === "boolean" ? "" : ` <${placeholder(item)}${facts.item ? "..." : ""}>`;
  const usual = usualOf(path, facts.usual, defaults);
  const text = `${help ?? inHelp(facts.description)}${usual && ` (default: ${usual})`}`;
  const option = new SettingOption(path, `--${flag}${value}`, text);
  const words = item.choices?.filter((choice): choice is string => typeof choice === "string") ?? [];
  if (words.length > 0) option.choices(words);
  else if (facts.type !== "boolean") option.argParser(readerOf(facts.item ?? schema, Boolean(facts.item)));
  return option;
}

/**
 * The options that were given, as settings: `--schedule cosine --epochs 3` as `{ schedule: { name: "cosine" }, epochs: 3 }`.
 *
 * @param flags the values as commander parsed them
 */
export function settingsGiven(flags: object, options: readonly SettingOption[]): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const option of options) {
    const value = (flags as Record<string, unknown>)[option.attributeName()];
    if (value === undefined) continue;
    const [key, inner] = option.path.split(".") as [string, string?];
    const own = value === NONE ? null : value;
    settings[key] = inner ? { ...(settings[key] as object), [inner]: own } : own;
  }
  return settings;
}

/** Keys with their meaning and default, for the text below a command's help; long lines are wrapped. */
export function keysHelp(entries: Record<string, Node>): string {
  const lines = Object.entries(entries).map(([key, node]) => {
    const { description, usual, optional } = factsOf(node);
    const own =
      usual === undefined ? (optional ? "" : " (required)") : ` (default: ${JSON.stringify(usual)})`;
    return wrapped(`  ${key.padEnd(15)}${inHelp(description)}${own}`, " ".repeat(17));
  });
  return lines.join("\n");
}

/** Wraps a line at 100 columns; further lines begin with `indent`. */
function wrapped(line: string, indent: string): string {
  const end = line.lastIndexOf(" ", 100);
  if (line.length <= 100 || end <= indent.length) return line;
  return `${line.slice(0, end)}\n${wrapped(indent + line.slice(end + 1), indent)}`;
}

function schemaAt(entries: Record<string, unknown>, path: string): Node {
  const [key, ...rest] = path.split(".") as [string, ...string[]];
  const schema = entries[key] as Node;
  return rest.length > 0 ? schemaAt(factsOf(schema).entries!, rest.join(".")) : schema;
}

/** Defaults as text: one value where all agree, else `30; cnn-small 15` (only those that differ from the unnamed one); "" for none. */
function usualOf(path: string, usual: unknown, defaults: Record<string, object>): string {
  const values = Object.entries(defaults).flatMap(([name, settings]) => {
    const value = path
      .split(".")
      .reduce((inner: unknown, key) => (inner as Record<string, unknown> | undefined)?.[key], settings);
    const known = value === undefined ? usual : value;
    return known === undefined ? [] : [{ name, text: known === null ? "none" : [known].flat().join(" ") }];
  });
  const same =
    values.length === Object.keys(defaults).length && new Set(values.map(({ text }) => text)).size === 1;
  if (same && values[0]) return values[0].text;
  const unnamed = values.find(({ name }) => name === "")?.text;
  const telling = values.filter(({ name, text }) => name === "" || text !== unnamed);
  return telling.map(({ name, text }) => `${name} ${text}`.trim()).join("; ");
}

/** `learningRate` becomes `learning-rate`, `schedule.name` becomes `schedule`. */
function flagOf(path: string): string {
  const keys = path.split(".");
  const key = keys.at(-1) === "name" ? keys.at(-2)! : keys.at(-1)!;
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function placeholder({ choices, range, type }: Facts): string {
  if (type === "string") return "name";
  if (choices) return choices.some((one) => typeof one === "number") ? "n" : "name";
  return range?.unit?.toLowerCase() ?? (range?.whole ? "n" : "x");
}

/** The first sentence of a description, as a phrase of the help. */
function inHelp(description: string): string {
  const [sentence = ""] = description.split(/(?<!et al)\.(?: |$)/);
  const phrase = sentence.replaceAll("`", "").replace(/\bnull\b/, "none");
  // "FFT length" and "HTK's" keep their capitals.
  return /^[A-Z][a-z ]/.test(phrase) ? phrase[0]!.toLowerCase() + phrase.slice(1) : phrase;
}

/** A parser of one value, or of each of several: a number or a text that the schema accepts; `none` stands for `null`. */
function readerOf(schema: Node, several: boolean) {
  const { takes } = factsOf(schema);
  const one = (text: string): unknown => {
    if (is(schema as never, text)) return text;
    const value = text === "none" ? null : text.trim() === "" ? Number.NaN : Number(text);
    if (is(schema as never, value)) return value ?? NONE;
    throw new InvalidArgumentError(`It takes ${takes.replace(/null$/, "none")}.`);
  };
  return (text: string, before: unknown) =>
    several ? [...(Array.isArray(before) ? before : []), one(text)] : one(text);
}
