import { open } from "node:fs/promises";
import * as v from "valibot";
import { UserError } from "../base/errors.js";
import { ByteFile, type FloatType, floatsOf, shown, valuesOf } from "./bytes.js";
import { objectOf } from "./json.js";
import type { TensorFile } from "./tensor-file.js";

/** The format's own limit. */
const LONGEST_HEADER = 100_000_000;

/** Bytes per value. A file may also contain unsupported types. */
const SIZES: Readonly<Record<string, number>> = {
  ...{ BOOL: 1, U8: 1, I8: 1, F8_E5M2: 1, F8_E4M3: 1, U16: 2, I16: 2, F16: 2, BF16: 2 },
  ...{ U32: 4, I32: 4, F32: 4, U64: 8, I64: 8, F64: 8 },
};

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const entrySchema = v.object({
  dtype: v.string(),
  shape: v.array(whole),
  data_offsets: v.tuple([whole, whole]),
});
const headerSchema = v.objectWithRest(
  { __metadata__: v.optional(v.record(v.string(), v.string())) },
  entrySchema,
);

interface Entry {
  type: string;
  shape: readonly number[];
  /** Position in the file, bytes. */
  begin: number;
  end: number;
}

/** A tensor as bytes. */
export interface StoredTensor {
  name: string;
  type: string;
  shape: readonly number[];
  /** Little-endian, in C order. */
  bytes: Uint8Array;
}

/** Whether a file may be safetensors, by its first bytes: the length of the header, then JSON. */
export function looksLikeSafetensors(start: Buffer): boolean {
  return start.length > 8 && start[8] === 0x7b && start.readBigUInt64LE() <= BigInt(LONGEST_HEADER);
}

/**
 * Reads a file in Hugging Face's safetensors format (https://huggingface.co/docs/safetensors). The header is checked at once,
 * tensors are read one at a time.
 *
 * @example
 * const file = await SafetensorsFile.open("model.safetensors");
 * const values = await file.read("model.encoder.conv1.bias");
 */
export class SafetensorsFile implements TensorFile {
  readonly format = "safetensors";
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly #file: ByteFile;
  readonly #entries: ReadonlyMap<string, Entry>;

  private constructor(file: ByteFile, { entries, metadata }: Header) {
    this.path = file.path;
    this.metadata = metadata;
    this.shapes = new Map([...entries].map(([name, { shape }]) => [name, shape]));
    this.#file = file;
    this.#entries = entries;
  }

  /** @throws {UserError} naming the file, when it is incomplete or not of this format */
  static async open(path: string): Promise<SafetensorsFile> {
    const file = await ByteFile.open(path);
    try {
      return new SafetensorsFile(file, await readHeader(file));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async read(name: string): Promise<Float32Array> {
    const { type, bytes } = await this.stored(name);
    if (!isFloatType(type)) {
      throw new UserError(
        `${this.path}: ${name} has the type ${type}; supported are float32 (F32), float16 (F16) and bfloat16 (BF16)`,
      );
    }
    const values = floatsOf(bytes, type);
    assertFinite(values, this.path, name);
    return values;
  }

  /** Type, shape and bytes of a tensor, as stored in the file. */
  async stored(name: string): Promise<StoredTensor & { bytes: Buffer }> {
    const entry = this.#entries.get(name);
    if (!entry) throw new UserError(`${this.path} has no tensor ${name}`);
    const { type, shape, begin, end } = entry;
    return { name, type, shape, bytes: await this.#file.read(begin, end - begin) };
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** @throws {UserError} naming file and tensor, when a value is NaN or infinite */
export function assertFinite(values: Float32Array, path: string, name: string): void {
  // A loop: "every" takes ten times as long, and encoders have tens of millions of values.
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i])) throw new UserError(`${path}: ${name} contains NaN or infinity`);
}

function isFloatType(type: string): type is FloatType {
  return type === "F32" || type === "F16" || type === "BF16";
}

interface Header {
  /** In the order of their bytes. */
  entries: ReadonlyMap<string, Entry>;
  metadata: Readonly<Record<string, string>>;
}

async function readHeader(file: ByteFile): Promise<Header> {
  const fail = (reason: string): never => {
    throw new UserError(`${file.path} is not a complete safetensors file: ${shown(reason)}`);
  };
  const length = (await file.read(0, 8)).readBigUInt64LE();
  if (length > BigInt(LONGEST_HEADER)) return fail(`its header would have ${length} bytes`);
  const start = 8 + Number(length);
  const bytes = await file.read(8, Number(length));
  const parsed = v.safeParse(
    headerSchema,
    objectOf(textOf(bytes)) ?? fail("its header is not a JSON object"),
  );
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return fail(
      `its header has an invalid value ${issue.received} at ${v.getDotPath(issue) ?? "its beginning"}`,
    );
  }
  const { __metadata__: metadata = {}, ...named } = parsed.output;
  const entries = Object.entries(named as Record<string, v.InferOutput<typeof entrySchema>>)
    .map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [begin, end],
        },
      ]) => {
        return [name, { type: dtype, shape, begin: start + begin, end: start + end }] as const;
      },
    )
    .sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let position = start;
  for (const [name, { type, shape, begin, end }] of entries) {
    if (begin !== position || end < begin)
      return fail(`${name} does not begin where the tensor before it ends`);
    const size = SIZES[type];
    if (size !== undefined && valuesOf(shape) !== (end - begin) / size)
      return fail(`${name} has ${end - begin} bytes, which does not fit its shape [${shape}] of ${type}`);
    position = end;
  }
  if (position > file.size) throw file.cut(position);
  if (position < file.size) return fail(`${file.size - position} bytes follow its last tensor`);
  return { entries: new Map(entries), metadata };
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return "";
  }
}

/**
 * Writes tensors as safetensors, in the given order; the same tensors give the same bytes.
 *
 * @throws {Error} the errors of the file system
 * @example await writeSafetensors("a.safetensors", [{ name: "a", type: "F32", shape: [2], bytes: bytesOf(values) }]);
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly StoredTensor[],
  metadata: Record<string, string> = {},
): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(headerOf(tensors, metadata));
    for (const { bytes } of tensors) await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

function headerOf(tensors: readonly StoredTensor[], metadata: Record<string, string>): Buffer {
  let end = 0;
  // Not with an object, which would sort numeric names first.
  const members = tensors.map(({ name, type, shape, bytes }) => {
    const begin = end;
    end += bytes.length;
    return member(name, { dtype: type, shape, data_offsets: [begin, end] });
  });
  if (Object.keys(metadata).length > 0) members.unshift(member("__metadata__", metadata));
  const json = `{${members.join(",")}}`;
  // Padded so that the values are aligned for any type.
  const text = Buffer.from(json + " ".repeat((8 - (Buffer.byteLength(json) % 8)) % 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text]);
}

function member(name: string, value: unknown): string {
  return `${JSON.stringify(name)}:${JSON.stringify(value)}`;
}
