import type { io, LayersModel } from "@tensorflow/tfjs";
import { messageOf, UserError } from "../base/errors.js";
import { createTrainer } from "../engine/engine.js";
import { startTfjs } from "../engine/tfjs.js";
import { type Classifier, coreClassifier, predictionCore, programOf } from "./program.js";

/** Reads a model in TensorFlow.js's format, as `saveModel` writes it. */
export async function readLayers(
  folder: string,
  topology: io.ModelJSON,
  weights: Uint8Array,
): Promise<LayersModel> {
  const tf = await startTfjs();
  try {
    return await tf.loadLayersModel(
      tf.io.fromMemory({
        modelTopology: topology.modelTopology,
        weightSpecs: topology.weightsManifest[0]!.weights,
        weightData: Uint8Array.from(weights).buffer,
      }),
    );
  } catch (error) {
    throw new UserError(`cannot load the model in ${folder}: ${messageOf(error)}`, { cause: error });
  }
}

/** A classifier without a saved program: compiles the model, or runs it on TensorFlow.js where the core lacks a layer. */
export async function layersClassifier(
  model: LayersModel,
  weights: Float32Array,
  shape: readonly number[],
): Promise<Classifier> {
  const core = predictionCore();
  const program = core && programOf(model);
  if (core && program) return coreClassifier(core, program, weights);
  const trainer = await createTrainer(model, { optimizer: { name: "adam" }, seed: 1, maxBatch: 1 });
  return (x, count) => trainer.predict({ x, shape: [...shape], count });
}
