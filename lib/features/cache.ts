import { closeSync, fstatSync, openSync, readdirSync, readSync, writevSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { KERNEL_SOURCE as AUDIO_KERNEL_SOURCE } from "../audio/kernelBinary.js";
import { writeJson } from "../base/atomic.js";
import { messageOf, systemReason, UserError } from "../base/errors.js";
import { makeFolder } from "../base/folder.js";
import { canonicalJson, sha256 } from "../base/hash.js";
import type { Matrix } from "../base/matrix.js";
import type { EngineName } from "../engine/trainer.js";
import { KERNEL_SOURCE } from "./kernelBinary.js";
import { columnsOf, type SoundSettings } from "./settings.js";

/**
 * Increased whenever a code change alters the values of any feature: decoding, resampling, trimming, deltas. (The kernels
 * in C are identified by the hash of their source.)
 */
export const FEATURE_VERSION = 1;

const KERNELS = [AUDIO_KERNEL_SOURCE, KERNEL_SOURCE];

const HEAD = 64;
const MAGIC = 0x46524553; // "SERF"

export interface Place {
  file: number;
  path: string;
  offset: number;
  rows: number;
  crc: number;
}

/**
 * Features on disk, indexed by the content of the sound file and the settings.
 *
 * `FOLDER/<hash of settings and code>/` holds segments, one per process that added something: a sequence of records,
 * each a header (SHA-256 of the sound file, rows, checksums) and its frames. A record is valid
 * if it is complete and its checksum is right, so that a process may be killed at any time. Nothing
 * is ever changed in place, so that processes do not interfere with each other.
 */
export class FeatureCache {
  readonly #folder: string;
  readonly #cols: number;
  readonly #settings: SoundSettings;
  readonly #places = new Map<string, Place>();
  readonly #files: number[] = [];
  readonly #warn: (text: string) => void;
  #segment: number | undefined;
  /** Path of the segment. */
  #path = "";
  #writable = true;

  /**
   * Opens the existing segments; a missing folder is an empty cache.
   *
   * @param engine the engine that an encoder runs on; default `native`, which also stands for all other features
   */
  constructor(folder: string, settings: SoundSettings, warn: (text: string) => void, engine?: EngineName) {
    // The states of an encoder differ in their last digits between engines.
    const other = engine === "native" ? undefined : engine;
    const key = sha256(
      canonicalJson({
        version: FEATURE_VERSION,
        kernels: KERNELS,
        settings,
        ...(other && { engine: other }),
      }),
    );
    this.#folder = join(folder, key.slice(0, 24));
    this.#settings = settings;
    this.#cols = columnsOf(settings);
    this.#warn = warn;
    for (const name of segmentsOf(this.#folder)) this.#readIndex(join(this.#folder, name));
  }

  /** The number of stored matrices. */
  get size(): number {
    return this.#places.size;
  }

  has(hash: string): boolean {
    return this.#places.has(hash);
  }

  /** The matrix of a sound file, or `undefined` if it is missing or damaged. */
  read(hash: string): Matrix | undefined {
    const place = this.#places.get(hash);
    if (!place) return undefined;
    const matrix = this.#readAt(place);
    if (!matrix) this.#places.delete(hash);
    return matrix;
  }

  /**
   * A function that reads a stored matrix when needed, even after the cache is closed.
   *
   * @throws {UserError} from that function: when the file no longer exists, or was damaged
   */
  later(hash: string): (() => Matrix) | undefined {
    const place = this.#places.get(hash);
    if (!place) return undefined;
    return () => {
      const file = openToRead(place.path);
      try {
        const matrix = file === undefined ? undefined : this.#readAt({ ...place, file });
        if (matrix) return matrix;
      } finally {
        if (file !== undefined) closeSync(file);
      }
      throw new UserError(
        `${place.path} was changed while it was in use: run the command again to recompute missing features`,
      );
    };
  }

  #readAt({ file, offset, rows, crc }: Place): Matrix | undefined {
    const data = new Float32Array(rows * this.#cols);
    const bytes = new Uint8Array(data.buffer);
    const whole = readSync(file, bytes, 0, bytes.length, offset) === bytes.length && crc32(bytes) === crc;
    return whole ? { data, rows, cols: this.#cols } : undefined;
  }

  /** Appends a matrix. If that fails, warns once and stores nothing from then on. */
  async add(hash: string, matrix: Matrix): Promise<void> {
    if (!this.#writable || this.has(hash)) return;
    const bytes = new Uint8Array(matrix.data.buffer, matrix.data.byteOffset, matrix.data.byteLength);
    const crc = crc32(bytes);
    try {
      this.#segment ??= await this.#openSegment();
      const offset = fstatSync(this.#segment).size + HEAD;
      const written = writevSync(this.#segment, [header(hash, matrix, crc), bytes]);
      if (written !== HEAD + bytes.length) throw new Error("no space left on the device");
      this.#places.set(hash, { file: this.#segment, path: this.#path, offset, rows: matrix.rows, crc });
    } catch (error) {
      this.#giveUp(error);
    }
  }

  close(): void {
    for (const file of this.#files) closeSync(file);
  }

  #giveUp(error: unknown): void {
    this.#writable = false;
    const said = messageOf(error);
    const reason = said.startsWith("cannot write") ? said : `${this.#folder}: ${systemReason(error)}`;
    this.#warn(`the feature cache cannot be written (${reason}); continuing without it`);
  }

  async #openSegment(): Promise<number> {
    await makeFolder(this.#folder);
    await writeJson(join(this.#folder, "settings.json"), this.#settings);
    const name = `${Date.now().toString(36)}-${process.pid}.segment`;
    this.#path = join(this.#folder, name);
    const file = openSync(this.#path, "ax+");
    this.#files.push(file);
    return file;
  }

  /** Reads the headers of a segment; records after a damaged or incomplete one are ignored. */
  #readIndex(path: string): void {
    const file = openToRead(path);
    if (file === undefined) return;
    this.#files.push(file);
    const { size } = fstatSync(file);
    const head = Buffer.alloc(HEAD);
    for (let at = 0; at + HEAD <= size; ) {
      readSync(file, head, 0, HEAD, at);
      if (head.readUInt32LE(0) !== MAGIC || head.readUInt32LE(48) !== crc32(head.subarray(0, 48))) return;
      const rows = head.readUInt32LE(4);
      const end = at + HEAD + 4 * rows * head.readUInt32LE(8);
      if (end > size || head.readUInt32LE(8) !== this.#cols) return;
      const hash = head.toString("hex", 16, 48);
      this.#places.set(hash, { file, path, offset: at + HEAD, rows, crc: head.readUInt32LE(12) });
      at = end;
    }
  }
}

/** Bytes 0 magic, 4 rows, 8 columns, 12 checksum of the frames, 16 SHA-256, 48 checksum of bytes 0 to 48. */
function header(hash: string, { rows, cols }: Matrix, crc: number): Buffer {
  const head = Buffer.alloc(HEAD);
  [MAGIC, rows, cols, crc].forEach((value, i) => {
    head.writeUInt32LE(value, 4 * i);
  });
  head.write(hash, 16, "hex");
  head.writeUInt32LE(crc32(head.subarray(0, 48)), 48);
  return head;
}

function segmentsOf(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(".segment"));
  } catch {
    return [];
  }
}

function openToRead(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch {
    return undefined;
  }
}
