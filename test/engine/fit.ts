import type { LayersModel } from "@tensorflow/tfjs";
import { random } from "../../lib/base/random.js";
import { createTrainer } from "../../lib/engine/engine.js";
import type { Batch, EngineName, Inputs } from "../../lib/engine/trainer.js";

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
  /** Orders the clips and drops units; default 1. */
  seed?: number;
  /** Default: the best there is. */
  engine?: EngineName;
  /** After each epoch, with the mean training loss. */
  onEpoch?: (epoch: number, loss: number) => void;
}

/** Trains a model in place on softmax cross-entropy, by nothing but a trainer's steps. */
export async function fit(model: LayersModel, data: LabelledInputs, options: FitOptions): Promise<void> {
  const { epochs, batchSize = 32, learningRate = 1e-3, seed = 1, engine } = options;
  const order = random(`${seed}/order`);
  const trainer = await createTrainer(model, {
    optimizer: { name: "adam" },
    seed,
    engine,
    maxBatch: batchSize,
  });
  try {
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const shuffled = order.shuffle(Array.from({ length: data.count }, (_, i) => i));
      let total = 0;
      for (let start = 0; start < Math.max(1, data.count); start += batchSize) {
        const chosen = shuffled.slice(start, start + batchSize);
        total += (await trainer.step(batchOf(data, chosen), learningRate)) * chosen.length;
      }
      await trainer.sync();
      options.onEpoch?.(epoch, total / data.count);
    }
  } finally {
    await trainer.dispose();
  }
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
