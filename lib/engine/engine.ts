import type { LayersModel } from "@tensorflow/tfjs";
import { checked } from "./check.js";
import { UnknownLayer } from "./compile.js";
import { createCoreTrainer } from "./core-trainer.js";
import { type ChosenEngine, chooseEngine, type EngineLoaders } from "./detect.js";
import { refuseRegularizers } from "./graph.js";
import { createTfjsTrainer } from "./tfjs-trainer.js";
import type { EngineName, Inputs, Trainer, TrainerOptions } from "./trainer.js";

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
