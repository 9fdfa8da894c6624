import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { messageOf } from "../base/errors.js";
import {
  ARRAY,
  type Core,
  type CoreBatch,
  type CoreForward,
  type CoreNetwork,
  type CoreOptions,
  checkBatch,
  type FoundCore,
  MAX_THREADS,
  optimizerOf,
  predictAll,
} from "./core.js";
import { CORE_SINGLE, CORE_THREADS } from "./coreBinary.js";

// Neither TypeScript's ES libraries nor Node's types declare WebAssembly.
interface Memory {
  readonly buffer: ArrayBuffer;
}
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Memory: new (size: { initial: number; maximum: number; shared: boolean }) => Memory;
  Instance: new (module: object, imports: { env: { memory: Memory } }) => { exports: unknown };
};

/** The exports of core.c; a core, an array and a program are addresses. */
interface Exports {
  core_memory(bytes: number): number;
  core_stack(): number;
  core_create(
    program: number,
    words: number,
    maxBatch: number,
    threads: number,
    seed: number,
    error: number,
  ): number;
  core_optimizer(
    core: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    decay: number,
    clip: number,
  ): void;
  core_array(core: number, array: number): number;
  core_length(core: number, array: number): number;
  core_changed(core: number): void;
  core_get_step(core: number): number;
  core_set_step(core: number, step: number): void;
  core_step(core: number, count: number, rate: number, update: number): number;
  core_predict(core: number, count: number): void;
  core_reshape(core: number, program: number, words: number): number;
  core_quit(core: number): void;
}

/** Pages of 64 KiB: one megabyte at first, at most four gigabytes. */
const PAGES = { initial: 16, maximum: 65536 };
const NO_MEMORY = 2;

const compiled = new Map<string, object>();

/**
 * The core as WebAssembly, with threads where shared memory is available.
 *
 * @param options.threads false: the module without threads
 */
export function loadWasm(options: { threads?: boolean } = {}): FoundCore {
  const threads = options.threads !== false && hasSharedMemory();
  try {
    const module = compile(threads ? CORE_THREADS : CORE_SINGLE);
    const core: Core = {
      engine: "wasm",
      instructionSet: threads ? "WASM SIMD" : "WASM SIMD, no threads",
      create: (program, parameters, settings) => network(module, threads, program, parameters, settings),
      createForward: (program, parameters, count) => forward(module, threads, program, parameters, count),
    };
    return { core };
  } catch (error) {
    return { reason: messageOf(error) };
  }
}

function hasSharedMemory(): boolean {
  try {
    return new WebAssembly.Memory({ ...PAGES, shared: true }).buffer instanceof SharedArrayBuffer;
  } catch {
    return false;
  }
}

function compile(base64: string): object {
  const module = compiled.get(base64) ?? new WebAssembly.Module(Buffer.from(base64, "base64"));
  compiled.set(base64, module);
  return module;
}

/** A core instance with its own memory, and the workers that are its other threads. */
interface Instance {
  core: Exports;
  handle: number;
  threads: number;
  /** Address of the program. */
  program: number;
  array(which: number): Float32Array;
  destroy(): Promise<void>;
}

async function instantiate(
  module: object,
  shared: boolean,
  program: Int32Array,
  { maxBatch, seed, threads: wanted }: CoreOptions,
): Promise<Instance> {
  const threads = shared ? Math.min(wanted ?? availableParallelism(), MAX_THREADS) : 1;
  const memory = new WebAssembly.Memory({ ...PAGES, shared });
  const core = new WebAssembly.Instance(module, { env: { memory } }).exports as Exports;

  const at = core.core_memory(program.byteLength + 4);
  const error = at + program.byteLength;
  new Int32Array(memory.buffer, at, program.length).set(program);
  const handle = core.core_create(at, program.length, maxBatch, threads, seed, error);
  if (handle === 0) throw new Error(failure(new Int32Array(memory.buffer, error, 1)[0]));
  let workers = await Promise.all(
    Array.from({ length: threads - 1 }, (_, i) =>
      startWorker({ module, memory, stack: core.core_stack(), core: handle, thread: i + 1 }),
    ),
  );
  return {
    core,
    handle,
    threads,
    program: at,
    array: (which) =>
      new Float32Array(memory.buffer, core.core_array(handle, which), core.core_length(handle, which)),
    async destroy() {
      core.core_quit(handle);
      const ends = workers.map((worker) => new Promise<void>((done) => worker.once("exit", () => done())));
      for (const worker of workers) worker.ref();
      workers = [];
      await Promise.all(ends);
    },
  };
}

