import { UserError } from "../base/errors.js";
import { ByteFile, floatsOf, shown, valuesOf } from "./bytes.js";
import { assertFinite } from "./safetensors.js";
import type { TensorFile } from "./tensor-file.js";

/** The version that CTranslate2 has written since 3.0 (2022). */
const BINARY_VERSION = 6;

/** CTranslate2's types by number, with bytes per value. */
const TYPES = [
  { name: "float32", size: 4 },
  { name: "int8", size: 1 },
  { name: "int16", size: 2 },
  { name: "int32", size: 4 },
  { name: "float16", size: 2 },
  { name: "bfloat16", size: 2 },
] as const;

const FLOATS = { float32: "F32", float16: "F16", bfloat16: "BF16" } as const;

interface Variable {
  type: (typeof TYPES)[number]["name"];
  shape: readonly number[];
  begin: number;
  bytes: number;
}

/** Whether a file may be CTranslate2's model.bin, by its first bytes: a version, then the length of a zero-terminated name. */
export function looksLikeCTranslate2(start: Buffer): boolean {
  if (start.length < 8) return false;
  const [version, length] = [start.readUInt32LE(0), start.readUInt16LE(4)];
  if (version > 1000 || length < 2 || 6 + length > start.length) return false;
  return /^\w+\0$/.test(start.toString("latin1", 6, 6 + length));
}

/**
 * Reads the variables of CTranslate2's model.bin, binary version 6: float32, float16, bfloat16, and int8 with a scale for each
 * row. CTranslate2 stores `round(w * 127 / max|row|)` and the factor `127 / max|row|`, which is divided out.
 *
 * @example
 * const file = await CTranslate2File.open("model.bin");
 * const [heads] = await file.read("encoder/num_heads");
 */
export class CTranslate2File implements TensorFile {
  readonly format = "CTranslate2";
  readonly path: string;
  readonly spec: string;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly #file: ByteFile;
  readonly #variables: ReadonlyMap<string, Variable>;

  private constructor(file: ByteFile, { spec, variables }: Content) {
    this.path = file.path;
    this.spec = spec;
    this.shapes = new Map([...variables].map(([name, { shape }]) => [name, shape]));
    this.#file = file;
    this.#variables = variables;
  }

  /** @throws {UserError} naming the file, when it is incomplete or of another version */
  static async open(path: string): Promise<CTranslate2File> {
    const file = await ByteFile.open(path);
    try {
      return new CTranslate2File(file, await readContent(file));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async read(name: string): Promise<Float32Array> {
    const variable = this.#variables.get(name);
    if (!variable) throw new UserError(`${this.path} has no variable ${name}`);
    const bytes = await this.#file.read(variable.begin, variable.bytes);
    const values = await this.#valuesOf(name, variable, bytes);
    assertFinite(values, this.path, name);
    return values;
  }

  async #valuesOf(name: string, { type, shape }: Variable, bytes: Buffer): Promise<Float32Array> {
    if (type === "float32" || type === "float16" || type === "bfloat16") return floatsOf(bytes, FLOATS[type]);
    // Scalars describe the network, such as the number of heads.
    if (shape.length === 0) return Float32Array.of(bytes.readIntLE(0, bytes.length));
    const scale = this.#variables.get(`${name}_scale`);
    if (type !== "int8" || scale?.shape.length !== 1 || scale.shape[0] !== shape[0]) {
      throw new UserError(
        `${this.path}: ${name} is ${type}${type === "int8" ? " without a scale for each row" : ""}; supported are float32, float16, bfloat16, and int8 with scales: convert the model again with --quantization float16`,
      );
    }
    return dequantised(
      new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length),
      await this.read(`${name}_scale`),
    );
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

function dequantised(values: Int8Array, scales: Float32Array): Float32Array {
  const columns = values.length / scales.length;
  const weights = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) weights[i] = values[i]! / scales[Math.floor(i / columns)]!;
  return weights;
}

interface Content {
  spec: string;
  variables: ReadonlyMap<string, Variable>;
}

async function readContent(file: ByteFile): Promise<Content> {
  const reader = new Reader(file);
  const version = await reader.number(4);
  const spec = await reader.text();
  if (version !== BINARY_VERSION) {
    throw new UserError(
      `${file.path} is CTranslate2's ${spec} in binary version ${version}; supported is version ${BINARY_VERSION}: convert the model again with CTranslate2 3 or 4`,
    );
  }
  // The revision of the specification: its changes show in names and shapes.
  await reader.number(4);
  const variables = new Map<string, Variable>();
  for (let left = await reader.number(4); left > 0; left--) {
    const name = await reader.text();
    if (variables.has(name)) throw damaged(file, `${name} occurs twice`);
    variables.set(name, await readVariable(reader, file, name));
  }
  for (let left = await reader.number(4); left > 0; left--) {
    // Equal variables are stored once: norms and biases that were never trained, and the decoder's projection.
    const alias = await reader.text();
    const variable = variables.get(await reader.text());
    if (!variable || variables.has(alias)) throw damaged(file, `${alias} refers to no variable`);
    variables.set(alias, variable);
  }
  if (reader.position < file.size) throw damaged(file, `${file.size - reader.position} bytes follow its end`);
  return { spec, variables };
}

async function readVariable(reader: Reader, file: ByteFile, name: string): Promise<Variable> {
  const rank = await reader.number(1);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) shape.push(await reader.number(4));
  const type = TYPES[await reader.number(1)];
  const bytes = await reader.number(4);
  if (!type) throw damaged(file, `${name} has an unknown type`);
  if (valuesOf(shape) !== bytes / type.size)
    throw damaged(
      file,
      `${name} has ${bytes} bytes, which does not fit its shape [${shape}] of ${type.name}`,
    );
  const begin = reader.position;
  reader.skip(bytes);
  return { type: type.name, shape, begin, bytes };
}

function damaged({ path }: ByteFile, reason: string): UserError {
  return new UserError(`${path} is not a complete model.bin of CTranslate2: ${shown(reason)}`);
}

/** Reads a file sequentially. */
class Reader {
  readonly #file: ByteFile;
  position = 0;

  constructor(file: ByteFile) {
    this.#file = file;
  }

  /** An unsigned integer. */
  async number(bytes: 1 | 2 | 4): Promise<number> {
    return (await this.#take(bytes)).readUIntLE(0, bytes);
  }

  async text(): Promise<string> {
    const bytes = await this.#take(await this.number(2));
    return bytes.toString("utf8").replace(/\0$/, "");
  }

  skip(bytes: number): void {
    this.position += bytes;
    if (this.position > this.#file.size) throw this.#file.cut(this.position);
  }

  async #take(bytes: number): Promise<Buffer> {
    const taken = await this.#file.read(this.position, bytes);
    this.position += bytes;
    return taken;
  }
}
