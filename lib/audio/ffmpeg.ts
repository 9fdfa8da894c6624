import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { systemReason } from "../base/errors.js";
import { concatenated } from "../base/matrix.js";
import { type Audio, AudioError, type Foreign, ForeignError } from "./audio.js";
import { ChannelLevels, withCancellation } from "./mix.js";
import { bytesPerSample, checkLayout, decodeLayout, type Layout } from "./pcm.js";
import { locateWav } from "./wav.js";

/** The warning that says who decoded a file. */
export const THROUGH_FFMPEG = "read through ffmpeg";

/** Most samples of one recording, after the mix-down: 3.1 hours at 48 kHz, 2 GiB. */
const MOST_SAMPLES = 2 ** 29;

/** Milliseconds without a sign of life from ffmpeg after which it is stopped: decoding goes on all the time. */
const PATIENCE = 120_000;

/** Most characters that are kept of what ffmpeg says. */
const MOST_SAID = 10_000;

/**
 * The `ffmpeg` of the PATH, `undefined` where there is none. Relative folders of the PATH do not count, so that no file among
 * somebody's recordings is executed.
 */
export function findFfmpeg(): string | undefined {
  const names = process.platform === "win32" ? ["ffmpeg.exe"] : ["ffmpeg"];
  const folders = (process.env.PATH ?? "").split(delimiter).filter(isAbsolute);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Decodes a file through ffmpeg, at its own sampling rate and by its own channels, mixed down here as any other.
 *
 * @param error why it is not read here, with what it is
 * @throws {AudioError} that error where ffmpeg is not installed; when ffmpeg cannot read the file either
 */
export async function decodeThroughFfmpeg(
  file: string,
  { path, offset, foreign }: ForeignError,
): Promise<Audio> {
  const program = findFfmpeg();
  if (!program) throw new ForeignError(path, offset, foreign);
  const child = spawn(program, argumentsFor(file, foreign), {
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  const ended = new Promise<number | null>((done, fail) => child.on("error", fail).on("close", done));
  // Looked at below; without this an early failure is an unhandled one.
  ended.catch(() => {});
  const said = listen(child.stderr);
  let isStuck = false;
  const watch = setTimeout(() => {
    isStuck = true;
    child.kill("SIGKILL");
  }, PATIENCE);
  try {
    const audio = await decodePiped(alive(child.stdout, watch), path, foreign);
    const code = await ended;
    if (isStuck)
      throw new AudioError(path, offset, `${foreign.name}, but ffmpeg stopped in the middle of it`);
    const complaint = plain(said(), file);
    if (!audio)
      throw new AudioError(
        path,
        offset,
        `${foreign.name}, but ffmpeg cannot read it: ${complaint || `exit code ${code}`}`,
      );
    if (complaint) audio.warnings.push(`ffmpeg: ${complaint}`);
    return audio;
  } catch (error) {
    if (error instanceof AudioError) throw error;
    throw new AudioError(
      path,
      offset,
      `${foreign.name}, but ffmpeg cannot be started: ${systemReason(error)}`,
    );
  } finally {
    clearTimeout(watch);
    child.kill("SIGKILL");
  }
}

/** {@link decodeThroughFfmpeg} for bytes that are in no file, through a temporary one: not every format can be read from a pipe. */
export async function decodeBytesThroughFfmpeg(bytes: Uint8Array, error: ForeignError): Promise<Audio> {
  if (!findFfmpeg()) throw error;
  const folder = await temporaryFolder(error);
  try {
    const file = join(folder, "sound");
    await writeFile(file, bytes, { mode: 0o600 });
    return await decodeThroughFfmpeg(file, error);
  } catch (thrown) {
    if (thrown instanceof AudioError) throw thrown;
    throw cannotCopy(error, thrown);
  } finally {
    // Windows removes no file that an ffmpeg which is ending still has open.
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function temporaryFolder(error: ForeignError): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), "ser-"));
  } catch (thrown) {
    throw cannotCopy(error, thrown);
  }
}

