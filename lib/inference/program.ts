import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { LayersModel } from "@tensorflow/tfjs";
import { writeAtomic } from "../base/atomic.js";
import { UserError } from "../base/errors.js";
import { canonicalJson, sha256 } from "../base/hash.js";
import { compile, UnknownLayer } from "../engine/compile.js";
import { ACTIVATION, CORE_MAGIC, type Core, OP, PARAM, RNN } from "../engine/core.js";
import { loadNative } from "../engine/native.js";
import { ENGINES } from "../engine/trainer.js";
import { loadWasm } from "../engine/wasm.js";

/** A network compiled for the C core, so that a prediction need not load TensorFlow.js. */
export interface SavedProgram {
  /** Version of the numbers that the program is written with, see `coreVersion`. */
  core: string;
  program: number[];
  /** Where each weight begins in the core's vector of parameters. */
  offsets: number[];
  /** Number of values of each weight, in the order of weights.bin. */
  sizes: number[];
  parameters: number;
  inputSize: number;
  classes: number;
}

/** From `count` inputs, one after the other, to `count * classes` probabilities. */
export type Classifier = (x: Float32Array, count: number) => Promise<Float32Array>;

export const PROGRAM = "program.json";

/** Changes whenever the core's operations do: a program of another version is compiled again. */
function coreVersion(): string {
  return sha256(canonicalJson({ CORE_MAGIC, PARAM, OP, ACTIVATION, RNN })).slice(0, 16);
}

/** Compiles a network for the core; `undefined` when it has a layer that the core lacks. */
export function programOf(model: LayersModel): SavedProgram | undefined {
  try {
    const { program, offsets, parameters, inputSize, classes } = compile(model);
    const sizes = model.weights.map(({ shape }) => (shape as number[]).reduce((a, b) => a * b, 1));
    return {
      core: coreVersion(),
      program: Array.from(program),
      ...{ offsets, sizes, parameters, inputSize, classes },
    };
  } catch (error) {
    if (error instanceof UnknownLayer) return undefined;
    throw error;
  }
}

/** Writes `program.json` into a model's folder, or removes an old one when the core lacks a layer. */
export async function writeProgram(folder: string, model: LayersModel): Promise<void> {
  const program = programOf(model);
  if (program) await writeAtomic(join(folder, PROGRAM), `${JSON.stringify(program)}\n`);
  else await rm(join(folder, PROGRAM), { force: true });
}

/** Whether what was read from `program.json` is a complete program of this core's version. */
export function isCurrent(saved: SavedProgram): boolean {
  if (saved?.core !== coreVersion()) return false;
  const { program, offsets, sizes, parameters } = saved;
  if (![program, offsets, sizes].every((list) => Array.isArray(list) && list.every(Number.isInteger)))
    return false;
  return (
    offsets.length === sizes.length &&
    offsets.every((offset, i) => offset >= 0 && sizes[i]! >= 0 && offset + sizes[i]! <= parameters)
  );
}

/**
 * The core that predicts: the native one where it is available, else WebAssembly without threads, which are not worth
 * starting for a single clip. `SER_ENGINE` overrides this.
 *
 * @returns `undefined` when `SER_ENGINE` names TensorFlow, or the GPU, which is not worth starting for a single clip either
 * @throws {UserError} when the core that `SER_ENGINE` names is not available
 */
export function predictionCore(): Core | undefined {
  const wanted = process.env.SER_ENGINE || undefined;
  if (wanted !== undefined && !(ENGINES as readonly string[]).includes(wanted))
    throw new UserError(`SER_ENGINE: unknown engine "${wanted}"; the engines are ${ENGINES.join(", ")}`);
  if (wanted === "tfjs" || wanted === "tensorflow-gpu" || wanted === "webgpu") return undefined;
  const native = wanted === "wasm" ? { reason: "" } : loadNative();
  if ("core" in native) return native.core;
  if (wanted === "native") throw new UserError(`SER_ENGINE: native is not available: ${native.reason}`);
  const wasm = loadWasm({ threads: false });
  return "core" in wasm ? wasm.core : undefined;
}

/** A classifier with a compiled network: one input at a time, which needs the least memory. */
export async function coreClassifier(
  core: Core,
  saved: SavedProgram,
  weights: Float32Array,
): Promise<Classifier> {
  const parameters = new Float32Array(saved.parameters);
  let at = 0;
  saved.sizes.forEach((size, i) => {
    parameters.set(weights.subarray(at, at + size), saved.offsets[i]);
    at += size;
  });
  const options = { maxBatch: 1, seed: 1, threads: 1 };
  const network = await core.create(Int32Array.from(saved.program), parameters, options);
  return async (x, count) => network.predict(x, count);
}
