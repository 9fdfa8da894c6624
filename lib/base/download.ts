import { type FileHandle, open, readFile, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeFolder, move, writeJson } from "./atomic.js";
import { cannotWrite, messageOf, systemCode, UsageError, UserError } from "./errors.js";
import { Progress } from "./progress.js";
import { requireSpace } from "./space.js";

export interface DownloadOptions {
  signal?: AbortSignal;
  /** Milliseconds without data after which the connection is closed and tried again; default 30,000. */
  stallMs?: number;
  /** Failures in a row without new data before giving up; default 5. */
  retries?: number;
  /** Milliseconds before the second try, doubled for each further one; default 1000. */
  backoffMs?: number;
  /** Largest size of the file, bytes; default: no limit. */
  most?: number;
  /** Called with the number of bytes received and, where the server states it, the total. */
  onProgress?: (done: number, total: number | undefined) => void;
  /** Called with each event, one line at a time. */
  log?: (line: string) => void;
}

/** The state of a partial file, kept beside it in FILE.part.json. */
interface PartState {
  url: string;
  /** The strong ETag, else the modification date, by which the server identifies the content. */
  validator?: string;
  total?: number;
}

/** An error that may be temporary: the connection broke, the server is busy. */
class TransientError extends Error {}

/**
 * Downloads a file and resumes an earlier try (HTTP Range with If-Range, RFC 9110). The partial file is FILE.part, with
 * FILE.part.json beside it. If the server cannot resume, or its content has changed, the download starts again. Broken and
 * stalled connections are retried with increasing delays.
 *
 * @param url http or https
 * @param file the target; it appears when it is complete
 * @throws {UserError} with the server's answer, or when the disk is full
 * @throws {UsageError} for anything but a URL
 * @throws {DOMException} AbortError when `signal` is aborted; the partial file is kept
 * @example await downloadFile("https://example.org/clips.zip", "data/clips.zip");
 */
export async function downloadFile(url: string, file: string, options: DownloadOptions = {}): Promise<void> {
  if (!isHttp(url)) throw new UsageError(`not an http(s) address: ${url}`);
  const { signal, retries = 5, backoffMs = 1000, log = () => {} } = options;
  const part = `${file}.part`;
  await makeFolder(dirname(file)).catch((error: unknown) => throwWrite(part, error));
  for (let failures = 0; ; ) {
    const before = await sizeOf(part);
    try {
      await attempt(url, part, options);
      break;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TransientError)) throw error;
      if ((await sizeOf(part)) > before) failures = 0;
      if (++failures > retries)
        throw new UserError(`cannot download ${url}: ${error.message}`, { cause: error });
      const wait = backoffMs * 2 ** (failures - 1);
      log(`${error.message}; trying again in ${(wait / 1000).toFixed(0)} s`);
      await sleep(wait, undefined, { signal });
    }
  }
  await move(part, file);
  await rm(`${part}.json`, { force: true });
}

function isHttp(url: string): boolean {
  try {
    return /^https?:$/.test(new URL(url).protocol);
  } catch {
    return false;
  }
}

async function attempt(url: string, part: string, options: DownloadOptions): Promise<void> {
  const stall = new StallTimer(options.stallMs ?? 30_000, options.signal);
  try {
    const state = await readState(part, url);
    const from = state?.validator ? await sizeOf(part) : 0;
    // For a complete file, the server would answer "range not satisfiable".
    if (from > 0 && from === state?.total) return;
    const response = await fetch(url, { headers: headersFor(from, state), signal: stall.signal });
    const start = await startOf(response, from, part, url, state);
    await receive(response, part, url, start, stall, options);
  } catch (error) {
    if (error instanceof UserError || error instanceof TransientError) throw error;
    // Without a network, waiting is pointless, but a network lost midway may come back.
    if (isNameUnknown(error) && (await sizeOf(part)) === 0) {
      throw new UserError(`cannot download ${url}: ${connectionReason(error)}`, { cause: error });
    }
    throw new TransientError(stall.expired ? stall.reason : connectionReason(error), { cause: error });
  } finally {
    stall.stop();
  }
}

function headersFor(from: number, state: PartState | undefined): Record<string, string> {
  // With compression, the positions would not be those of the file.
  const headers = { "accept-encoding": "identity" };
  return from > 0 ? { ...headers, range: `bytes=${from}-`, "if-range": state!.validator! } : headers;
}

/** Position in the file of the response's first byte. */
async function startOf(
  response: Response,
  from: number,
  part: string,
  url: string,
  state: PartState | undefined,
): Promise<number> {
  const { status } = response;
  if (status === 200) {
    if (!/^text\/html/i.test(response.headers.get("content-type") ?? "")) return 0;
    await response.body?.cancel();
    throw new UserError(`cannot download ${url}: the server sent a web page instead of the file`);
  }
  const same = validatorOf(response) === state?.validator;
  if (status === 206 && from > 0 && same && rangeOf(response)?.start === from) return from;
  await response.body?.cancel();
  if (status === 206 || status === 416) {
    await discard(part);
    throw new TransientError("the file on the server has changed, starting again");
  }
  const reason = `the server answered ${status}${meaning(status)}`;
  if (status === 408 || status === 429 || status >= 500) throw new TransientError(reason);
  throw new UserError(`cannot download ${url}: ${reason}`);
}

function meaning(status: number): string {
  if (status === 401) return " (sign-in required)";
  if (status === 403) return " (access denied)";
  if (status === 404 || status === 410) return " (file not found)";
  if (status === 429) return " (too many requests)";
  return "";
}

