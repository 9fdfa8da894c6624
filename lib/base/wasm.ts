// Neither TypeScript's ES libraries nor Node's types declare WebAssembly.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: unknown };
};

/** What every kernel exports beside its functions. */
export interface KernelMemory {
  memory: { buffer: ArrayBuffer; grow(pages: number): number };
  /** The first byte that the kernel leaves to its caller. */
  __heap_base: { value: number };
}

const PAGE = 65536;

const compiled = new Map<string, object>();

/** A new instance, with memory of its own, of a kernel that lib/build/kernels.mjs made; compiled once. */
export function instantiate<Exports extends KernelMemory>(base64: string): Exports {
  const module = compiled.get(base64) ?? new WebAssembly.Module(Buffer.from(base64, "base64"));
  compiled.set(base64, module);
  return new WebAssembly.Instance(module).exports as Exports;
}

/** Makes a kernel's memory at least so many bytes long; views made before are then of no more use. */
export function growTo({ memory }: KernelMemory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
}
