import { UsageError, UserError } from "../base/errors.js";
import { nearest } from "../base/schema.js";
import { KNOWN_ENCODERS, publishedName } from "./known.js";
import { ambiguous, isNamed, storedEncoders } from "./stored.js";
import type { EncoderInfo } from "./types.js";

/** The facts of an encoder that runs, model cards and reports state. */
export type EncoderFacts = Pick<EncoderInfo, "name" | "digest" | "parameters" | "licence" | "source">;

/** What the settings of features take of an encoder. */
export type EncoderOutline = EncoderFacts & Pick<EncoderInfo, "family" | "width" | "blocks">;

/**
 * What is known of an encoder that is on this machine, or well known: enough to plan with, not to hear with.
 *
 * @param named its name, its digest, or at least the first 8 digits of that
 * @throws {UsageError} saying how to get one that is not known
 * @example outlineOf("whisper-base").blocks // 6
 */
export function outlineOf(named: string): EncoderOutline {
  const found = outlines().filter((one) => isNamed(named, one));
  const [first] = found;
  if (first && found.every(({ digest }) => digest === first.digest)) return first;
  if (first) throw new UsageError(ambiguous(named, found));
  throw new UsageError(howToGet(named));
}

/** What to say of an encoder that is not on this machine. */
export function howToGet(named: string): string {
  const known = Object.entries(KNOWN_ENCODERS).find(([name, { digest }]) => isNamed(named, { name, digest }));
  if (known)
    return `the encoder ${known[0]} is not on this machine: get it with "ser encoder get ${known[0]}", or add its files with "ser encoder add FOLDER"`;
  const meant = nearest(named, [...outlines().map(({ name }) => name), ...Object.keys(KNOWN_ENCODERS)]);
  const question = meant ? `did you mean "${meant}"? ` : "";
  return `there is no encoder ${named}: ${question}"ser encoder list" shows what there is, "ser encoder add FOLDER" adds one`;
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

/** What a well-known encoder is called; else the beginning of its digest, which is the same on every machine. */
export function encoderName(digest: string): string {
  return publishedName(digest) ?? digest.slice(0, 12);
}

/** The well-known ones first: what they are called, they are called on every machine. */
function outlines(): EncoderOutline[] {
  const known = Object.entries(KNOWN_ENCODERS).flatMap(([name, { digest, outline, licence, source }]) =>
    digest && outline ? [{ name, digest, licence, source, ...outline }] : [],
  );
  return [...known, ...storedOutlines()];
}

/** Of those that can be read; what is wrong with the others is said when they are used. */
function storedOutlines(): EncoderOutline[] {
  try {
    return storedEncoders().flatMap((one) => ("info" in one ? one.info : []));
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}
