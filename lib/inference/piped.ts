import { addAbortSignal, type Readable } from "node:stream";
import { type Audio, AudioError, type AudioFormat, ForeignError } from "../audio/audio.js";
import { chunks } from "../audio/chunks.js";
import { ChannelLevels, cancellationText } from "../audio/mix.js";
import { bytesPerSample, checkLayout, decodeLayout, type Layout } from "../audio/pcm.js";
import { decodeAudio } from "../audio/read.js";
import { isWav, locateWav, UNKNOWN_SIZE } from "../audio/wav.js";
import { messageOf, UsageError, UserError } from "../base/errors.js";
import { RAW_ENCODINGS, type RawFormat } from "./raw.js";

/** Most bytes of an input that has to be read as a whole. */
const MOST = 2 ** 30;

/** Bytes in which a WAV's samples must begin to be heard while they arrive. */
const MOST_HEAD = 2 ** 20;

/** What errors call it. */
const NAME = "standard input";

/** Sound that is heard while it arrives. */
export interface PipedSound {
  /** Hz. */
  sampleRate: number;
  /** Seconds, where the header states them. */
  duration: number | undefined;
  format: AudioFormat;
  /** Defects; complete when the last piece has been read. */
  warnings: string[];
  /** Mono, to the end of the input, once. */
  pieces(): AsyncGenerator<Float32Array>;
}

/**
 * Opens a recording that comes through a pipe. A WAV (also one that states no size) and raw samples are heard while they arrive;
 * every other format is read to its end and decoded.
 *
 * @param options.raw the input's samples have no header
 * @param options.signal ends the wait for input with an `AbortError`
 * @throws {UsageError} when the input is a terminal
 * @throws {AudioError} when a raw format is out of range, or a header cannot be read
 * @throws {UserError} for more than 1 GiB of another format; as `decodeAudio`
 */
export async function openPiped(
  input: Readable & { isTTY?: boolean },
  { raw, signal }: { raw?: RawFormat; signal?: AbortSignal } = {},
): Promise<PipedSound | Audio> {
  if (input.isTTY) throw new UsageError('"-" reads a recording from a pipe: ser predict - < recording.wav');
  if (signal) addAbortSignal(signal, input);
  const source = new Source(input);
  const layout = raw ? rawLayout(raw) : await wavLayout(source);
  if (layout) return new Live(source, layout);
  while (await source.more())
    if (source.size > MOST) throw new UserError(`${NAME}: more than 1 GiB; give a file instead`);
  const audio = await decodeAudio(source.bytes, NAME);
  return { ...audio, warnings: [...source.warnings, ...audio.warnings] };
}

/** The bytes of an input that were read and not yet taken. */
class Source {
  readonly warnings: string[] = [];
  readonly #chunks: AsyncIterator<Uint8Array>;
  #parts: Uint8Array[] = [];

  constructor(input: Readable) {
    this.#chunks = input[Symbol.asyncIterator]();
  }

