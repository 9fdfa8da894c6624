import type { LayersModel, Tensor } from "@tensorflow/tfjs";
import { UsageError, UserError } from "../base/errors.js";
import { startTfjs } from "../engine/tfjs.js";
import type { TrainingSettings } from "./settings.js";

/** Pretrained weights that a training starts from, instead of random ones. */
export interface Beginning {
  /** SHA-256 of the weights, the `from` of {@link TrainingSettings}. */
  sha256: string;
  /** All weights concatenated, in the order of the network's `weights`. */
  weights: Float32Array;
  /** The classes that they were trained on, in the order of the outputs. */
  classes: readonly string[];
}

/** @throws {UsageError} when the settings name other weights than the given ones, or none */
export function checkBeginning({ from }: TrainingSettings, beginning: Beginning | undefined): void {
  if (from === beginning?.sha256) return;
  const there = beginning ? `those of ${beginning.sha256.slice(0, 12)}` : "none";
  throw new UsageError(
    `the settings start from the weights ${from ?? "that the seed draws"}, but given are ${there}`,
  );
}

/**
 * Gives a network the pretrained weights. The last layer keeps its own weights when the classes differ, or are in another
 * order: it is soon learnt anew.
 *
 * @param network of the same kind and size, with any classes
 * @param classes those of the network
 * @throws {UserError} when the weights are of another network
 */
export async function begin(
  network: LayersModel,
  { sha256, weights, classes: theirs }: Beginning,
  classes: readonly string[],
): Promise<void> {
  const tf = await startTfjs();
  const same = theirs.join("\n") === classes.join("\n");
  const head = new Set(network.layers.at(-1)!.weights.map(({ id }) => id));
  const lengths = network.weights.map(({ id, shape }) => {
    const own = (shape as number[]).reduce((a, b) => a * b, 1);
    return head.has(id) ? (own / classes.length) * theirs.length : own;
  });
  const there = lengths.reduce((a, b) => a + b, 0);
  if (there !== weights.length)
    throw new UserError(
      `the weights ${sha256.slice(0, 12)} are ${weights.length} numbers, but this network has ${there} for ${theirs.length} classes: it is of another kind or size`,
    );
  tf.tidy(() => {
    let at = 0;
    const values = network.weights.map((weight, i): Tensor => {
      at += lengths[i]!;
      if (head.has(weight.id) && !same) return weight.read();
      return tf.tensor(weights.slice(at - lengths[i]!, at), weight.shape as number[]);
    });
    network.setWeights(values);
  });
}
