import type { Clip } from "../corpora/clip.js";
import type { Group } from "./types.js";

/**
 * The group of a clip; `undefined` when its metadata lack it. Speakers and sentences of different corpora are different,
 * even under the same name.
 *
 * @example groupOf(clip, "speaker") // "ravdess/12"
 */
export function groupOf(clip: Clip, group: Group): string | undefined {
  if (group === "speaker") return `${clip.corpus}/${clip.speaker}`;
  if (group === "sentence") {
    const sentence = clip.sentenceId ?? clip.sentence;
    return sentence === undefined ? undefined : `${clip.corpus}/${sentence}`;
  }
  const value = clip[group];
  return value === undefined ? undefined : String(value);
}

/**
 * What parts are kept apart by, in words, with the corpora in which it differs.
 *
 * @example apartText(["speaker"], { tess: ["sentence"] }) // "speaker (tess: sentence)"
 */
export function apartText(
  apart: readonly string[],
  otherwise: Readonly<Record<string, readonly string[]>> = {},
): string {
  const exceptions = Object.entries(otherwise).map(([corpus, own]) => `${corpus}: ${own.join(", ")}`);
  const rule = apart.join(", ") || "–";
  return exceptions.length > 0 ? `${rule} (${exceptions.join("; ")})` : rule;
}
