import { type FileHandle, open } from "node:fs/promises";
import { endianness } from "node:os";
import { systemReason, UserError } from "../base/errors.js";
import { fromBrain, fromHalf } from "./half.js";

/** Bytes per read; the system reads at most 2 GiB at once. */
const MOST = 1 << 30;

/**
 * A file that is read piece by piece, never beyond its end.
 *
 * @example
 * const file = await ByteFile.open("model.safetensors");
 * const length = (await file.read(0, 8)).readBigUInt64LE();
 */
export class ByteFile {
  readonly path: string;
  readonly size: number;
  readonly #handle: FileHandle;

  private constructor(path: string, size: number, handle: FileHandle) {
    this.path = path;
    this.size = size;
    this.#handle = handle;
  }

  /** @throws {UserError} naming the file, when it cannot be read */
  static async open(path: string): Promise<ByteFile> {
    try {
      const handle = await open(path, "r");
      try {
        return new ByteFile(path, (await handle.stat()).size, handle);
      } catch (error) {
        await handle.close();
        throw error;
      }
    } catch (error) {
      throw new UserError(`cannot read ${path}: ${systemReason(error)}`, { cause: error });
    }
  }

  /**
   * Reads bytes into a new, aligned buffer, so that they can be viewed as numbers.
   *
   * @throws {UserError} when the file has fewer bytes
   */
  async read(position: number, length: number): Promise<Buffer> {
    // Checked before the allocation: a damaged file may state any length.
    if (position + length > this.size) throw this.cut(position + length);
    const bytes = Buffer.from(new ArrayBuffer(length));
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.#handle
        .read(bytes, done, Math.min(length - done, MOST), position + done)
        .catch((error: unknown) => {
          throw new UserError(`cannot read ${this.path}: ${systemReason(error)}`, { cause: error });
        });
      if (bytesRead === 0) throw this.cut(position + length);
      done += bytesRead;
    }
    return bytes;
  }

  /** The error for a file that ends too early. */
  cut(wanted: number): UserError {
    return new UserError(
      `${this.path} is truncated: it has ${this.size} bytes of at least ${wanted}; download it again`,
    );
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** The supported types of numbers, by safetensors' names. */
export type FloatType = "F32" | "F16" | "BF16";

/** Little-endian bytes as float32 values. May reuse or change the bytes. */
export function floatsOf(bytes: Buffer, type: FloatType): Float32Array {
  const { buffer, byteOffset, length } = littleEndian(bytes, type === "F32" ? 4 : 2);
  if (type === "F32") return new Float32Array(buffer as ArrayBuffer, byteOffset, length / 4);
  const bits = new Uint16Array(buffer as ArrayBuffer, byteOffset, length / 2);
  return type === "F16" ? fromHalf(bits) : fromBrain(bits);
}

/** The little-endian bytes of numbers. */
export function bytesOf(numbers: Float32Array | Uint16Array): Buffer {
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT: size } = numbers;
  const bytes = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
  return endianness() === "BE" ? littleEndian(Buffer.from(bytes), size) : bytes;
}

function littleEndian(bytes: Buffer, size: number): Buffer {
  if (endianness() === "LE") return bytes;
  return size === 4 ? bytes.swap32() : bytes.swap16();
}

/** Number of values of a shape; `undefined` beyond safe integers. */
export function valuesOf(shape: readonly number[]): number | undefined {
  const count = shape.reduce((product, n) => product * n, 1);
  return Number.isSafeInteger(count) ? count : undefined;
}

/** Text from a damaged file, made safe for a one-line message. */
export function shown(text: string): string {
  return text.replace(/\p{Cc}/gu, "?").slice(0, 200);
}
