import { UserError } from "../../base/errors.js";
import { type Gear, type GpuBuffer, type GpuPipeline, USAGE } from "./device.js";
import { MATHS, mapKernel, type Product, productKernel, rowKernel, STATE, THREADS } from "./kernels.js";
import type { Program } from "./program.js";

/** A number of rows or elements: a fixed one, or so many for each clip of the batch. */
export type Dim = number | { each: number };

/** Arrays that a kernel reads, and those that it writes (and may read), by their names in it. */
export interface Arrays {
  reads?: Readonly<Record<string, GpuBuffer>>;
  writes: Readonly<Record<string, GpuBuffer>>;
  /** Numbers that it finds in its uniform `q`, four each. */
  sizes?: readonly number[];
}

/** One kernel with its arrays. */
export interface Dispatch {
  pipeline: GpuPipeline;
  group: object;
  /** Workgroups for a number of clips. */
  groups: (count: number) => [number, number, number];
}

/** Numbers of the uniform that all kernels read. */
export const STATE_WORDS = 8;
/** What every device of WebGPU allows along one axis. */
const MOST_GROUPS = 32_768;
/** Tiles of products that keep a large GPU busy. */
const BUSY = 128;
/** Shortest part of a sum, and most parts. */
const PART = 128;
const MOST_PARTS = 64;

export function expression(dim: Dim): string {
  return typeof dim === "number" ? `${dim}u` : `(s.count * ${dim.each}u)`;
}

function countOf(dim: Dim, count: number): number {
  return typeof dim === "number" ? dim : count * dim.each;
}

/** `target = value`, or added to it. */
export function put(target: string, value: string, add: boolean): string {
  return `${target} = ${add ? `${target} + ` : ""}${value};`;
}

/** A network's arrays on the device, and the kernels of its layers in the order they were asked for. */
export class Builder {
  readonly gear: Gear;
  readonly program: Program;
  readonly maxBatch: number;
  readonly state: GpuBuffer;
  /** Parameters, and their gradients. */
  readonly p: GpuBuffer;
  readonly g: GpuBuffer;
  /** The loss, and by what the gradient is scaled. */
  readonly result: GpuBuffer;
  readonly #buffers: GpuBuffer[] = [];
  readonly #values: (GpuBuffer | undefined)[] = [];
  readonly #gradients: (GpuBuffer | undefined)[] = [];
  readonly #named = new Map<string, GpuBuffer>();
  readonly #given = new Set<string>();
  #list: Dispatch[] = [];
  bytes = 0;

  /** @param p the parameters, where another network of the same program has them; they outlive this one */
  constructor(gear: Gear, program: Program, maxBatch: number, p?: GpuBuffer) {
    this.gear = gear;
    this.program = program;
    this.maxBatch = maxBatch;
    this.state = this.buffer(STATE_WORDS * 4, USAGE.uniform | USAGE.copyDst);
    this.p = p ?? this.floats(Math.max(1, program.size));
    // A network for inference hands its parameters on when it is made for other sizes.
    if (program.forward && !p) this.#buffers.pop();
    this.g = this.floats(program.forward ? 1 : program.size);
    this.result = this.floats(4);
  }

  /** An array of the network itself. */
  named(name: string, each: number): GpuBuffer {
    const made = this.#named.get(name) ?? this.perClip(each);
    this.#named.set(name, made);
    return made;
  }

  buffer(bytes: number, usage: number): GpuBuffer {
    const { largestBuffer, name } = this.gear.info;
    if (bytes > largestBuffer) {
      const [need, most] = [bytes, largestBuffer].map((n) => Math.ceil(n / 2 ** 20));
      throw new UserError(
        `an array of ${need} MiB is larger than the GPU "${name}" allows (${most} MiB): use a smaller batch size or shorter inputs`,
      );
    }
    const made = this.gear.device.createBuffer({ size: Math.max(16, Math.ceil(bytes / 4) * 4), usage });
    this.#buffers.push(made);
    this.bytes += made.size;
    return made;
  }

  floats(n: number): GpuBuffer {
    return this.buffer(4 * n, USAGE.storage | USAGE.copySrc | USAGE.copyDst);
  }

  /** An array of its own for a layer: `n` floats for each clip. */
  perClip(n: number): GpuBuffer {
    return this.floats(this.maxBatch * n);
  }

