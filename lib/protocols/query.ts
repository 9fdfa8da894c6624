import { UsageError } from "../base/errors.js";
import type { Calm } from "../corpora/clip.js";

const CALM: readonly Calm[] = ["merge", "drop", "keep"];

/**
 * The settings behind the question mark of a protocol's name: `group=speaker&folds=5`.
 *
 * @throws {UsageError} for one that is not among `allowed`
 */
export function queryOf<Key extends string>(
  protocol: string,
  query: string | undefined,
  allowed: readonly Key[],
): Partial<Record<Key, string>> {
  const settings = Object.fromEntries(new URLSearchParams(query ?? ""));
  for (const key of Object.keys(settings)) {
    if ((allowed as readonly string[]).includes(key)) continue;
    throw new UsageError(`${protocol} has no setting "${key}": it takes ${allowed.join(", ")}`);
  }
  return settings as Partial<Record<Key, string>>;
}

/**
 * Whether a setting without a value is set.
 *
 * @throws {UsageError} when it has a value
 */
export function isSet(protocol: string, key: string, text: string | undefined): boolean {
  if (text === undefined || text === "") return text === "";
  throw new UsageError(
    `${protocol}: ${key} takes no value, but has "${text}": leave out the value, or ${key}`,
  );
}

/**
 * @param example a name of the kind that has a corpus in it
 * @throws {UsageError} for a text that cannot be the name of a corpus
 */
export function assertCorpus(corpus: string, example: string): void {
  if (/^[a-z][a-z0-9_-]*$/.test(corpus)) return;
  throw new UsageError(`"${corpus}" is not the name of a corpus: use for example ${example}`);
}

/** @throws {UsageError} for an unknown treatment of calm */
export function calmOf(protocol: string, text: string = "merge"): Calm {
  const calm = CALM.find((value) => value === text);
  if (calm) return calm;
  throw new UsageError(`${protocol}: calm is "${text}": it takes ${CALM.join(", ")}`);
}
