import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { assertWritable } from "../base/atomic.js";
import { claim } from "../base/claims.js";
import { type DownloadOptions, downloadFile, downloadWithProgress, sizeOf } from "../base/download.js";
import { systemReason, UsageError, UserError } from "../base/errors.js";
import { Progress } from "../base/progress.js";
import { meant } from "../base/schema.js";
import { sentence } from "../base/text.js";
import { KNOWN_ENCODERS, type KnownEncoder } from "./known.js";
import { linesOfPython } from "./open.js";
import { type AddOptions, addEncoder, checkEncoder, listEncoders } from "./store.js";
import { encoderFolder } from "./stored.js";
import type { EncoderInfo } from "./types.js";

const HUGGING_FACE = "https://huggingface.co";
const WEIGHTS = "model.safetensors";
const CONFIG = "config.json";
/** Size limit of a pointer or a configuration, bytes; usual are a few thousand. */
const SMALL = 1_000_000;

export interface GetOptions
  extends Omit<DownloadOptions, "onProgress" | "most">,
    Pick<AddOptions, "onProgress"> {
  /** Server of the models; default https://huggingface.co. */
  url?: string;
  /** Shows no progress bars. */
  quiet?: boolean;
}

/** Where {@link getEncoder} keeps a model's files until it is done; an interrupted download resumes from there. */
export function downloadsOf(name: string): string {
  return join(encoderFolder(), "downloads", name);
}

/**
 * Downloads a published encoder from Hugging Face, verifies its checksum, and stores the encoder with {@link addEncoder}. An
 * undamaged encoder that is already on this machine is not downloaded again.
 *
 * @param name one of {@link KNOWN_ENCODERS}
 * @throws {UsageError} for an unknown name
 * @throws {UserError} with the reason and manual download instructions
 * @throws {DOMException} AbortError when `signal` is aborted; the downloaded part is kept
 * @example const { digest } = await getEncoder("whisper-base");
 */
export async function getEncoder(name: string, options: GetOptions = {}): Promise<EncoderInfo> {
  if (!Object.hasOwn(KNOWN_ENCODERS, name)) {
    const names = Object.keys(KNOWN_ENCODERS);
    throw new UsageError(
      `${name} is not a known encoder: known are ${names.join(", ")}${meant(name, names)}; "ser encoder add FOLDER" adds any other from its files`,
    );
  }
  const known = KNOWN_ENCODERS[name]!;
  const there = await published(name, known);
  if (there) return there;
  await assertWritable(encoderFolder(), "set XDG_CACHE_HOME to a folder that can be written");
  const held = await claim(join(encoderFolder(), "downloads", ".claims"), name);
  if (!held) throw new UserError(`${name} is being downloaded by another process: wait until it is done`);
  try {
    const folder = await download(name, known, options);
    const { licence, source } = known;
    const { signal, onProgress } = options;
    const info = await addEncoder(folder, { name, licence, source, signal, onProgress });
    await rm(folder, { recursive: true, force: true });
    return info;
  } finally {
    await held.release(true);
  }
}

/** The encoder, if it is already on this machine: downloaded before, or added from files with the same weights. */
async function published(name: string, known: KnownEncoder): Promise<EncoderInfo | undefined> {
  const all = await listEncoders();
  const found = all.find(
    (one) => one.digest === known.digest || (one.name === name && one.source === known.source),
  );
  if (!found) return undefined;
  try {
    await checkEncoder(found);
    return found;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

async function download(name: string, known: KnownEncoder, options: GetOptions): Promise<string> {
  const { quiet, signal, log } = options;
  const base = `${(options.url ?? HUGGING_FACE).replace(/\/+$/, "")}/${known.repository}`;
  const folder = downloadsOf(name);
  const weights = join(folder, WEIGHTS);
  try {
    // The first file is small and has few retries: it shows whether there is a network.
    const first: DownloadOptions = { retries: 1, ...options, onProgress: undefined, most: SMALL };
    await downloadFile(`${base}/resolve/main/${CONFIG}`, join(folder, CONFIG), first);
    const pointer = await pointerAt(`${base}/raw/main/${WEIGHTS}`, join(folder, `${WEIGHTS}.pointer`), first);
    if ((await sizeOf(weights)) === 0) {
      const { stallMs, retries, backoffMs } = options;
      const rest = { quiet, signal, log, stallMs, retries, backoffMs };
      await downloadWithProgress(`${base}/resolve/main/${WEIGHTS}`, weights, rest);
    }
    await verify(weights, pointer, signal, quiet);
    return folder;
  } catch (error) {
    if (!(error instanceof UserError) || error instanceof UsageError) throw error;
    throw new UserError(`${sentence(error.message)} ${byHand(name, known)}`, { cause: error });
  }
}

function byHand(name: string, { source, repository, pickle }: KnownEncoder): string {
  const saved = pickle ? `. If that page has only a pickle: ${linesOfPython(repository)}` : "";
  return `To get it by hand, put ${WEIGHTS} and ${CONFIG} of ${source} into a folder and run: ser encoder add FOLDER --name ${name}${saved}`;
}

interface Pointer {
  sha256: string;
  size: number;
}

/** Git LFS's pointer in place of a large file: its checksum and size. */
async function pointerAt(url: string, file: string, options: DownloadOptions): Promise<Pointer> {
  await downloadFile(url, file, options);
  const text = await readFile(file, "utf8");
  await rm(file, { force: true });
  const sha256 = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
  const size = /^size (\d+)$/m.exec(text)?.[1];
  if (sha256 && size) return { sha256, size: Number(size) };
  throw new UserError(`${url} does not state the file's checksum, as Hugging Face does`);
}

/** Compares size and checksum. A wrong file is removed, so that the next try downloads it again. */
async function verify(path: string, pointer: Pointer, signal?: AbortSignal, quiet?: boolean): Promise<void> {
  const size = await sizeOf(path);
  const sha256 = size === pointer.size ? await digestOf(path, size, signal, quiet) : undefined;
  if (sha256 === pointer.sha256) return;
  await rm(path, { force: true });
  const found = sha256
    ? `the checksum ${sha256.slice(0, 12)}... instead of ${pointer.sha256.slice(0, 12)}...`
    : `${size} bytes instead of ${pointer.size}`;
  throw new UserError(`the downloaded ${WEIGHTS} has ${found} and was removed: try again`);
}

async function digestOf(path: string, size: number, signal?: AbortSignal, quiet?: boolean): Promise<string> {
  const hash = createHash("sha256");
  const bar = new Progress("checksum, MB", Math.ceil(size / 1e6), { quiet });
  try {
    let bytes = 0;
    for await (const piece of createReadStream(path, { signal, highWaterMark: 1 << 20 })) {
      hash.update(piece as Buffer);
      bytes += (piece as Buffer).length;
      bar.step(Math.floor(bytes / 1e6) - bar.count);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw new UserError(`cannot read ${path}: ${systemReason(error)}`, { cause: error });
  } finally {
    bar.done();
  }
  return hash.digest("hex");
}