  value(buffer: number): GpuBuffer {
    this.#values[buffer] ??= this.perClip(this.program.sizes[buffer]!);
    return this.#values[buffer]!;
  }

  gradient(buffer: number): GpuBuffer {
    this.#gradients[buffer] ??= this.perClip(this.program.sizes[buffer]!);
    return this.#gradients[buffer]!;
  }

  learns(...offsets: number[]): boolean {
    return this.program.parameters.some(({ offset, trainable }) => trainable && offsets.includes(offset));
  }

  /** Whether a weight's gradient has been given by another use of its layer; it has after this call. */
  given(weight: string): boolean {
    const before = this.#given.has(weight);
    this.#given.add(weight);
    return before;
  }

  /** The kernels since the last call. */
  take(): Dispatch[] {
    const list = this.#list;
    this.#list = [];
    return list;
  }

  kernel(body: string, { reads = {}, writes, sizes = [] }: Arrays, groups: Dispatch["groups"]): void {
    const bound = [
      ...Object.entries(reads).map(([name, buffer]) => ({ name, buffer, access: "read" })),
      ...Object.entries(writes).map(([name, buffer]) => ({ name, buffer, access: "read_write" })),
    ].filter(({ name }) => new RegExp(`\\b${name}\\[`).test(body));
    const lines = bound.map(
      ({ name, access }, i) => `@group(0) @binding(${i + 1}) var<storage, ${access}> ${name}: array<f32>;`,
    );
    const usesState = /\bs\.\w/.test(body);
    if (sizes.length > 0) {
      const vectors = Math.ceil(sizes.length / 4);
      lines.push(`@group(0) @binding(${bound.length + 1}) var<uniform> q: array<vec4u, ${vectors}>;`);
      const buffer = this.buffer(16 * vectors, USAGE.uniform | USAGE.copyDst);
      this.gear.device.queue.writeBuffer(buffer, 0, Uint32Array.from(sizes));
      bound.push({ name: "q", buffer, access: "uniform" });
    }
    const code = `${usesState ? STATE : ""}${lines.join("\n")}${/_\(/.test(body) ? MATHS : ""}${body}`;
    const pipeline = this.#pipeline(code);
    const entries = bound.map(({ buffer }, i) => ({ binding: i + 1, resource: { buffer } }));
    if (usesState) entries.push({ binding: 0, resource: { buffer: this.state } });
    const group = this.gear.device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    this.#list.push({ pipeline, group, groups });
  }

