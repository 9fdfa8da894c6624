import { UsageError, UserError } from "../base/errors.js";
import { ACTIVATION, CORE_MAGIC, type Core, type FoundCore, NONE, OP } from "./core.js";
import { type GpuLoader, startGpu } from "./gpu.js";
import { loadNative } from "./native.js";
import { buildNative } from "./native-build.js";
import { startTfjs } from "./tfjs.js";
import { ENGINES, type EngineName } from "./trainer.js";
import { loadWasm } from "./wasm.js";
import type { AdapterInfo } from "./webgpu/device.js";
import { type FoundWebgpu, loadWebgpu } from "./webgpu.js";

/** How the engines are loaded; tests replace this. */
export interface EngineLoaders {
  gpu?: GpuLoader;
  webgpu?: () => Promise<FoundWebgpu>;
  native?: () => FoundCore;
  wasm?: () => FoundCore;
}

/** The result of {@link detectEngines} for one engine, as `ser engine` prints it. */
export interface EngineStatus {
  engine: EngineName;
  available: boolean;
  /** Whether training would use it. */
  chosen: boolean;
  /** Why it is available or not. */
  reason: string;
  /** Number of threads that a training step runs on. */
  threads?: number;
  /** For example "AVX-512" or "WASM SIMD"; of `webgpu` the driver and the GPU's name. */
  instructionSet?: string;
  /** The GPU of `webgpu`. */
  adapter?: AdapterInfo;
}

/** An engine to train on; `core` is set for `webgpu`, `native` and `wasm`. */
export interface ChosenEngine {
  engine: EngineName;
  core?: Core;
  adapter?: AdapterInfo;
}

/**
 * The requested engine, or the best available one.
 *
 * @param wanted default: `SER_ENGINE`, else the best
 * @throws {UsageError} when no engine has that name
 * @throws {UserError} when the requested engine is not available, with the reason
 */
export async function chooseEngine(wanted?: string, loaders: EngineLoaders = {}): Promise<ChosenEngine> {
  const name = wantedEngine(wanted);
  if (name !== undefined) {
    const found = await load(name, loaders);
    if ("engine" in found) return found;
    throw new UserError(
      `the engine "${name}" is not available: ${found.reason}; \`ser engine\` lists the available ones`,
    );
  }
  for (const engine of ENGINES) {
    const found = await load(engine, loaders);
    if ("engine" in found && !isOnRequest(found)) return found;
  }
  throw new Error("tfjs is always available");
}

/** The requested engine, if any. */
function wantedEngine(wanted: string | undefined): EngineName | undefined {
  const name = wanted ?? (process.env.SER_ENGINE || undefined);
  if (name === undefined) return undefined;
  const engine = ENGINES.find((known) => known === name);
  if (engine) return engine;
  const place = wanted === undefined ? "SER_ENGINE" : "--engine";
  throw new UsageError(`${place}: unknown engine "${name}"; the engines are ${ENGINES.join(", ")}`);
}

/** A GPU that the processor stands in for is slower than the C core: it is used only by name. */
function isOnRequest({ adapter }: ChosenEngine): boolean {
  return adapter?.software === true;
}

async function load(engine: EngineName, loaders: EngineLoaders): Promise<ChosenEngine | { reason: string }> {
  if (engine === "tfjs") return { engine };
  if (engine === "tensorflow-gpu") {
    const reason = await startGpu(loaders.gpu);
    return reason === undefined ? { engine } : { reason };
  }
  if (engine === "webgpu") {
    const found = await (loaders.webgpu ?? loadWebgpu)();
    return "core" in found ? { engine, ...found } : found;
  }
  if (engine === "native" && !loaders.native) await buildNative();
  const found = engine === "native" ? (loaders.native ?? loadNative)() : (loaders.wasm ?? loadWasm)();
  return "core" in found ? { engine, core: found.core } : found;
}

/**
 * Lists all engines, best first, with the reason why each is available or not. The C core (`native`, `wasm`) is started to count
 * its threads. A software adapter of `webgpu` is available, but chosen only by name.
 *
 * @param wanted name of the requested engine; default: the environment variable `SER_ENGINE`, else the best available. When
 *   the requested engine is not available, none is chosen.
 * @param loaders for tests
 * @throws {UsageError} when no engine has that name
 * @example
 * const engines = await detectEngines();
 * engines.map(({ engine }) => engine); // => ["tensorflow-gpu", "webgpu", "native", "wasm", "tfjs"]
 * engines.filter(({ chosen }) => chosen).length; // => 1
 */
export async function detectEngines(wanted?: string, loaders: EngineLoaders = {}): Promise<EngineStatus[]> {
  const name = wantedEngine(wanted);
  const statuses: EngineStatus[] = [];
  for (const engine of ENGINES) {
    const found = await load(engine, loaders);
    const available = "engine" in found;
    const chosen =
      available &&
      (name === undefined
        ? !isOnRequest(found) && !statuses.some((status) => status.chosen)
        : name === engine);
    statuses.push({ engine, available, chosen, ...(available ? await describe(found) : found) });
  }
  return statuses;
}

const ABOUT: Record<EngineName, string> = {
  "tensorflow-gpu": "tfjs-node-gpu loads and reports a CUDA device",
  webgpu: "the core on a GPU, by the package webgpu",
  native: "the C core, compiled for this machine",
  wasm: "the C core as WebAssembly, part of the package",
  tfjs: "stock TensorFlow.js; for layers that the core does not support",
};

async function describe({
  engine,
  core,
  adapter,
}: ChosenEngine): Promise<Pick<EngineStatus, "reason" | "threads" | "instructionSet" | "adapter">> {
  const reason = ABOUT[engine];
  if (core && adapter) return { reason: aboutAdapter(adapter), instructionSet: core.instructionSet, adapter };
  if (core) return { reason, threads: await countThreads(core), instructionSet: core.instructionSet };
  if (engine === "tensorflow-gpu") return { reason, instructionSet: "CUDA" };
  const tf = await startTfjs();
  return { reason, threads: 1, instructionSet: tf.getBackend() === "wasm" ? "WASM SIMD" : "JavaScript" };
}

function aboutAdapter({ software, largestBuffer, workgroupBytes }: AdapterInfo): string {
  const limits = `arrays of at most ${largestBuffer / 2 ** 20} MiB, ${workgroupBytes / 1024} KiB a workgroup`;
  return software ? `a software adapter, used only when asked for; ${limits}` : `${ABOUT.webgpu}; ${limits}`;
}

/** A core chooses its threads when it creates a network: here a dense layer and a softmax over two numbers. */
async function countThreads(core: Core): Promise<number> {
  const dense = [OP.dense, 9, 0, 1, 1, 2, 2, 0, NONE];
  const softmax = [OP.activation, 8, 1, 2, 1, 2, ACTIVATION.softmax, 0];
  const program = Int32Array.from([CORE_MAGIC, 3, 1, 2, 0, 2, 2, 2, 2, 0, 4, 0, ...dense, ...softmax]);
  const network = await core.create(program, new Float32Array(4), { maxBatch: 64, seed: 1 });
  await network.destroy();
  return network.threads;
}
