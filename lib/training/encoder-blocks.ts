import type { LayersModel } from "@tensorflow/tfjs";
import { UsageError } from "../base/errors.js";
import { readEncoder } from "../encoders/store.js";
import { startTfjs } from "../engine/tfjs.js";
import type { EncoderSettings } from "../features/settings.js";
import { blockShape } from "../models/top-blocks.js";

/**
 * Gives the blocks of a network of the model `top-blocks` the weights of the encoder's blocks above the layer that its features
 * are of.
 *
 * @throws {UserError} when the encoder is not on this machine
 * @throws {UsageError} for an encoder whose blocks are of another kind
 */
export async function beginWithBlocks(
  network: LayersModel,
  { encoder, layer }: EncoderSettings,
): Promise<void> {
  const { info, tensors } = await readEncoder(encoder);
  if (info.family !== "whisper")
    throw new UsageError(
      `top-blocks trains blocks of Whisper, and ${info.name} is ${info.family}: take another model`,
    );
  const { heads, hidden } = blockShape(info.width);
  if (heads !== info.heads || hidden !== info.hidden)
    throw new UsageError(
      `top-blocks trains blocks of the published sizes, and ${info.name} has ${info.heads} heads and ${info.hidden} units within: take another model`,
    );
  const tf = await startTfjs();
  tf.tidy(() => {
    const values = network.weights.map((weight) => {
      const [, index, part] = /^block(\d+)\.(.*)$/.exec(weight.originalName) ?? [];
      if (index === undefined) return weight.read();
      const { data, shape } = tensors.get(`block${Number(index) + (layer as number)}.${part}`)!;
      return tf.tensor(data, shape);
    });
    network.setWeights(values);
  });
}
