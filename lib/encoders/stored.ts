import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { cacheFolder } from "../base/cache-folder.js";
import { messageOf, systemCode, systemReason, UserError } from "../base/errors.js";
import { byText } from "../base/text.js";
import { objectOf } from "./json.js";
import { publishedName } from "./known.js";
import { type EncoderInfo, encoderInfoSchema } from "./types.js";

/** The file with the facts of a stored encoder. */
export const INFO = "encoder.json";

/** The user's folder of encoders, with one folder for each, named by its digest. */
export function encoderFolder(): string {
  return cacheFolder("encoders");
}

/** A stored encoder: its facts, or what is wrong with it. */
export type StoredEncoder = { info: EncoderInfo } | { digest: string; problem: string };

/**
 * All stored encoders by name, including damaged ones. Synchronous, since plans are made synchronously.
 *
 * @throws {UserError} when the folder cannot be read
 */
export function storedEncoders(): StoredEncoder[] {
  const digests = namesIn(encoderFolder()).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const all = digests.map((digest): StoredEncoder => {
    try {
      return { info: readInfo(digest) };
    } catch (error) {
      return { digest, problem: messageOf(error) };
    }
  });
  const key = (one: StoredEncoder) =>
    "info" in one ? `${one.info.name} ${one.info.digest}` : `~${one.digest}`;
  return all.sort((a, b) => byText(key(a), key(b)));
}

/** Names in a folder; none if it does not exist. */
export function namesIn(folder: string): string[] {
  return ifThere(folder, ["ENOENT"], () => readdirSync(folder)) ?? [];
}

/** @throws {UserError} when it is missing or damaged; the message says what to do */
export function readInfo(digest: string): EncoderInfo {
  const path = join(encoderFolder(), digest, INFO);
  const text = ifThere(path, ["ENOENT", "ENOTDIR"], () => readFileSync(path, "utf8"));
  const parsed = v.safeParse(encoderInfoSchema, objectOf(text ?? ""));
  if (!parsed.success || parsed.output.digest !== digest)
    throw new UserError(`${path} is ${text === undefined ? "missing" : "damaged"}: ${remedy(digest)}`);
  return parsed.output;
}

function ifThere<T>(path: string, absent: readonly string[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (absent.includes(systemCode(error) ?? "")) return undefined;
    throw new UserError(`cannot read ${path}: ${systemReason(error)}`, { cause: error });
  }
}

/** What to do about a damaged encoder. */
export function remedy(digest: string): string {
  const name = publishedName(digest);
  return `add it again with "ser encoder ${name ? `get ${name}` : "add FOLDER"}", or remove it with "ser encoder rm ${digest.slice(0, 12)}"`;
}

/** Whether this may be the beginning of a digest. */
export function isDigest(named: string): boolean {
  return /^[0-9a-f]{8,64}$/.test(named);
}

/** Whether an encoder has this name, or a digest that begins with it. */
export function isNamed(named: string, { name, digest = "" }: { name: string; digest?: string }): boolean {
  return name === named || (isDigest(named) && digest.startsWith(named));
}

/** The message for a name that several encoders match. */
export function ambiguous(named: string, found: readonly { digest: string }[]): string {
  const digests = found.map(({ digest }) => digest.slice(0, 12)).join(", ");
  return `${named} is ambiguous, it matches ${digests}: give the first digits of the digest`;
}
