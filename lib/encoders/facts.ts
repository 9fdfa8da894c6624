import { UsageError, UserError } from "../base/errors.js";
import { nearest } from "../base/schema.js";
import { KNOWN_ENCODERS, publishedName } from "./known.js";
import { ambiguous, isNamed, storedEncoders } from "./stored.js";
import type { EncoderInfo } from "./types.js";

/** The facts of an encoder that runs, model cards and reports state. */
export type EncoderFacts = Pick<EncoderInfo, "name" | "digest" | "parameters" | "licence" | "source">;

/** The facts of an encoder that the settings of features use. */
export type EncoderOutline = EncoderFacts & Pick<EncoderInfo, "family" | "width" | "blocks">;

/**
 * The outline of an encoder that is on this machine or published: enough to plan runs, without its weights.
 *
 * @param named its name, its digest, or at least the first 8 digits of its digest
 * @throws {UsageError} for an unknown encoder; the message says how to get it
 * @example outlineOf("whisper-base").blocks // 6
 */
export function outlineOf(named: string): EncoderOutline {
  const found = outlines().filter((one) => isNamed(named, one));
  const [first] = found;
  if (first && found.every(({ digest }) => digest === first.digest)) return first;
  if (first) throw new UsageError(ambiguous(named, found));
  throw new UsageError(howToGet(named));
}

/** The message for an encoder that is not on this machine. */
export function howToGet(named: string): string {
  const known = Object.entries(KNOWN_ENCODERS).find(([name, { digest }]) => isNamed(named, { name, digest }));
  if (known)
    return `the encoder ${known[0]} is not on this machine: get it with "ser encoder get ${known[0]}", or add its files with "ser encoder add FOLDER"`;
  const meant = nearest(named, [...outlines().map(({ name }) => name), ...Object.keys(KNOWN_ENCODERS)]);
  const question = meant ? `did you mean "${meant}"? ` : "";
  return `unknown encoder ${named}: ${question}"ser encoder list" lists the encoders, "ser encoder add FOLDER" adds one`;
}

/**
 * The facts of a published encoder or of one on this machine.
 *
 * @param digest all 64 hexadecimal digits
 * @returns `undefined` for an unknown digest
 * @example
 * const facts = encoderFacts("22b1254db7dcfab5ca60b733434de707c42f87a77a9e4c0824059bffcbb84324");
 * [facts?.name, facts?.parameters]; // => ["whisper-base", 20593664]
 */
export function encoderFacts(digest: string): EncoderFacts | undefined {
  const found = outlines().find((one) => one.digest === digest);
  if (!found) return undefined;
  const { name, parameters, licence, source } = found;
  return { name, digest, parameters, licence, source };
}

/** Name of a published encoder; else the first digits of its digest, which are the same on every machine. */
export function encoderName(digest: string): string {
  return publishedName(digest) ?? digest.slice(0, 12);
}

/** The published ones first, since their names are the same on every machine. */
function outlines(): EncoderOutline[] {
  const known = Object.entries(KNOWN_ENCODERS).flatMap(([name, { digest, outline, licence, source }]) =>
    digest && outline ? [{ name, digest, licence, source, ...outline }] : [],
  );
  return [...known, ...storedOutlines()];
}

/** The readable encoders on this machine; errors of the others are reported when they are used. */
function storedOutlines(): EncoderOutline[] {
  try {
    return storedEncoders().flatMap((one) => ("info" in one ? one.info : []));
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}
