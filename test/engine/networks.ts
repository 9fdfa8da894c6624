import type { LayersModel, layers, SymbolicTensor } from "@tensorflow/tfjs";
import { random } from "../../lib/base/random.js";
import { startTfjs } from "../../lib/engine/tfjs.js";
import type { Batch } from "../../lib/engine/trainer.js";

/** Layers between an input of [frames, width] and the classes, as a functional model would apply them. */
export type Body = (input: SymbolicTensor, tf: Awaited<ReturnType<typeof startTfjs>>) => SymbolicTensor;

/** Applies layers one after another. */
export function chain(input: SymbolicTensor, ...all: readonly layers.Layer[]): SymbolicTensor {
  return all.reduce((value, layer) => layer.apply(value) as SymbolicTensor, input);
}

/** A model with a flattened body and a softmax head, whose weights, also biases and gammas, are all seeded noise. */
export async function network(
  body: Body,
  inputShape: readonly (number | null)[],
  classes = 3,
  seed = 1,
): Promise<LayersModel> {
  const tf = await startTfjs();
  const input = tf.input({ shape: [...inputShape] });
  let value = body(input, tf);
  if (value.shape.length > 2) value = tf.layers.flatten().apply(value) as SymbolicTensor;
  const outputs = tf.layers.dense({ units: classes, activation: "softmax" }).apply(value) as SymbolicTensor;
  const model = tf.model({ inputs: input, outputs });
  randomise(model, tf, seed);
  return model;
}

/** Seeded noise in place of the initial weights, which may be zeros; the larger the kernel, the smaller. */
export function randomise(model: LayersModel, tf: Awaited<ReturnType<typeof startTfjs>>, seed: number): void {
  const rng = random(`${seed}/weights`);
  for (const weight of model.weights) {
    const shape = weight.shape as number[];
    const size = shape.reduce((a, b) => a * b, 1);
    const fanIn = shape.length > 1 ? size / shape.at(-1)! : 4;
    const positive = /gamma|variance/.test(weight.name);
    const draw = () => (positive ? rng.uniform(0.5, 1.5) : rng.normal(0, 1 / Math.sqrt(fanIn)));
    tf.tidy(() => {
      weight.write(tf.tensor(Float32Array.from({ length: size }, draw), shape));
    });
  }
}

/** Seeded inputs, soft targets and clip weights. */
export function randomBatch(count: number, inputSize: number, classes = 3, seed = 1): Batch {
  const rng = random(`${seed}/batch`);
  const x = Float32Array.from({ length: count * inputSize }, () => rng.normal());
  const y = new Float32Array(count * classes);
  for (let i = 0; i < count; i++) {
    const share = rng.uniform(0.6, 1);
    const target = rng.int(classes);
    for (let c = 0; c < classes; c++) y[i * classes + c] = c === target ? share : (1 - share) / (classes - 1);
  }
  const weights = Float32Array.from({ length: count }, () => rng.uniform(0.5, 2));
  return { x, y, weights, count };
}

/** The same network, narrower by a divisor and without dropout, with seeded noise as weights. */
export async function narrowed(model: LayersModel, divisor: number, seed = 1): Promise<LayersModel> {
  const tf = await startTfjs();
  const topology = JSON.parse(JSON.stringify(model.toJSON(undefined, false))) as object;
  narrow(topology);
  const narrower = (await tf.models.modelFromJSON({ modelTopology: topology as never })) as LayersModel;
  randomise(narrower, tf, seed);
  return narrower;

  function narrow(value: object): void {
    for (const [key, inner] of Object.entries(value)) {
      const settings = value as Record<string, unknown>;
      // The channels after a convolution are fewer, and so is what a Reshape folds them into.
      if (/^target_?shape$/i.test(key) && inner.length === 2 && inner[1] % divisor === 0)
        settings[key] = [inner[0], inner[1] / divisor];
      else if (inner && typeof inner === "object") narrow(inner);
      else if (key === "rate") settings.rate = 0;
      else if ((key === "filters" || key === "units") && settings.activation !== "softmax") {
        settings[key] = Math.max(1, Math.ceil((inner as number) / divisor));
      }
    }
  }
}
