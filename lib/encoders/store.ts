import { randomBytes } from "node:crypto";
import { rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder, writeJson } from "../base/atomic.js";
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

export interface AddOptions {
  /** What it is called here; default: what a published model of its shape is called. */
  name?: string;
  /** Of the weights; default: that of the published encoder whose digest it has, else "unknown". */
  licence?: string;
  /** Where they are from; default likewise. */
  source?: string;
  signal?: AbortSignal;
  /** Called after every tensor. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * Takes the encoder out of a model's file and keeps it in {@link encoderFolder}, whole or not at all. One that is there
 * already is renamed where a name is given, and written anew where it is damaged.
 *
 * @param path `model.safetensors` beside its `config.json`, CTranslate2's `model.bin`, or a folder with either
 * @throws {UserError} naming file and fault, for anything that is no encoder that is read
 * @throws {UsageError} for a name that cannot be one
 * @throws {DOMException} AbortError when `signal` is set
 * @example const { name, digest } = await addEncoder("Downloads/whisper-base");
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

/** Names are distinct from digests and their beginnings, and are safe in paths. */
function checkName(name: string): void {
  if (/^\w[\w.-]{0,99}$/.test(name) && !isDigest(name)) return;
  throw new UsageError(
    `"${name}" cannot be the name of an encoder: it takes letters, digits, ".", "-" and "_", and must not look like a digest`,
  );
}

function nameFor(path: string, name: string | undefined, shape: Shape, digest: string): string {
  if (name === undefined) {
    const { blocks, width, heads } = shape;
    throw new UserError(
      `${path} has the shape of no published model (${blocks} blocks of width ${width}, ${heads} heads): give it a name with --name`,
    );
  }
  const published = KNOWN_ENCODERS[name]?.digest;
  // Somebody's own weights, or rounded ones, are not to be taken for the published ones.
  return published === undefined || published === digest ? name : `${name}-${digest.slice(0, 8)}`;
}

/** Plans know a published encoder by its name without having it; one that was fetched from its page has it whatever it is. */
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
    `another encoder is called ${name} (${other.digest.slice(0, 12)}): give this one another name with --name, or remove that with "ser encoder rm ${name}"`,
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

/** Another process may have added the same encoder meanwhile, which is as good; what is damaged makes room. */
async function moveInto(partial: string, folder: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await rename(partial, folder);
      return;
    } catch (error) {
      if (!["ENOTEMPTY", "EEXIST", "EPERM"].includes(systemCode(error) ?? "") || tries > 2) throw error;
      const digest = folder.slice(-64);
      if (await intact(digest)) return;
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** What a killed process left. */
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

/** {@link storedEncoders}, each of them read from end to end. */
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

/** The encoders that are there, by name. */
export async function listEncoders(): Promise<EncoderInfo[]> {
  return storedEncoders().flatMap((one) => ("info" in one ? one.info : []));
}

/**
 * The encoder of a name, or of a digest or at least its first 8 digits.
 *
 * @throws {UserError} saying how to get one that is not there
 * @example const { digest } = await findEncoder("whisper-base");
 */
export async function findEncoder(named: string): Promise<EncoderInfo> {
  const found = (await listEncoders()).filter((one) => isNamed(named, one));
  if (found.length === 1) return found[0]!;
  if (found.length > 1) throw new UserError(ambiguous(named, found));
  throw new UserError(howToGet(named));
}

/**
 * The weights of an encoder that is there.
 *
 * @param digest all 64 digits, as {@link findEncoder} has them
 * @throws {UserError} when it is not there or damaged, saying what to do
 * @example const { info, tensors } = await readEncoder((await findEncoder("whisper-base")).digest);
 */
export async function readEncoder(digest: string): Promise<EncoderWeights> {
  const info = await findEncoder(digest);
  const file = await openStored(info);
  try {
    // One changed bit would make other features, which the cache then has under this digest.
    await compareDigest(info, file);
    const tensors = new Map<string, Tensor>();
    for (const [name, shape] of file.shapes)
      tensors.set(name, { shape: [...shape], data: await file.read(name) });
    return { info, tensors };
  } finally {
    await file.close();
  }
}

/** Opens an encoder's file, its header checked: whose it is, that it is whole, and how many values it has. */
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
  throw damaged(`${path} is of another one`);
}

/**
 * Reads an encoder's file from end to end and compares its digest.
 *
 * @throws {UserError} when it is damaged, saying what to do
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

/** The encoder of a digest, where it is there and its file is what was written. */
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
 * Removes an encoder from the user's folder, a damaged one as well.
 *
 * @param named its name, or a digest or at least its first 8 digits
 * @returns its digest
 * @throws {UserError} when there is none
 * @example await removeEncoder("whisper-tiny.en");
 */
export async function removeEncoder(named: string): Promise<string> {
  const damaged = storedEncoders().flatMap((one) => ("problem" in one ? one.digest : []));
  const matching = isDigest(named) ? damaged.filter((digest) => digest.startsWith(named)) : [];
  const digest = matching.length === 1 ? matching[0]! : (await findEncoder(named)).digest;
  const folder = join(encoderFolder(), digest);
  try {
    // Renamed first, so that nobody finds half of it.
    const leaving = `${folder}-${randomBytes(4).toString("hex")}${PARTIAL}`;
    await rename(folder, leaving);
    await rm(leaving, { recursive: true, force: true });
  } catch (error) {
    throw cannotWrite(folder, error);
  }
  return digest;
}
