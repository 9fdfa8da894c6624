import { randomBytes } from "node:crypto";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder, move, writeJson } from "../base/atomic.js";
import { cannotWrite, messageOf, systemCode, UsageError, UserError } from "../base/errors.js";
import { valuesOf } from "./bytes.js";
import { compact, encoderDigest } from "./digest.js";
import { howToGet } from "./facts.js";
import { recognise } from "./families.js";
import { make, type Shape } from "./family.js";
import { KNOWN_ENCODERS, publishedName } from "./known.js";
import { openModel } from "./open.js";
import { SafetensorsFile, type StoredTensor, writeSafetensors } from "./safetensors.js";
import {
  ambiguous,
  encoderFolder,
  INFO,
  isDigest,
  isNamed,
  namesIn,
  readInfo,
  remedy,
  type StoredEncoder,
  storedEncoders,
} from "./stored.js";
import type { EncoderInfo, EncoderWeights, Tensor } from "./types.js";

const TENSORS = "encoder.safetensors";
const PARTIAL = ".partial";
const DAY = 24 * 3600 * 1000;

/** Options of {@link addEncoder}. */
export interface AddOptions {
  /** Name of the encoder on this machine; default: the name of the published model of its shape. */
  name?: string;
  /** Licence of the weights; default: that of the published encoder with the same digest, else "unknown". */
  licence?: string;
  /** Source of the weights; default: that of the published encoder with the same digest, else "unknown". */
  source?: string;
  signal?: AbortSignal;
  /** Called after every tensor with the number done and the total. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * Reads the encoder from a model file and stores it in the user's folder of encoders, completely or not at all. An encoder that
 * is already there is renamed if a name is given, and rewritten if it is damaged. Supported: Whisper tiny, base and small,
 * wav2vec 2.0 base and HuBERT base.
 *
 * @param path `model.safetensors` with its `config.json` beside it, CTranslate2's `model.bin`, or a folder with either
 * @throws {UserError} naming the file and the reason, for anything but a supported encoder
 * @throws {UsageError} for an invalid name
 * @throws {DOMException} AbortError when `signal` is aborted
 * @example
 * const message = await addEncoder("recordings").catch((error: UserError) => error.message);
 * String(message).startsWith("recordings holds no model"); // => true
 */
export async function addEncoder(path: string, options: AddOptions = {}): Promise<EncoderInfo> {
  if (options.name !== undefined) checkName(options.name);
  const { shape, name, tensors } = await readModel(path, options);
  const parameters = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
  const stored = compact(tensors);
  const digest = await encoderDigest(shape.heads, stored);
  const existing = await intact(digest);
  const chosen = options.name ?? existing?.name ?? nameFor(path, name, shape, digest);
  checkNotPublished(chosen, digest, options.source);
  await checkNameFree(chosen, digest);
  const known = KNOWN_ENCODERS[publishedName(digest) ?? ""];
  const { licence = "unknown", source = "unknown" } = { ...existing, ...known, ...defined(options) };
  const info: EncoderInfo = { name: chosen, ...shape, digest, parameters, licence, source };
  options.signal?.throwIfAborted();
  if (existing) await writeJson(join(encoderFolder(), digest, INFO), info);
  else await writeEncoder(info, stored);
  return info;
}

function defined({ licence, source }: AddOptions): Pick<AddOptions, "licence" | "source"> {
  return { ...(licence !== undefined && { licence }), ...(source !== undefined && { source }) };
}

interface Model {
  shape: Shape;
  name: string | undefined;
  tensors: Map<string, Tensor>;
}

async function readModel(path: string, { signal, onProgress }: AddOptions): Promise<Model> {
  const files = await openModel(path);
  try {
    const { shape, name, recipes } = await recognise(files);
    const tensors = new Map<string, Tensor>();
    for (const [i, recipe] of recipes.entries()) {
      signal?.throwIfAborted();
      tensors.set(recipe.name, await make(recipe, files.tensors));
      onProgress?.(i + 1, recipes.length);
    }
    return { shape, name, tensors };
  } finally {
    await files.tensors.close();
  }
}

/** Names cannot be mistaken for digests or their beginnings, and are safe in paths. */
function checkName(name: string): void {
  if (/^\w[\w.-]{0,99}$/.test(name) && !isDigest(name)) return;
  throw new UsageError(
    `"${name}" is not a valid encoder name: use letters, digits, ".", "-" and "_"; it must not look like a digest`,
  );
}

function nameFor(path: string, name: string | undefined, shape: Shape, digest: string): string {
  if (name === undefined) {
    const { blocks, width, heads } = shape;
    throw new UserError(
      `${path} does not have the shape of a published model (${blocks} blocks of width ${width}, ${heads} heads): give it a name with --name`,
    );
  }
  const published = KNOWN_ENCODERS[name]?.digest;
  // Fine-tuned or rounded weights must not be mistaken for the published ones.
  return published === undefined || published === digest ? name : `${name}-${digest.slice(0, 8)}`;
}

/** Plans refer to published encoders by name, so other weights must not use it, unless they are from the published source. */
function checkNotPublished(name: string, digest: string, source: string | undefined): void {
  const known = KNOWN_ENCODERS[name];
  if (known?.digest === undefined || known.digest === digest || source === known.source) return;
  throw new UserError(
    `${name} is a published encoder with other weights (${known.digest.slice(0, 12)}): give this one another name with --name`,
  );
}

async function checkNameFree(name: string, digest: string): Promise<void> {
  const other = (await listEncoders()).find((one) => one.name === name && one.digest !== digest);
  if (!other) return;
  throw new UserError(
    `another encoder is called ${name} (${other.digest.slice(0, 12)}): give this one another name with --name, or remove the other with "ser encoder rm ${name}"`,
  );
}

async function writeEncoder(info: EncoderInfo, stored: readonly StoredTensor[]): Promise<void> {
  const folder = join(encoderFolder(), info.digest);
  const partial = join(encoderFolder(), `${info.digest}-${randomBytes(4).toString("hex")}${PARTIAL}`);
  try {
    await removeLeftovers();
    await makeFolder(partial);
    await writeSafetensors(join(partial, TENSORS), stored, { digest: info.digest });
    await writeJson(join(partial, INFO), info);
    await moveInto(partial, folder);
  } catch (error) {
    throw error instanceof UserError ? error : cannotWrite(folder, error);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Renames the finished folder. Another process may have added the same encoder in the meantime; a damaged one is replaced. */
async function moveInto(partial: string, folder: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await move(partial, folder);
      return;
    } catch (error) {
      if (!["ENOTEMPTY", "EEXIST", "EPERM"].includes(systemCode(error) ?? "") || tries > 2) throw error;
      const digest = folder.slice(-64);
      if (await intact(digest)) return;
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** Removes what killed processes left, after a day. */
async function removeLeftovers(): Promise<void> {
  const names = namesIn(encoderFolder()).filter((name) => name.endsWith(PARTIAL));
  for (const name of names) {
    const path = join(encoderFolder(), name);
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > DAY) await rm(path, { recursive: true, force: true });
  }
}

/** {@link storedEncoders}, each with its digest verified. */
export async function checkedEncoders(): Promise<StoredEncoder[]> {
  const checked: StoredEncoder[] = [];
  for (const one of storedEncoders()) {
    try {
      if ("info" in one) await checkEncoder(one.info);
      checked.push(one);
    } catch (error) {
      if (!(error instanceof UserError) || "problem" in one) throw error;
      checked.push({ digest: one.info.digest, problem: error.message });
    }
  }
  return checked;
}

/**
 * Lists the encoders on this machine, sorted by name. Damaged ones are left out.
 *
 * @throws {UserError} when the folder of encoders cannot be read
 * @example
 * for (const { name, blocks, width } of await listEncoders()) console.log(`${name}: ${blocks} blocks of width ${width}`);
 */
export async function listEncoders(): Promise<EncoderInfo[]> {
  return storedEncoders().flatMap((one) => ("info" in one ? one.info : []));
}

/**
 * Finds an encoder on this machine by name, by digest, or by at least the first 8 digits of its digest.
 *
 * @throws {UserError} when it is not found; the message says how to get it
 * @example
 * const found = await findEncoder("whisper-medium").catch((error: UserError) => error.message);
 */
export async function findEncoder(named: string): Promise<EncoderInfo> {
  const found = (await listEncoders()).filter((one) => isNamed(named, one));
  if (found.length === 1) return found[0]!;
  if (found.length > 1) throw new UserError(ambiguous(named, found));
  throw new UserError(howToGet(named));
}

/**
 * Reads the weights of an encoder on this machine and checks their digest.
 *
 * @param digest all 64 digits, see {@link findEncoder}
 * @throws {UserError} when it is not on this machine or is damaged; the message says what to do
 * @example
 * for (const { digest } of await listEncoders()) {
 *   const { info, tensors } = await readEncoder(digest);
 *   console.log(info.name, tensors.get("block0.qkv/kernel")!.shape); // [width, 3 * width]
 * }
 */
export async function readEncoder(digest: string): Promise<EncoderWeights> {
  const info = await findEncoder(digest);
  const file = await openStored(info);
  try {
    // A single changed bit would change the features, which the cache stores under this digest.
    await compareDigest(info, file);
    const tensors = new Map<string, Tensor>();
    for (const [name, shape] of file.shapes)
      tensors.set(name, { shape: [...shape], data: await file.read(name) });
    return { info, tensors };
  } finally {
    await file.close();
  }
}

/** Opens an encoder's file and checks its header: the digest, completeness, and the number of values. */
async function openStored(info: EncoderInfo): Promise<SafetensorsFile> {
  const path = join(encoderFolder(), info.digest, TENSORS);
  const damaged = (reason: string, cause?: unknown) =>
    new UserError(`the encoder ${info.name} is damaged (${reason}): ${remedy(info.digest)}`, { cause });
  const file = await SafetensorsFile.open(path).catch((error: unknown) => {
    throw damaged(messageOf(error), error);
  });
  const values = [...file.shapes.values()].reduce((sum, shape) => sum + (valuesOf(shape) ?? 0), 0);
  if (file.metadata.digest === info.digest && values === info.parameters) return file;
  await file.close();
  throw damaged(`${path} belongs to another encoder`);
}

/**
 * Reads an encoder's file completely and compares its digest.
 *
 * @throws {UserError} when it is damaged; the message says what to do
 */
export async function checkEncoder(info: EncoderInfo): Promise<void> {
  const file = await openStored(info);
  await compareDigest(info, file).finally(() => file.close());
}

async function compareDigest({ name, heads, digest }: EncoderInfo, file: SafetensorsFile): Promise<void> {
  const found = await encoderDigest(heads, storedIn(file));
  if (found === digest) return;
  throw new UserError(
    `the encoder ${name} is damaged (${file.path} has the digest ${found.slice(0, 12)}): ${remedy(digest)}`,
  );
}

async function* storedIn(file: SafetensorsFile): AsyncGenerator<StoredTensor> {
  for (const name of file.shapes.keys()) yield await file.stored(name);
}

/** The encoder of a digest, if it is on this machine and undamaged. */
async function intact(digest: string): Promise<EncoderInfo | undefined> {
  try {
    const info = readInfo(digest);
    await checkEncoder(info);
    return info;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/**
 * Removes an encoder from this machine; also works for a damaged one.
 *
 * @param named its name, its digest, or at least the first 8 digits of its digest
 * @returns its digest
 * @throws {UserError} when it is not found
 * @example
 * const removed = await removeEncoder("my-encoder").catch((error: UserError) => error.message);
 */
export async function removeEncoder(named: string): Promise<string> {
  const damaged = storedEncoders().flatMap((one) => ("problem" in one ? one.digest : []));
  const matching = isDigest(named) ? damaged.filter((digest) => digest.startsWith(named)) : [];
  const digest = matching.length === 1 ? matching[0]! : (await findEncoder(named)).digest;
  const folder = join(encoderFolder(), digest);
  try {
    // Renamed first, so that no process finds a part of it.
    const leaving = `${folder}-${randomBytes(4).toString("hex")}${PARTIAL}`;
    await move(folder, leaving);
    await rm(leaving, { recursive: true, force: true });
  } catch (error) {
    throw cannotWrite(folder, error);
  }
  return digest;
}
