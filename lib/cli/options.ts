import { InvalidArgumentError, Option } from "commander";
import { is } from "valibot";
import { type Facts, factsOf, type Node } from "../base/schema.js";

/** Stands for `null`, which commander would turn into an empty text. */
const NONE = Symbol("none");

/** An option of the command line that sets a key of settings. */
export class SettingOption extends Option {
  /** @param path of the key: `schedule.name` */
  constructor(
    readonly path: string,
    flags: string,
    help: string,
  ) {
    super(flags, help);
  }
}

export interface OptionTexts {
  /** Its name, where it is not the key's: `sr` for `sampleRate`. */
  flag?: string;
  /** Its help, where it is not the first sentence of the key's description. */
  help?: string;
  /** Settings that have its default, by the name under which it is told; a name may be empty. */
  defaults?: Record<string, object>;
}

/**
 * The option that sets a key: named as the key, with its description as help, its choices, and its numbers.
 *
 * @param entries the keys of the settings
 * @param path of the key; `schedule.name` makes `--schedule`, `schedule.warmup` makes `--warmup`
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
 * What options were given, as settings: `--schedule cosine --epochs 3` as `{ schedule: { name: "cosine" }, epochs: 3 }`.
 *
 * @param flags as commander gives them
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

/** Keys with their meaning and default, a line each, for the text below a command's help. */
export function keysHelp(entries: Record<string, Node>): string {
  const lines = Object.entries(entries).map(([key, node]) => {
    const { description, usual, optional } = factsOf(node);
    const own =
      usual === undefined ? (optional ? "" : " (required)") : ` (default: ${JSON.stringify(usual)})`;
    return `  ${key.padEnd(15)}${inHelp(description)}${own}`;
  });
  return lines.join("\n");
}

function schemaAt(entries: Record<string, unknown>, path: string): Node {
  const [key, ...rest] = path.split(".") as [string, ...string[]];
  const schema = entries[key] as Node;
  return rest.length > 0 ? schemaAt(factsOf(schema).entries!, rest.join(".")) : schema;
}

/** `30; cnn-small 15`, with those that have another than the unnamed default, or a single value; nothing where none has any. */
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

/** `learningRate` as `learning-rate`; a name within settings goes by these. */
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

/** The first sentence, as a phrase. */
function inHelp(description: string): string {
  const [sentence = ""] = description.split(/(?<!et al)\.(?: |$)/);
  const phrase = sentence.replaceAll("`", "").replace(/\bnull\b/, "none");
  // "FFT length" and "HTK's" stay as they are.
  return /^[A-Z][a-z ]/.test(phrase) ? phrase[0]!.toLowerCase() + phrase.slice(1) : phrase;
}

/** Reads a number, or a text that the schema takes, or each of several; `none` where it may be `null`. */
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