function cannotCopy({ path, offset, foreign }: ForeignError, thrown: unknown): AudioError {
  const reason = `the temporary copy for ffmpeg cannot be written to ${tmpdir()} (${systemReason(thrown)})`;
  return new AudioError(path, offset, `${foreign.name}, but ${reason}`);
}

/**
 * The format is given and the path is marked as one, so that neither a file's name nor its content makes ffmpeg open anything
 * else: other protocols, lists of files, patterns, options.
 */
function argumentsFor(file: string, { demuxer }: Foreign): string[] {
  return [
    ...["-nostdin", "-hide_banner", "-loglevel", "error", "-threads", "1"],
    ...["-protocol_whitelist", "file", "-f", demuxer, "-i", `file:${resolve(file)}`],
    ...["-map", "0:a:0", "-c:a", "pcm_f32le", "-fflags", "+bitexact", "-f", "wav", "pipe:1"],
  ];
}

/** Puts the end of patience off with every piece. */
async function* alive(pieces: Readable, watch: NodeJS.Timeout): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces as AsyncIterable<Uint8Array>) {
    watch.refresh();
    yield piece;
  }
}

function listen(stderr: Readable): () => string {
  let text = "";
  stderr.setEncoding("utf8").on("data", (part: string) => {
    text = (text + part).slice(0, MOST_SAID);
  });
  return () => text;
}

/** The WAV file of floats that comes through a pipe, mixed down as it comes; `undefined` if nothing came. */
async function decodePiped(
  pieces: AsyncIterable<Uint8Array>,
  path: string,
  { container }: Foreign,
): Promise<Audio | undefined> {
  let bytes: Uint8Array = new Uint8Array(0);
  let layout: Layout | undefined;
  let levels = new ChannelLevels(1);
  const parts: Float32Array[] = [];
  const warnings = [THROUGH_FFMPEG];
  let before = 0;
  for await (const piece of pieces) {
    bytes = Buffer.concat([bytes, piece]);
    if (!layout) {
      layout = headOf(bytes, path);
      if (!layout) continue;
      bytes = bytes.subarray(layout.offset);
      levels = new ChannelLevels(layout.channels);
    }
    const size = bytes.length - (bytes.length % (layout.channels * bytesPerSample(layout.encoding)));
    if (size === 0) continue;
    const own = { ...layout, offset: 0, size, before };
    const odd: string[] = [];
    const { samples } = decodeLayout(bytes, own, odd, levels);
    if (warnings.length === 1) warnings.push(...odd);
    parts.push(samples);
    before += samples.length;
    if (before > MOST_SAMPLES)
      throw new AudioError(
        path,
        0,
        "is longer than can be read through ffmpeg: cut it into parts of an hour",
      );
    bytes = bytes.subarray(size);
  }
  if (!layout || before === 0) return undefined;
  const { sampleRate, channels } = layout;
  const format = { container, encoding: "ffmpeg", channels, bitsPerSample: 0 };
  const audio = { samples: concatenated(parts), sampleRate, format, warnings };
  return withCancellation(audio, levels.cancellation);
}

/** `undefined` while the header is not complete. */
function headOf(bytes: Uint8Array, path: string): Layout | undefined {
  let layout: Layout;
  try {
    layout = locateWav(bytes, 0, path, [], Number.MAX_SAFE_INTEGER);
  } catch {
    return undefined;
  }
  checkLayout(layout);
  return layout;
}

/** The first line of what ffmpeg says, without the file's name and addresses in memory. */
function plain(said: string, file: string): string {
  if (/matches no streams/.test(said)) return "it has no sound";
  const lines = said
    .replaceAll(`file:${resolve(file)}: `, "")
    .split("\n")
    .map((line) => line.replace(/^(\[[^\]]*\] *)+/, "").trim());
  return lines.find((line) => line !== "") ?? "";
}