async function receive(
  response: Response,
  part: string,
  url: string,
  start: number,
  stall: StallTimer,
  options: DownloadOptions,
): Promise<void> {
  const total = totalOf(response, start);
  const { most = Infinity } = options;
  if ((total ?? 0) > most) await refuseSize(response, part, url, most);
  if (total !== undefined) await requireSpace(dirname(part), total - start);
  const file = await open(part, start > 0 ? "r+" : "w").catch((error: unknown) => throwWrite(part, error));
  let size = start;
  try {
    await writeJson(`${part}.json`, { url, validator: validatorOf(response), total });
    options.onProgress?.(size, total);
    for await (const piece of piecesOf(response)) {
      stall.reset();
      if (size + piece.length > most) await refuseSize(response, part, url, most);
      await append(file, piece, size, part);
      size += piece.length;
      options.onProgress?.(size, total);
    }
  } finally {
    await file.close();
  }
  if (total === undefined || size === total) return;
  if (size > total) await discard(part);
  throw new TransientError(`the connection ended after ${size} of ${total} bytes`);
}

async function refuseSize(response: Response, part: string, url: string, most: number): Promise<never> {
  await discard(part);
  await response.body?.cancel().catch(() => {});
  throw new UserError(
    `cannot download ${url}: it has more than ${most} bytes, which cannot be the right file`,
  );
}

async function* piecesOf(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  try {
    for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) yield next.value;
  } finally {
    await reader?.cancel().catch(() => {});
  }
}

async function append(file: FileHandle, piece: Uint8Array, position: number, part: string): Promise<void> {
  try {
    await file.write(piece, 0, piece.length, position);
  } catch (error) {
    throwWrite(part, error);
  }
}

function throwWrite(path: string, error: unknown): never {
  throw cannotWrite(path, error);
}

function totalOf(response: Response, start: number): number | undefined {
  const total =
    start > 0 ? rangeOf(response)?.total : Number(response.headers.get("content-length") ?? Number.NaN);
  return Number.isSafeInteger(total) ? total : undefined;
}

function rangeOf(response: Response): { start: number; total: number } | undefined {
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
  return match ? { start: Number(match[1]), total: Number(match[2]) } : undefined;
}

/** Only a strong ETag guarantees identical bytes. */
function validatorOf(response: Response): string | undefined {
  const etag = response.headers.get("etag");
  if (etag && !etag.startsWith("W/")) return etag;
  return response.headers.get("last-modified") ?? undefined;
}

async function readState(part: string, url: string): Promise<PartState | undefined> {
  try {
    const state: unknown = JSON.parse(await readFile(`${part}.json`, "utf8"));
    return isState(state) && state.url === url ? state : undefined;
  } catch {
    return undefined;
  }
}

function isState(value: unknown): value is PartState {
  if (value === null || typeof value !== "object" || !("url" in value)) return false;
  return !("validator" in value) || typeof value.validator === "string";
}

async function discard(part: string): Promise<void> {
  await rm(part, { force: true });
  await rm(`${part}.json`, { force: true });
}

/** Size of a file, bytes; 0 where it does not exist. */
export async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    (found) => found.size,
    () => 0,
  );
}

function connectionReason(error: unknown): string {
  if (isNameUnknown(error)) return "the server's name was not found; is there a network?";
  const code = systemCode(causeOf(error));
  if (code === "ECONNREFUSED") return "the server refused the connection";
  return `the connection broke (${code ?? messageOf(causeOf(error))})`;
}

function isNameUnknown(error: unknown): boolean {
  return ["ENOTFOUND", "EAI_AGAIN"].includes(systemCode(causeOf(error)) ?? "");
}

/** fetch only reports that it failed; the reason is in the cause. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause ? error.cause : error;
}

/** A signal that is aborted when no data has arrived for some time, or when the caller's signal is. */
class StallTimer {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #outer: AbortSignal | undefined;
  readonly #stop = () => this.#controller.abort();
  readonly reason: string;
  /** Whether no data arrived for that time. */
  expired = false;

  constructor(ms: number, outer: AbortSignal | undefined) {
    this.reason = `no data for ${(ms / 1000).toFixed(0)} s`;
    this.#outer = outer;
    if (outer?.aborted) this.#stop();
    outer?.addEventListener("abort", this.#stop);
    this.#timer = setTimeout(() => {
      this.expired = true;
      this.#stop();
    }, ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  reset(): void {
    this.#timer.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#stop);
  }
}

/**
 * {@link downloadFile} with a bar that counts megabytes.
 *
 * @param quiet shows no bar
 */
export async function downloadWithProgress(
  url: string,
  file: string,
  { quiet, ...options }: Omit<DownloadOptions, "onProgress"> & { quiet?: boolean },
): Promise<void> {
  let bar: Progress | undefined;
  let shown = 0;
  const onProgress = (done: number, total: number | undefined) => {
    const megabytes = Math.floor(done / 1e6);
    if (!bar && total) {
      if (megabytes > 0) options.log?.(`resuming at ${megabytes} of ${Math.ceil(total / 1e6)} MB`);
      bar = new Progress("download, MB", Math.ceil(total / 1e6), { quiet });
      bar.skip(megabytes);
      shown = megabytes;
    }
    bar?.step(Math.max(0, megabytes - shown));
    shown = Math.max(shown, megabytes);
  };
  try {
    await downloadFile(url, file, { ...options, onProgress });
  } finally {
    bar?.done();
  }
}
