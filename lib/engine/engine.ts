import type { LayersModel } from "@tensorflow/tfjs";
import { random } from "../base/random.js";
import { checked } from "./check.js";
import { UnknownLayer } from "./compile.js";
import { createCoreTrainer } from "./core-trainer.js";
import { type ChosenEngine, chooseEngine, type EngineLoaders } from "./detect.js";
import { refuseRegularizers } from "./graph.js";
import { createTfjsTrainer } from "./tfjs-trainer.js";
import type { Batch, EngineName, Inputs, OptimizerSettings, Trainer, TrainerOptions } from "./trainer.js";

export type {
  Batch,
  EngineName,
  Inputs,
  OptimizerSettings,
  Trainer,
  TrainerOptions,
  TrainerState,
} from "./trainer.js";

/**
 * A trainer of a tf.layers model on the best engine there is, or the one that is asked for (`engine`, else
 * `SER_ENGINE`). The model's last layer must give softmax probabilities. Where the model has a layer that the core
 * does not know, one line on standard error names it, and stock TensorFlow.js trains.
 *
 * @param loaders where the engines come from; tests give their own
 * @throws {UserError} when the engine asked for is not available, or the model asks for what no engine does; from
 *   `step`: when the batch is empty, an input is not finite, a target is no distribution, or the training diverges
 * @example
 * const trainer = await createTrainer(model, { optimizer: { name: "adam" }, seed: 1, maxBatch: 32 });
 * const loss = await trainer.step({ x, y, count: 32 }, 1e-3);
 * trainer.sync(); // the weights are in the model now
 * await trainer.dispose();
 */
export async function createTrainer(
  model: LayersModel,
  options: TrainerOptions,
  loaders: EngineLoaders = {},
): Promise<Trainer> {
  refuseRegularizers(model);
  const chosen = await chooseEngine(options.engine, loaders);
  return checked(await createOn(chosen, model, options), model);
}

async function createOn(
  { engine, core }: ChosenEngine,
  model: LayersModel,
  options: TrainerOptions,
): Promise<Trainer> {
  if (!core) return createTfjsTrainer(model, { ...options, engine });
  try {
    return await createCoreTrainer(core, model, options);
  } catch (error) {
    if (!(error instanceof UnknownLayer)) throw error;
    process.stderr.write(`ser: ${error.message}: it runs on tfjs, which is slow\n`);
    return createTfjsTrainer(model, { ...options, engine: "tfjs" });
  }
}

/** Inputs with their targets. */
export interface LabelledInputs extends Inputs {
  /** `count * classes` numbers: for each input a probability for each class. */
  y: Float32Array;
  classes: number;
  /** The weight of each input in the loss; default 1 each. */
  weights?: Float32Array;
}

export interface FitOptions {
  epochs: number;
  /** Default 32. */
  batchSize?: number;
  /** Default 0.001. */
  learningRate?: number;
  /** Default Adam. */
  optimizer?: OptimizerSettings;
  /** Orders the clips and drops units; default 1. */
  seed?: number;
  /** Default: the best there is. */
  engine?: EngineName;
  /** After each batch. */
  onBatch?: (done: number) => void;
  /** After each epoch, with the mean training loss; `false` ends the training. The model has the epoch's weights. */
  onEpoch?: (epoch: number, loss: number) => Promise<boolean | undefined> | boolean | undefined;
  signal?: AbortSignal;
}

/**
 * Trains a model in place on softmax cross-entropy: the short way, for a notebook's cell. The same seed gives the
 * same weights on the same engine and instruction set. `lib/training` has the loop with validation and checkpoints.
 *
 * @throws {UserError} as {@link createTrainer}
 * @example await fit(model, train, { epochs: 10, onEpoch: (epoch, loss) => console.log(epoch, loss) });
 */
export async function fit(model: LayersModel, data: LabelledInputs, options: FitOptions): Promise<void> {
  const {
    epochs,
    batchSize = 32,
    learningRate = 1e-3,
    optimizer = { name: "adam" },
    seed = 1,
    signal,
    engine,
  } = options;
  const order = random(`${seed}/order`);
  const trainer = await createTrainer(model, { optimizer, seed, engine, maxBatch: batchSize });
  try {
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const shuffled = order.shuffle(Array.from({ length: data.count }, (_, i) => i));
      let total = 0;
      for (let start = 0; start < Math.max(1, data.count); start += batchSize) {
        signal?.throwIfAborted();
        const chosen = shuffled.slice(start, start + batchSize);
        total += (await trainer.step(batchOf(data, chosen), learningRate)) * chosen.length;
        options.onBatch?.(start + chosen.length);
      }
      trainer.sync();
      if ((await options.onEpoch?.(epoch, total / data.count)) === false) return;
    }
  } finally {
    await trainer.dispose();
  }
}

/**
 * The model's outputs, `count * classes` probabilities.
 *
 * @throws {UserError} when an input is not finite
 * @example const probabilities = await predict(model, { x, shape: [100, 40], count: 8 });
 */
export async function predict(
  model: LayersModel,
  inputs: Inputs,
  options: { batchSize?: number; engine?: EngineName } = {},
): Promise<Float32Array> {
  const { batchSize: maxBatch = 64, engine } = options;
  const trainer = await createTrainer(model, { optimizer: { name: "adam" }, seed: 1, maxBatch, engine });
  try {
    return await trainer.predict(inputs);
  } finally {
    await trainer.dispose();
  }
}

/**
 * Mean cross-entropy, in nats, and accuracy of a model.
 *
 * @example const { loss, accuracy } = await evaluate(model, validation);
 */
export async function evaluate(
  model: LayersModel,
  data: LabelledInputs,
  options: { batchSize?: number; engine?: EngineName } = {},
): Promise<{ loss: number; accuracy: number }> {
  const probabilities = await predict(model, data, options);
  let loss = 0;
  let right = 0;
  for (let i = 0; i < data.count; i++) {
    const range = [i * data.classes, (i + 1) * data.classes] as const;
    const p = probabilities.subarray(...range);
    const y = data.y.subarray(...range);
    y.forEach((target, c) => {
      if (target > 0) loss -= target * Math.log(Math.max(p[c]!, 1e-7));
    });
    if (p.indexOf(Math.max(...p)) === y.indexOf(Math.max(...y))) right++;
  }
  return { loss: loss / data.count, accuracy: right / data.count };
}

function batchOf(data: LabelledInputs, chosen: readonly number[]): Batch {
  return {
    count: chosen.length,
    x: gather(data.x, data.x.length / data.count, chosen),
    y: gather(data.y, data.classes, chosen),
    weights: data.weights && gather(data.weights, 1, chosen),
  };
}

function gather(values: Float32Array, width: number, chosen: readonly number[]): Float32Array {
  const out = new Float32Array(chosen.length * width);
  chosen.forEach((index, i) => {
    out.set(values.subarray(index * width, (index + 1) * width), i * width);
  });
  return out;
}
