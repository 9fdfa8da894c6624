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
 * Creates a trainer of a tf.layers model on the requested engine (`engine`, else the environment variable `SER_ENGINE`), or on
 * the best available one. The model's last layer must output softmax probabilities; the loss is the cross-entropy in nats. If
 * the C core does not support a layer of the model, one line on standard error names it, and stock TensorFlow.js trains.
 *
 * @param loaders for tests
 * @throws {UserError} when the requested engine is not available, or the model has several inputs or outputs, a regularizer or
 *   a constraint; from `step`: when the batch is empty, an input is not finite, a target is not a probability distribution, or
 *   training diverges
 * @example
 * const model = await models["cnn-small"]({ frames: 100, bands: 40, classes: 7, seed: 1 });
 * const trainer = await createTrainer(model, { optimizer: { name: "adam" }, seed: 1, maxBatch: 7 });
 * const rng = random(1);
 * const x = Float32Array.from({ length: 7 * 100 * 40 }, () => rng.normal());
 * const y = Float32Array.from({ length: 7 * 7 }, (_, i) => (i % 8 === 0 ? 1 : 0)); // clip i is of class i
 * for (let i = 0; i < 3; i++) console.log(await trainer.step({ x, y, count: 7 }, 1e-3));
 * await trainer.sync(); // copies the weights into the model
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
    process.stderr.write(`ser: ${error.message}: using tfjs, which is slow\n`);
    return createTfjsTrainer(model, { ...options, engine: "tfjs" });
  }
}

/**
 * Computes a model's outputs: `count * classes` probabilities, clip by clip.
 *
 * @param options clips per batch (default 64) and the engine (default: the best available)
 * @throws {UserError} when an input is not finite or has another shape than the model takes
 * @example
 * const model = await models["cnn-small"]({ frames: 100, bands: 40, classes: 7, seed: 1 });
 * const probabilities = await predict(model, { x: new Float32Array(2 * 100 * 40), shape: [100, 40], count: 2 });
 * probabilities.length; // => 14
 * probabilities.subarray(0, 7).reduce((a, b) => a + b); // => 1
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
