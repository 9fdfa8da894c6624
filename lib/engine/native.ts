import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { cacheFolder } from "../base/cache-folder.js";
import { messageOf, UsageError } from "../base/errors.js";
import { isInstalled, projectRoot } from "../base/root.js";
import type { Core, CoreBatch, CoreForward, CoreNetwork, CoreOptions, FoundCore } from "./core.js";
import { ARRAY, checkBatch, MAX_THREADS, optimizerOf, predictAll } from "./core.js";

/** The exports of addon.c. */
interface Addon {
  builds(): string[];
  create(build: string, program: Int32Array, ...numbers: number[]): object;
  destroy(network: object): void;
  read(network: object, array: number): Float32Array;
  write(network: object, array: number, values: Float32Array): void;
  step(network: object, count: number, rate: number, update: number): number;
  predict(network: object, count: number): void;
  reshape(network: object, program: Int32Array): void;
  getStep(network: object): number;
  setStep(network: object, step: number): void;
}

/**
 * The core as a Node addon, if it has been compiled for this machine (by `npm ci` in a checkout, else by `buildNative`).
 *
 * @param options.instructionSet one that the machine supports; default: that of `SER_CORE_ISA` (avx512, avx2, sse, neon), else
 *   the best
 * @throws {UsageError} when `SER_CORE_ISA` is not one of these, or not supported by this machine
 */
export function loadNative(options: { instructionSet?: string } = {}): FoundCore {
  let addon: Addon;
  try {
    const file = addonFile();
    if (!existsSync(file)) return { reason: whyMissing(file) };
    addon = createRequire(join(projectRoot(), "package.json"))(file);
  } catch (error) {
    return { reason: messageOf(error) };
  }
  const builds = addon.builds();
  const instructionSet = options.instructionSet ?? wantedSet(builds) ?? builds[0];
  if (!builds.includes(instructionSet)) return { reason: `this machine supports only ${builds.join(", ")}` };
  const core: Core = {
    engine: "native",
    instructionSet,
    create: async (program, parameters, settings) =>
      network(addon, instructionSet, program, parameters, settings),
    createForward: async (program, parameters, threads) =>
      forward(addon, instructionSet, program, parameters, threads),
  };
  return { core };
}

const SETS: Readonly<Record<string, string>> = {
  avx512: "AVX-512",
  avx2: "AVX2+FMA",
  sse: "SSE2",
  neon: "NEON",
};

/** The requested instruction set, if any: for benchmarks, and to reproduce another machine's weights. */
function wantedSet(builds: readonly string[]): string | undefined {
  const name = process.env.SER_CORE_ISA || undefined;
  if (name === undefined) return undefined;
  const set = SETS[name];
  if (set && builds.includes(set)) return set;
  const known = Object.keys(SETS).filter((key) => builds.includes(SETS[key]!));
  throw new UsageError(
    `SER_CORE_ISA: this machine does not support "${name}"; it supports ${known.join(", ")}`,
  );
}

function whyMissing(file: string): string {
  if (process.platform === "win32") return "not made for Windows";
  if (!isInstalled()) return "not compiled: it needs a C compiler, then node lib/build/native.mjs";
  if (!existsSync(failureFile(file)))
    return "not compiled: the first training compiles it, if there is a C compiler";
  const reason = readFileSync(failureFile(file), "utf8").trim();
  return `not compiled: ${reason}; delete ${failureFile(file)} to try again`;
}

/** The file with the reason why an addon could not be compiled, so that it is not tried every time. */
export function failureFile(addon: string): string {
  return `${addon}.failed`;
}

/** lib/build/native.mjs uses the same name: an addon compiled from other sources is never loaded. */
export function addonFile(): string {
  const root = projectRoot();
  const folder = join(root, "lib", "engine", "core");
  const hash = createHash("sha256");
  for (const name of readdirSync(folder)
    .filter((file) => /\.[ch]$/.test(file))
    .sort())
    hash.update(readFileSync(join(folder, name)));
  const name = `native-${process.platform}-${process.arch}-${hash.digest("hex").slice(0, 16)}.node`;
  return isInstalled() ? cacheFolder("native", name) : join(root, ".cache", name);
}

function forward(
  addon: Addon,
  build: string,
  program: Int32Array,
  parameters: Float32Array,
  wanted = availableParallelism(),
): CoreForward {
  const threads = Math.min(wanted, MAX_THREADS);
  const handle = addon.create(build, program, 1, threads, 0, 0, 0, 0, 0, 0);
  if (parameters.length > 0) addon.write(handle, ARRAY.parameters, parameters);
  return {
    threads,
    reshape: (other) => addon.reshape(handle, other),
    run(x) {
      addon.write(handle, ARRAY.input, x);
      addon.predict(handle, 1);
      return addon.read(handle, ARRAY.output);
    },
    destroy: async () => addon.destroy(handle),
  };
}

function network(
  addon: Addon,
  build: string,
  program: Int32Array,
  parameters: Float32Array,
  options: CoreOptions,
): CoreNetwork {
  const threads = Math.min(options.threads ?? availableParallelism(), MAX_THREADS);
  const { maxBatch, seed } = options;
  const handle = addon.create(build, program, maxBatch, threads, seed, ...optimizerOf(options));
  addon.write(handle, ARRAY.parameters, parameters);

  function put(batch: CoreBatch): void {
    checkBatch(batch, maxBatch);
    addon.write(handle, ARRAY.input, batch.x);
    addon.write(handle, ARRAY.targets, batch.y);
    addon.write(handle, ARRAY.weights, batch.weights ?? new Float32Array(batch.count).fill(1));
  }
  return {
    threads,
    step(batch, learningRate) {
      put(batch);
      return addon.step(handle, batch.count, learningRate, 1);
    },
    gradients(batch) {
      put(batch);
      const loss = addon.step(handle, batch.count, 0, 0);
      return { loss, gradients: addon.read(handle, ARRAY.gradients) };
    },
    predict: (x, count) =>
      predictAll(x, count, maxBatch, (part, n) => {
        addon.write(handle, ARRAY.input, part);
        addon.predict(handle, n);
        return addon.read(handle, ARRAY.output);
      }),
    parameters: () => addon.read(handle, ARRAY.parameters),
    setParameters: (values) => addon.write(handle, ARRAY.parameters, values),
    moments: () => ({
      m: addon.read(handle, ARRAY.m),
      v: addon.read(handle, ARRAY.v),
      step: addon.getStep(handle),
    }),
    setMoments({ m, v, step }) {
      addon.write(handle, ARRAY.m, m);
      addon.write(handle, ARRAY.v, v);
      addon.setStep(handle, step);
    },
    destroy: async () => addon.destroy(handle),
  };
}