  get bytes(): Uint8Array {
    if (this.#parts.length > 1) this.#parts = [Buffer.concat(this.#parts)];
    return this.#parts[0] ?? new Uint8Array(0);
  }

  /** Number of bytes. */
  get size(): number {
    return this.#parts.reduce((sum, { length }) => sum + length, 0);
  }

  /** Takes the first bytes away. */
  take(count: number): Uint8Array {
    const { bytes } = this;
    this.#parts = count < bytes.length ? [bytes.subarray(count)] : [];
    return bytes.subarray(0, count);
  }

  /** Waits for further bytes; false at the end. A writer that fails ends the input: what came before is heard. */
  async more(): Promise<boolean> {
    try {
      const { done, value } = await this.#chunks.next();
      if (done) return false;
      this.#parts.push(value);
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") throw error;
      this.warnings.push(`the input broke off: ${messageOf(error)}`);
      return false;
    }
  }
}

function rawLayout({ encoding, sampleRate, channels }: RawFormat): Layout {
  const [stored, littleEndian] = RAW_ENCODINGS[encoding];
  const bitsPerSample = 8 * bytesPerSample(stored);
  // They are what a WAV would have after its header, of no stated length.
  const layout: Layout = {
    ...{ path: NAME, container: "wav", encoding: stored, littleEndian, channels, bitsPerSample, sampleRate },
    ...{ offset: 0, size: Number.POSITIVE_INFINITY },
  };
  checkLayout(layout);
  return layout;
}

/** Where the samples of a WAV begin; `undefined` for other formats, and where they do not follow the header. */
async function wavLayout(source: Source): Promise<Layout | undefined> {
  do {
    const { bytes } = source;
    if (bytes.length < 12) continue;
    if (!isWav(bytes) || bytes.length > MOST_HEAD) return undefined;
    const ids = new Set<string>();
    for (const { id, offset, size } of chunks(bytes, 12, true)) {
      if (id === "data")
        return ids.has("fmt ") ? layoutAt(bytes.slice(0, offset), offset, size, source.warnings) : undefined;
      ids.add(id);
    }
  } while (await source.more());
  return undefined;
}

/**
 * @param head a copy of all before the samples
 * @param warnings defects of the header are added
 * @returns `undefined` for samples that only ffmpeg decodes
 */
function layoutAt(head: Uint8Array, offset: number, stated: number, warnings: string[]): Layout | undefined {
  // Whether a size of 0 means "unknown" is told by what follows, which is not there yet.
  if (stated === 0) head.fill(0xff, offset - 4, offset);
  const odd: string[] = [];
  const layout = located(head, odd);
  if (!layout) return undefined;
  checkLayout(layout);
  // That a pipe states no size is as it should be.
  warnings.push(...odd.filter((text) => !text.startsWith("the data chunk states no size")));
  const most = layout.container === "wav" ? UNKNOWN_SIZE : Number.MAX_SAFE_INTEGER / 2;
  const unknown = layout.size === 0 || layout.size >= most;
  return { ...layout, size: unknown ? Number.POSITIVE_INFINITY : layout.size };
}

function located(head: Uint8Array, warnings: string[]): Layout | undefined {
  try {
    return locateWav(head, 0, NAME, warnings, Number.MAX_SAFE_INTEGER);
  } catch (error) {
    if (error instanceof ForeignError) return undefined;
    throw error;
  }
}

class Live implements PipedSound {
  readonly sampleRate: number;
  readonly duration: number | undefined;
  readonly format: AudioFormat;
  readonly warnings: string[];
  readonly #source: Source;
  readonly #layout: Layout;
  readonly #frameBytes: number;
  readonly #levels: ChannelLevels;

  constructor(source: Source, layout: Layout) {
    const { container, encoding, channels, bitsPerSample } = layout;
    this.sampleRate = layout.sampleRate;
    this.format = { container, encoding, channels, bitsPerSample };
    this.#levels = new ChannelLevels(channels);
    this.warnings = source.warnings;
    this.#source = source;
    this.#layout = layout;
    this.#frameBytes = bytesPerSample(layout.encoding) * layout.channels;
    const frames = Math.floor(layout.size / this.#frameBytes);
    this.duration = Number.isFinite(frames) ? frames / layout.sampleRate : undefined;
  }

  async *pieces(): AsyncGenerator<Float32Array> {
    const { offset, size, path } = this.#layout;
    this.#source.take(offset);
    let done = 0;
    do {
      const there = Math.min(this.#source.size, size - done);
      const whole = there - (there % this.#frameBytes);
      if (whole === 0) continue;
      yield this.#decode(this.#source.take(whole), done);
      done += whole;
    } while (done + this.#source.size < size && (await this.#source.more()));
    if (done === 0) throw new AudioError(path, offset, "holds no samples");
    const rest = Math.min(this.#source.size, size - done);
    const there = done + rest;
    if (Number.isFinite(size) && there < size)
      this.warnings.push(`truncated: ${there} of ${size} bytes of samples are present`);
    if (rest > 0) this.warnings.push("the samples end in the middle of a frame");
    const { cancellation } = this.#levels;
    if (cancellation !== undefined) this.warnings.push(cancellationText(cancellation));
    await this.#drain();
  }

  #decode(bytes: Uint8Array, done: number): Float32Array {
    const piece = { ...this.#layout, offset: 0, size: bytes.length, before: done / this.#frameBytes };
    const odd: string[] = [];
    try {
      const { samples } = decodeLayout(bytes, piece, odd, this.#levels);
      if (!this.warnings.some((text) => text.startsWith("the samples reach"))) this.warnings.push(...odd);
      return samples;
    } catch (error) {
      if (!(error instanceof AudioError)) throw error;
      throw new AudioError(NAME, this.#layout.offset + done + error.offset, error.reason);
    }
  }

  /** What follows the samples is read too, so that its writer does not end with an error. */
  async #drain(): Promise<void> {
    do this.#source.take(Number.POSITIVE_INFINITY);
    while (await this.#source.more());
  }
}