function failure(code: number): string {
  return code === NO_MEMORY ? "not enough memory" : "the program is not valid";
}

async function forward(
  module: object,
  shared: boolean,
  program: Int32Array,
  parameters: Float32Array,
  threads?: number,
): Promise<CoreForward> {
  const instance = await instantiate(module, shared, program, { maxBatch: 1, seed: 0, threads });
  const { core, handle, array } = instance;
  array(ARRAY.parameters).set(parameters);
  core.core_changed(handle);
  return {
    threads: instance.threads,
    reshape(other) {
      const { buffer } = array(ARRAY.parameters);
      new Int32Array(buffer, instance.program, program.length).set(other);
      const code = core.core_reshape(handle, instance.program, other.length);
      if (code !== 0) throw new Error(failure(code));
    },
    run(x) {
      array(ARRAY.input).set(x);
      core.core_predict(handle, 1);
      return new Float32Array(array(ARRAY.output));
    },
    destroy: instance.destroy,
  };
}

async function network(
  module: object,
  shared: boolean,
  program: Int32Array,
  parameters: Float32Array,
  options: CoreOptions,
): Promise<CoreNetwork> {
  const { maxBatch } = options;
  const instance = await instantiate(module, shared, program, options);
  const { core, handle, threads } = instance;
  core.core_optimizer(handle, ...optimizerOf(options));
  const arrays = Object.values(ARRAY).map(instance.array);
  const read = (array: number) => new Float32Array(arrays[array]);
  const setParameters = (values: Float32Array) => {
    arrays[ARRAY.parameters].set(values);
    core.core_changed(handle);
  };
  setParameters(parameters);

  function put({ x, y, weights, count }: CoreBatch): void {
    checkBatch({ x, y, count }, maxBatch);
    arrays[ARRAY.input].set(x);
    arrays[ARRAY.targets].set(y);
    if (weights) arrays[ARRAY.weights].set(weights);
    else arrays[ARRAY.weights].fill(1);
  }
  return {
    threads,
    step(batch, learningRate) {
      put(batch);
      return core.core_step(handle, batch.count, learningRate, 1);
    },
    gradients(batch) {
      put(batch);
      const loss = core.core_step(handle, batch.count, 0, 0);
      return { loss, gradients: read(ARRAY.gradients) };
    },
    predict: (x, count) =>
      predictAll(x, count, maxBatch, (part, n) => {
        arrays[ARRAY.input].set(part);
        core.core_predict(handle, n);
        return arrays[ARRAY.output];
      }),
    parameters: () => read(ARRAY.parameters),
    setParameters,
    moments: () => ({ m: read(ARRAY.m), v: read(ARRAY.v), step: core.core_get_step(handle) >>> 0 }),
    setMoments({ m, v, step }) {
      arrays[ARRAY.m].set(m);
      arrays[ARRAY.v].set(v);
      core.core_set_step(handle, step);
    },
    destroy: instance.destroy,
  };
}

/** A thread that works with the main one until core_quit; each has its own stack in the shared memory. */
const THREAD = `
  const { parentPort, workerData } = require("node:worker_threads");
  const { module, memory, stack, core, thread } = workerData;
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  exports.__stack_pointer.value = stack;
  parentPort.postMessage("ready");
  exports.core_worker(core, thread);`;

interface ThreadData {
  module: object;
  memory: Memory;
  stack: number;
  core: number;
  thread: number;
}

/** Does not keep the process alive. */
async function startWorker(workerData: ThreadData): Promise<Worker> {
  const worker = new Worker(THREAD, { eval: true, workerData });
  await new Promise((ready, fail) => {
    worker.once("message", ready);
    worker.once("error", fail);
  });
  worker.unref();
  return worker;
}
