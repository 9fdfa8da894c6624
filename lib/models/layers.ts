import type { LayersModel, layers, Sequential, SymbolicTensor } from "@tensorflow/tfjs";
import { startTfjs, type tf as Tfjs } from "../engine/tfjs.js";
import type { Size } from "./size.js";

/** What a network of {@link models} is made from. */
export interface ModelOptions {
  /** Number of frames of an input; at least 4. */
  frames: number;
  /** Number of columns of an input: log-mel bands or MFCC, with their deltas. */
  bands: number;
  /** Number of classes. */
  classes: number;
  /** Seed of the initial weights. */
  seed: number;
  /** What differs from the network's default size in {@link SIZES}. */
  size?: Size;
}

/** Applies a layer to one value, or to several, in a graph. */
export function apply(layer: layers.Layer, value: SymbolicTensor | SymbolicTensor[]): SymbolicTensor {
  return layer.apply(value) as SymbolicTensor;
}

/** The head that networks share: a dense layer between two dropouts, and a softmax over the classes. */
export function headLayers(
  tf: typeof Tfjs,
  { classes, seed }: ModelOptions,
  { units, dropout }: { units: number; dropout: number },
): layers.Layer[] {
  const glorot = (index: number) => tf.initializers.glorotUniform({ seed: seed * 100 + index });
  return [
    tf.layers.dropout({ rate: dropout }),
    tf.layers.dense({ units, activation: "relu", kernelInitializer: glorot(90) }),
    tf.layers.dropout({ rate: dropout }),
    tf.layers.dense({ units: classes, activation: "softmax", kernelInitializer: glorot(91) }),
  ];
}

/** Ends a network with {@link headLayers}. */
export async function addHead(
  model: Sequential,
  options: ModelOptions,
  sizes: { units: number; dropout: number },
): Promise<LayersModel> {
  const tf = await startTfjs();
  for (const layer of headLayers(tf, options, sizes)) model.add(layer);
  return model;
}

/**
 * A layer of LSTM cells (Hochreiter and Schmidhuber 1997) that outputs its state at every frame. Differs from tf.layers' defaults:
 * their recurrent activation is a piecewise linear sigmoid, unlike in other libraries, and their recurrent initializer,
 * orthogonal, is slow at this size.
 */
export function lstmLayer(
  tf: typeof Tfjs,
  units: number,
  seed: number,
  inputShape?: [number, number],
): ReturnType<typeof Tfjs.layers.lstm> {
  return tf.layers.lstm({
    units,
    returnSequences: true,
    recurrentActivation: "sigmoid",
    kernelInitializer: tf.initializers.glorotUniform({ seed }),
    recurrentInitializer: tf.initializers.glorotUniform({ seed: seed + 1 }),
    inputShape,
  });
}
