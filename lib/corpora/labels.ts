import { readFileSync } from "node:fs";
import * as v from "valibot";
import { messageOf, systemReason, UsageError } from "../base/errors.js";
import { meant, parseSettings } from "../base/schema.js";
import { byText } from "../base/text.js";
import type { Clip } from "./clip.js";
import { classesOf } from "./registry.js";

/** Words for each emotion: those of the four English corpora and common ones of the field. */
const EMOTION_WORDS: Record<string, string> = {
  anger: "anger angry ang",
  disgust: "disgust disgusted dis",
  fear: "fear fearful fea afraid scared",
  happiness: "happiness happy hap joy joyful",
  sadness: "sadness sad",
  surprise: "surprise surprised sur ps pleasant_surprise pleasant_surprised",
  neutral: "neutral neu",
  calm: "calm",
};

const CLASS_OF = new Map(
  Object.entries(EMOTION_WORDS).flatMap(([name, words]) => words.split(" ").map((word) => [word, name])),
);

/** The class of labels whose clips are left out. */
const DROP = "drop";

/** The emotion of a common word: `HAP`, `happy` and `Joy` are happiness; `undefined` for any other label. */
export function knownEmotion(label: string): string | undefined {
  return CLASS_OF.get(folded(label));
}

/** The class of a label: the emotion of a common word, else a class of its own, in lower case. */
export function ownClass(label: string): string {
  return knownEmotion(label) ?? label.trim().toLowerCase();
}

/** Equal for labels that differ only in case, blanks, hyphens and underscores. */
function folded(label: string): string {
  return label.trim().toLowerCase().replaceAll(/[\s-]/g, "_");
}

/** A rule of a mapping. With `strict`, a label that no clip has is an error; a file may be meant for several corpora. */
interface Rule {
  key: string;
  to: string;
  strict: boolean;
}

/**
 * Maps the labels of clips to classes. Without rules, common words map to the seven emotions and calm, and any other label is a
 * class of its own. It records which labels it has seen, to report rules that no clip used.
 */
export class Labels {
  readonly #rules = new Map<string, Rule>();
  readonly #used = new Set<Rule>();
  /** Every label seen, as written, with its class before the mapping. */
  readonly #seen = new Map<string, string>();

  /** @param rules each maps a label or a class to another class; the class `drop` leaves the clips out */
  constructor(rules: Iterable<Rule> = []) {
    for (const rule of rules) this.#rules.set(folded(rule.key), rule);
  }

  /**
   * The class of a label, or `undefined` where its clips are to be left out.
   *
   * @param own the label's class without the rules
   * @param also another spelling of the label, since a manifest's columns `emotion` and `label` may differ
   */
  classOf(label: string, own = ownClass(label), also = label): string | undefined {
    for (const one of [label, also]) this.#seen.set(one, own);
    const words = [label, also, own].map(folded);
    const rule = words.map((word) => this.#rules.get(word)).find(Boolean);
    if (!rule) return own;
    this.#used.add(rule);
    return folded(rule.to) === DROP ? undefined : ownClass(rule.to);
  }

  /** The clips with their mapped classes, without those that the rules drop. */
  apply(clips: readonly Clip[]): Clip[] {
    if (this.#rules.size === 0) return [...clips];
    return clips.flatMap((clip) => {
      const emotion = this.classOf(clip.label, clip.emotion);
      return emotion === undefined ? [] : [emotion === clip.emotion ? clip : { ...clip, emotion }];
    });
  }

  /**
   * Reports rules for labels that no clip has.
   *
   * @returns one message for each such rule that came from a file, which may be meant for several corpora
   * @throws {UsageError} for such a rule that was given by itself; the message lists the labels that occur
   */
  checkUsed(): string[] {
    const unused = [...this.#rules.values()].filter((rule) => !this.#used.has(rule));
    const own = classesOf(Array.from(this.#seen.values(), (emotion) => ({ emotion })));
    const words = [...new Set([...own, ...this.#seen.keys()])];
    const listed = own.map((name) => {
      const labels = [...this.#seen].flatMap(([label, of]) => (of === name && label !== name ? [label] : []));
      return labels.length > 0 ? `${name} (${labels.sort(byText).slice(0, 6).join(", ")})` : name;
    });
    const about = ({ key }: Rule) =>
      `--map: no clip has the label "${key}": there are ${listed.join(", ")}${meant(key, words)}`;
    const wrong = unused.find(({ strict }) => strict);
    if (wrong) throw new UsageError(about(wrong));
    return unused.map(about);
  }
}

const mapSchema = v.pipe(
  v.record(v.string(), v.pipe(v.string(), v.regex(/\S/))),
  v.description("The class of each label."),
);

/**
 * A mapping of labels to classes, written as for the command line's `--map`.
 *
 * @param given `LABEL=CLASS`, `LABEL=drop`, or the name of a JSON file `{ "LABEL": "CLASS" }`; the last rule for a label wins
 * @throws {UsageError} for anything else
 * @example
 * const labels = labelsFrom(["boredom=drop", "calm=neutral"]);
 * labels.classOf("calm"); // => "neutral"
 * labels.classOf("HAP"); // => "happiness"
 * labels.classOf("boredom"); // => undefined
 */
export function labelsFrom(given: readonly string[] = []): Labels {
  return new Labels(given.flatMap(rulesOf));
}

function rulesOf(text: string): Rule[] {
  if (/\.json$/i.test(text)) {
    return Object.entries(readMap(text)).map(([key, to]) => ({ key, to, strict: false }));
  }
  const [, key = "", to = ""] = /^([^=]*)=([^=]*)$/s.exec(text) ?? [];
  if (key.trim() && to.trim()) return [{ key, to, strict: true }];
  throw new UsageError(
    `--map "${text}": it takes LABEL=CLASS, LABEL=drop, or a JSON file such as { "boredom": "drop" }`,
  );
}

function readMap(path: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`cannot read the mapping ${path}: ${systemReason(error)}`, { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new UsageError(`${path} is not valid JSON: ${messageOf(error)}`, { cause: error });
  }
  if (Array.isArray(value)) throw new UsageError(`${path}: it takes an object: { "boredom": "drop" }`);
  return parseSettings(mapSchema, value, path, "the mapping");
}
