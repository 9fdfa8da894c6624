import { readFile } from "node:fs/promises";
import { endianness } from "node:os";
import { writeAtomic } from "../base/atomic.js";
import { systemReason, UserError } from "../base/errors.js";
import { type Matrix, zeros } from "../base/matrix.js";

const MAGIC = "\x93NUMPY";

/** A NumPy array; the values are in C order. */
export interface NpyArray {
  data: Float32Array | Float64Array;
  shape: number[];
}

/**
 * Encodes a NumPy `.npy` file, version 1.0, little-endian, float32 or float64 like the data
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 *
 * @example encodeNpy({ data: matrix.data, shape: [matrix.rows, matrix.cols] })
 */
export function encodeNpy({ data, shape }: NpyArray): Uint8Array {
  const type = data instanceof Float64Array ? "<f8" : "<f4";
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const length = 64 * Math.ceil((10 + text.length + 1) / 64) - 10;
  const size = data.BYTES_PER_ELEMENT;
  const bytes = Buffer.alloc(10 + length + size * data.length);
  bytes.write(MAGIC, 0, "latin1");
  bytes[6] = 1;
  bytes.writeUInt16LE(length, 8);
  bytes.write(`${text.padEnd(length - 1)}\n`, 10, "latin1");
  const values = bytes.subarray(10 + length);
  values.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  if (endianness() === "BE") size === 4 ? values.swap32() : values.swap64();
  return bytes;
}

/**
 * Decodes a `.npy` file of float32 or float64, little-endian, in C or Fortran order (Fortran only for two
 * dimensions), format versions 1 to 3.
 *
 * @param path used in error messages
 * @throws {UserError} when it is anything else, or shorter than its shape requires
 * @example const { data, shape } = decodeNpy(readFileSync("a.npy"), "a.npy");
 */
export function decodeNpy(bytes: Uint8Array, path: string): NpyArray {
  const fail = (reason: string): never => {
    throw new UserError(`${path}: ${reason}; save it with numpy.save(path, array.astype("float32"))`);
  };
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < 12 || file.toString("latin1", 0, 6) !== MAGIC) return fail("is not a .npy file");
  const wide = file[6]! > 1;
  if (file[6]! < 1 || file[6]! > 3) return fail(`has format version ${file[6]}`);
  const start = wide ? 12 : 10;
  const length = wide ? file.readUInt32LE(8) : file.readUInt16LE(8);
  if (start + length > file.length) return fail("is truncated in its header");
  const header = file.toString("latin1", start, start + length);
  const type = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const tuple = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (type === undefined || order === undefined || tuple === undefined)
    return fail("has an invalid NumPy header");
  if (type !== "<f4" && type !== "<f8") return fail(`holds values of type ${type}, not float32 or float64`);
  const shape = (tuple.match(/\d+/g) ?? []).map(Number);
  const count = shape.reduce((product, n) => product * n, 1);
  const size = type === "<f4" ? 4 : 8;
  const values = file.subarray(start + length, start + length + size * count);
  if (values.length !== size * count)
    return fail(`ends early: its shape (${shape}) needs ${size * count} bytes`);
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  const data =
    size === 4
      ? Float32Array.from({ length: count }, (_, i) => view.getFloat32(4 * i, true))
      : Float64Array.from({ length: count }, (_, i) => view.getFloat64(8 * i, true));
  if (order === "False" || shape.length < 2) return { data, shape };
  if (shape.length > 2) return fail("is in Fortran order with more than two dimensions");
  const [rows, cols] = shape as [number, number];
  return { data: data.map((_, i) => data[(i % cols) * rows + Math.floor(i / cols)]!), shape };
}

/** Writes a matrix as `.npy` (float32), atomically. */
export function writeNpy(path: string, { data, rows, cols }: Matrix): Promise<void> {
  return writeAtomic(path, encodeNpy({ data, shape: [rows, cols] }));
}

/**
 * Reads a matrix (frames x columns) from `.npy`; a vector becomes one frame.
 *
 * @throws {UserError} as `decodeNpy`, for other numbers of dimensions, and for NaN or infinity
 * @example const matrix = await readNpy("embedding.npy");
 */
export async function readNpy(path: string): Promise<Matrix> {
  const bytes = await readFile(path).catch((error) => {
    throw new UserError(`${path}: ${systemReason(error)}`, { cause: error });
  });
  const { data, shape } = decodeNpy(bytes, path);
  if (shape.length < 1 || shape.length > 2)
    throw new UserError(`${path}: has ${shape.length} dimensions; features have two, frames x columns`);
  const [rows, cols] = shape.length === 1 ? [1, shape[0]!] : (shape as [number, number]);
  const matrix = zeros(rows, cols);
  matrix.data.set(data);
  if (!matrix.data.every(Number.isFinite)) throw new UserError(`${path}: holds NaN or infinity`);
  return matrix;
}
