// Neither TypeScript's ES libraries nor Node's types declare WebAssembly.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: unknown };
};

/** The exports of every kernel besides its functions. */
export interface KernelMemory {
  memory: { buffer: ArrayBuffer; grow(pages: number): number };
  /** The first byte that the caller may use. */
  __heap_base: { value: number };
}

const PAGE = 65536;

const compiled = new Map<string, object>();

/** A new instance, with its own memory, of a kernel from lib/build/kernels.mjs; each kernel is compiled once. */
export function instantiate<Exports extends KernelMemory>(base64: string): Exports {
  const module = compiled.get(base64) ?? new WebAssembly.Module(Buffer.from(base64, "base64"));
  compiled.set(base64, module);
  return new WebAssembly.Instance(module).exports as Exports;
}

/** Grows a kernel's memory to at least a number of bytes; this invalidates earlier views of it. */
export function growTo({ memory }: KernelMemory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
}
