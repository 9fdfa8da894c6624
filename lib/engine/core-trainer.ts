import type { LayersModel } from "@tensorflow/tfjs";
import { messageOf, UserError } from "../base/errors.js";
import { plural } from "../base/text.js";
import { type Compiled, compile } from "./compile.js";
import type { Core, CoreNetwork } from "./core.js";
import { startTfjs, type tf as Tfjs } from "./tfjs.js";
import type { Batch, Inputs, Trainer, TrainerOptions, TrainerState } from "./trainer.js";

/**
 * Trains a tf.layers model in a core, which keeps the weights until {@link Trainer.sync}. The result does not
 * depend on the number of threads.
 *
 * @param core from detect.ts
 * @throws {UnknownLayer} when the core does not support a layer of the model
 * @throws {UserError} when the model has several inputs or outputs
 * @example const trainer = await createCoreTrainer(core, model, { optimizer: { name: "adam" }, seed: 1, maxBatch: 32 });
 */
export async function createCoreTrainer(
  core: Core,
  model: LayersModel,
  options: TrainerOptions,
): Promise<Trainer> {
  const open = model.inputs[0]!.shape.slice(1).some((size) => size === null);
  // A model for inputs of any length is compiled for short ones first, to find unsupported layers at once.
  const compiled = compile(model, open ? shapeFor(model, 1) : undefined);
  const weights = model.weights.map((weight) => weight.read().dataSync() as Float32Array);
  const parameters = gather(weights, compiled.offsets, compiled.parameters);
  const network = await createNetwork(core, compiled, parameters, options);
  return new CoreTrainer(await startTfjs(), core, model, options, compiled, network);
}

async function createNetwork(
  core: Core,
  compiled: Compiled,
  parameters: Float32Array,
  options: TrainerOptions,
) {
  const { name, weightDecay, ...optimizer } = options.optimizer;
  try {
    return await core.create(compiled.program, parameters, {
      ...optimizer,
      weightDecay: name === "adamw" ? weightDecay : 0,
      maxBatch: options.maxBatch,
      seed: options.seed,
      threads: options.threads,
    });
  } catch (error) {
    if (!/memory/.test(messageOf(error))) throw error;
    throw new UserError(
      `not enough memory for batches of ${options.maxBatch}: use a smaller batch size or shorter inputs`,
    );
  }
}

class CoreTrainer implements Trainer {
  readonly engine: Core["engine"];
  readonly detail: string;
  readonly instructionSet: string;
  readonly #tf: typeof Tfjs;
  readonly #core: Core;
  readonly #model: LayersModel;
  readonly #options: TrainerOptions;
  /** Indices of the trainable weights in `model.weights`. */
  readonly #trainable: number[];
  #compiled: Compiled;
  #network: CoreNetwork;

  constructor(
    tf: typeof Tfjs,
    core: Core,
    model: LayersModel,
    options: TrainerOptions,
    compiled: Compiled,
    network: CoreNetwork,
  ) {
    this.engine = core.engine;
    this.instructionSet = core.instructionSet;
    this.detail =
      core.engine === "webgpu"
        ? core.instructionSet
        : `${core.instructionSet}, ${plural(network.threads, "thread")}`;
    this.#tf = tf;
    this.#core = core;
    this.#model = model;
    this.#options = options;
    this.#compiled = compiled;
    this.#network = network;
    const ids = model.weights.map((weight) => weight.id);
    this.#trainable = model.trainableWeights.map((weight) => ids.indexOf(weight.id));
  }

  async step(batch: Batch, learningRate: number): Promise<number> {
    await this.#fit(batch);
    const loss = await this.#network.step(batch, learningRate);
    await new Promise(setImmediate); // lets a Ctrl-C through
    return loss;
  }

  async predict(inputs: Inputs): Promise<Float32Array> {
    await this.#fit(inputs);
    const { inputSize, classes } = this.#compiled;
    const out = new Float32Array(inputs.count * classes);
    const { maxBatch } = this.#options;
    for (let start = 0; start < inputs.count; start += maxBatch) {
      const count = Math.min(maxBatch, inputs.count - start);
      const x = inputs.x.subarray(start * inputSize, (start + count) * inputSize);
      out.set(await this.#network.predict(x, count), start * classes);
      await new Promise(setImmediate);
    }
    return out;
  }

  async state(): Promise<TrainerState> {
    const { m, v, step } = await this.#network.moments();
    return {
      step,
      weights: this.#split(await this.#network.parameters(), this.#model.weights.keys()),
      m: this.#split(m, this.#trainable),
      v: this.#split(v, this.#trainable),
    };
  }

  restore({ step, weights, m, v }: TrainerState): void {
    const all = this.#compiled.offsets;
    const trained = this.#trainable.map((i) => all[i]!);
    const flat = (parts: readonly Float32Array[], offsets: readonly number[]) =>
      gather(parts, offsets, this.#compiled.parameters);
    this.#network.setParameters(flat(weights, all));
    this.#network.setMoments({ step, m: flat(m, trained), v: flat(v, trained) });
  }

  async sync(): Promise<void> {
    const weights = this.#split(await this.#network.parameters(), this.#model.weights.keys());
    this.#tf.tidy(() => {
      this.#model.weights.forEach((weight, i) => {
        weight.write(this.#tf.tensor(weights[i]!, weight.shape as number[]));
      });
    });
  }

  dispose(): Promise<void> {
    return this.#network.destroy();
  }

  /** The parts of a flat vector for some of `model.weights`, by index. */
  #split(flat: Float32Array, which: Iterable<number>): Float32Array[] {
    return Array.from(which, (i) => {
      const offset = this.#compiled.offsets[i]!;
      return flat.slice(offset, offset + sizeOf(this.#model.weights[i]!.shape));
    });
  }

  /** Compiles a model for inputs of any length again when the length changes. */
  async #fit({ x, count }: { x: Float32Array; count: number }): Promise<void> {
    const size = x.length / count;
    if (count === 0 || size === this.#compiled.inputSize) return;
    const compiled = compile(this.#model, shapeFor(this.#model, size));
    const network = await createNetwork(
      this.#core,
      compiled,
      await this.#network.parameters(),
      this.#options,
    );
    network.setMoments(await this.#network.moments());
    await this.#network.destroy();
    this.#network = network;
    this.#compiled = compiled;
  }
}

/**
 * The model's input shape, with the open dimension set so that an input has `size` numbers, at least to 1.
 *
 * @throws {UserError} when no shape of the model has that size
 */
function shapeFor(model: LayersModel, size: number): number[] {
  const shape = model.inputs[0]!.shape.slice(1);
  const rest = sizeOf(shape.map((n) => n ?? 1));
  const open = Math.max(1, size / rest);
  if (!Number.isInteger(open) || shape.filter((n) => n === null).length !== 1) {
    throw new UserError(
      `the model "${model.name}" takes inputs of shape [${shape.join(", ")}], not of ${size} numbers`,
    );
  }
  return shape.map((n) => n ?? open);
}

/** Puts arrays at their offsets in one array. */
function gather(parts: readonly Float32Array[], offsets: readonly number[], length: number): Float32Array {
  const flat = new Float32Array(length);
  parts.forEach((part, i) => {
    flat.set(part, offsets[i]);
  });
  return flat;
}

function sizeOf(shape: readonly (number | null)[]): number {
  return (shape as number[]).reduce((product, n) => product * n, 1);
}
