import type { LayersModel, layers, Tensor } from "@tensorflow/tfjs";
import { messageOf, UserError } from "../base/errors.js";
import { canonicalJson, sha256 } from "../base/hash.js";
import { startTfjs } from "../engine/tfjs.js";
import type { ModelOptions } from "./layers.js";
import { isOwn, type ModelName } from "./names.js";

/**
 * Makes a network of one's own.
 *
 * @param shape the frames and bands of an input, the number of classes, and the seed of the run
 * @returns a tf.layers model from `[frames, bands]` to softmax probabilities of the classes
 */
export type BuildNetwork = (shape: Omit<ModelOptions, "size">) => LayersModel;

/** Networks that a script gives, by their names without `own:`. */
export type OwnNetworks = Readonly<Record<string, BuildNetwork>>;

/** How a network that a script gives is made; `undefined` for one of the workbench, or that no script defines. */
export function builderOf(model: ModelName, networks: OwnNetworks = {}): BuildNetwork | undefined {
  return isOwn(model) ? networks[model.slice("own:".length)] : undefined;
}

/**
 * Makes a network by a function of a script.
 *
 * @throws {UserError} naming the network, if the function fails, gives no network, or one that does not end in softmax
 */
export function buildOwn(
  model: ModelName,
  build: BuildNetwork,
  shape: Parameters<BuildNetwork>[0],
): LayersModel {
  let network: LayersModel | undefined;
  try {
    network = build(shape);
  } catch (error) {
    throw new UserError(`the function of the network ${model} failed: ${messageOf(error)}`, { cause: error });
  }
  if (!network?.layers || typeof network.toJSON !== "function")
    throw new UserError(`the function of the network ${model} returns no tf.layers model`);
  // Layers of a network that was disposed of; TensorFlow.js has no public word for it.
  if (network.layers.some((layer) => (layer as unknown as { _refCount?: number })._refCount === 0))
    throw new UserError(
      `the network ${model} has layers of an earlier one: make its layers inside the function, which is called for every run`,
    );
  const last = network.layers.at(-1) as unknown as { activation?: { getClassName(): string } };
  const activation = last.activation?.getClassName();
  if (activation !== undefined && activation !== "softmax")
    throw new UserError(
      `the network ${model} ends in ${activation}: its last layer must give softmax probabilities (activation: "softmax")`,
    );
  return network;
}

/** SHA-256 of what a network is made of, whatever its layers are called: TensorFlow.js numbers them as they come. */
export function topologyDigest(network: LayersModel): string {
  const topology: unknown = network.toJSON(null, false);
  const places = new Map<string, string>();
  walk(topology, (key, value) => {
    if (key === "name" && !places.has(value)) places.set(value, `#${places.size}`);
  });
  return sha256(canonicalJson(renamed(topology, places)));
}

function walk(value: unknown, see: (key: string, text: string) => void, key = ""): void {
  if (typeof value === "string") see(key, value);
  else if (value !== null && typeof value === "object")
    for (const [inner, one] of Object.entries(value)) walk(one, see, inner);
}

function renamed(value: unknown, places: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return places.get(value) ?? value;
  if (Array.isArray(value)) return value.map((one) => renamed(one, places));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, renamed(one, places)]));
}

/** The initializer of each kind of weight, by the end of the weight's name. */
const INITIALIZERS: Record<string, string> = {
  kernel: "kernelInitializer",
  recurrent_kernel: "recurrentInitializer",
  depthwise_kernel: "depthwiseInitializer",
  pointwise_kernel: "pointwiseInitializer",
  embeddings: "embeddingsInitializer",
};

/** What may be within a layer: the cell of a recurrent one, the directions of a bidirectional one. */
const INNER = ["cell", "cells", "forwardLayer", "backwardLayer", "layer"];

type Initializer = { seed?: number; apply(shape: number[], dtype: string): unknown };
type Inside = layers.Layer & Record<string, Initializer | layers.Layer | undefined>;

/**
 * Draws those weights anew whose initializers have no seed, so that the same run has the same weights at the beginning.
 * Initializers with a seed keep to it.
 */
export async function seedWeights(network: LayersModel, seed: number): Promise<void> {
  const tf = await startTfjs();
  let place = 0;
  for (const layer of network.layers.flatMap((one) => insides(one as Inside))) {
    for (const weight of layer.trainableWeights) {
      place++;
      const name = weight.originalName.split("/").at(-1)!;
      const initializer = layer[INITIALIZERS[name] ?? ""] as Initializer | undefined;
      if (!initializer || !("seed" in initializer) || Number.isInteger(initializer.seed)) continue;
      initializer.seed = 1 + ((seed * 7919 + place) % 2 ** 31);
      tf.tidy(() => {
        weight.write(initializer.apply(weight.shape as number[], weight.dtype) as Tensor);
      });
      initializer.seed = undefined;
    }
  }
}

/** A layer, or what has its weights. */
function insides(layer: Inside): Inside[] {
  const inner = INNER.flatMap((key) => (layer[key] ? [layer[key] as Inside | Inside[]].flat() : []));
  return inner.length > 0 ? inner.flatMap(insides) : [layer];
}