  #pipeline(code: string): GpuPipeline {
    const { device, pipelines } = this.gear;
    const known = pipelines.get(code);
    if (known) return known;
    const module = device.createShaderModule({ code });
    const made = device.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "main" } });
    pipelines.set(code, made);
    return made;
  }

  /** Does `body` for each element `i`. */
  map(total: Dim, body: string, arrays: Arrays): void {
    this.kernel(mapKernel(expression(total), body), arrays, (count) => [
      Math.min(MOST_GROUPS, Math.ceil(countOf(total, count) / THREADS)),
      1,
      1,
    ]);
  }

  /** Does `body` for each `row`, by a workgroup. */
  rows(rows: Dim, body: string, arrays: Arrays): void {
    this.kernel(rowKernel(expression(rows), body), arrays, (count) => fold(countOf(rows, count)));
  }

  /** A product of matrices; see {@link Product}. */
  product(
    options: Omit<Product, "m" | "n" | "k" | "parts" | "tile"> & {
      z?: Dim;
      m: Dim;
      n: number;
      k: Dim;
      parts?: number;
    },
    arrays: Arrays,
  ): void {
    const { z = 1, m, n, k, parts = 1 } = options;
    const tile = tileOf(countOf(m, this.maxBatch), n, countOf(z, this.maxBatch) * parts);
    // A software adapter takes half a second to compile a product, so products of other sizes share a kernel there.
    const sizes: number[] = [];
    const text = (code: string) => (this.gear.info.software ? hoisted(code, sizes) : code);
    const code = productKernel({
      ...options,
      a: text(options.a),
      b: text(options.b),
      store: text(options.store),
      m: text(expression(m)),
      n: text(expression(n)),
      k: text(expression(k)),
      parts,
      tile,
    });
    this.kernel(code, { ...arrays, sizes }, (count) => {
      const tiles = Math.ceil(countOf(m, count) / (16 * tile[0])) * Math.ceil(n / (16 * tile[1]));
      const [x, y] = fold(tiles);
      return [x, y, countOf(z, count) * parts];
    });
  }

  /**
   * A weight's gradient, a product over all rows of the batch, cut into parts for the sake of large GPUs.
   *
   * @param options.dest the place in the gradient of (z, m, n)
   * @param options.add whether it is added to what is there
   */
  weights(
    options: Omit<Product, "m" | "n" | "k" | "parts" | "tile" | "store"> & {
      z?: number;
      m: number;
      n: number;
      k: Dim;
      dest: string;
      add: boolean;
    },
    arrays: { reads: Arrays["reads"] },
  ): void {
    const { z = 1, m, n, k, dest, add } = options;
    const tile = tileOf(m, n, z);
    const tiles = z * Math.ceil(m / (16 * tile[0])) * Math.ceil(n / (16 * tile[1]));
    const longest = countOf(k, this.maxBatch);
    const parts = Math.max(
      1,
      Math.min(MOST_PARTS, Math.floor((4 * BUSY) / tiles), Math.floor(longest / PART)),
    );
    const store = (target: string) => `let to = ${dest}; ${put("g[to]", target, add)}`;
    if (parts === 1) {
      this.product({ ...options, store: store("v") }, { reads: arrays.reads, writes: { g: this.g } });
      return;
    }
    const all = z * m * n;
    const partial = this.floats(parts * all);
    this.product(
      { ...options, parts, store: `partial[((part * ${z}u + z) * ${m}u + m) * ${n}u + n] = v;` },
      { reads: arrays.reads, writes: { partial } },
    );
    this.map(
      all,
      `var v = 0.0;
       for (var k = 0u; k < ${parts}u; k++) { v += partial[k * ${all}u + i]; }
       let n = i % ${n}u; let m = i / ${n}u % ${m}u; let z = i / ${m * n}u;
       ${store("v")}`,
      { reads: { partial }, writes: { g: this.g } },
    );
  }

  /**
   * Sums over rows, column by column, in {@link columnParts} parts: `partial[(e * parts + part) * n + j]` of each expression e of
   * (row, j).
   */
  columns(
    rows: Dim,
    n: number,
    values: readonly string[],
    before: string,
    partial: GpuBuffer,
    arrays: Arrays,
  ): void {
    const parts = this.columnParts(rows, n);
    this.map(
      parts * n,
      `let j = i % ${n}u; let part = i / ${n}u;
       let all = ${expression(rows)}; let chunk = (all + ${parts - 1}u) / ${parts}u;
       ${values.map((_, e) => `var t${e} = 0.0;`).join(" ")}
       for (var row = part * chunk; row < min(all, (part + 1u) * chunk); row++) {
         ${before}
         ${values.map((value, e) => `t${e} += ${value};`).join(" ")}
       }
       ${values.map((_, e) => `partial[${e * parts * n}u + i] = t${e};`).join(" ")}`,
      { reads: arrays.reads, writes: { partial, ...arrays.writes } },
    );
  }

  columnParts(rows: Dim, n: number): number {
    const all = countOf(rows, this.maxBatch);
    return Math.max(1, Math.min(256, Math.ceil(65_536 / n), Math.ceil(all / 16)));
  }

  destroy(): void {
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers.length = 0;
  }
}

/** The code with its whole numbers taken from the uniform `q`, to whose numbers they are added. */
function hoisted(code: string, sizes: number[]): string {
  return code.replaceAll(/\b(\d+)u\b/g, (_, digits) => {
    const at = sizes.push(Number(digits)) - 1;
    return `q[${Math.floor(at / 4)}][${at % 4}]`;
  });
}

/** Workgroups in two dimensions, since one has too few. */
function fold(groups: number): [number, number, number] {
  const x = Math.max(1, Math.min(MOST_GROUPS, groups));
  return [x, Math.max(1, Math.ceil(groups / x)), 1];
}

/** Results of a thread: as many as leave enough workgroups. */
function tileOf(m: number, n: number, others: number): [number, number] {
  const fit = (size: number) => (size <= 16 ? 1 : size <= 32 ? 2 : 4);
  const tile: [number, number] = [fit(m), fit(n)];
  const tiles = () => others * Math.ceil(m / (16 * tile[0])) * Math.ceil(n / (16 * tile[1]));
  while (tiles() < BUSY && tile[0] * tile[1] > 4) tile[tile[0] >= tile[1] ? 0 : 1] /= 2;
  return tile;
}
