import type { LayersModel } from "@tensorflow/tfjs";
import { UsageError } from "../base/errors.js";
import { readEncoder } from "../encoders/store.js";
import { startTfjs } from "../engine/tfjs.js";
import type { EncoderSettings } from "../features/settings.js";
import { blockShape } from "../models/top-blocks.js";

/**
 * Gives the blocks of a `top-blocks` network the weights of the encoder's blocks above the layer of its features.
 *
 * @throws {UserError} when the encoder is not installed
 * @throws {UsageError} for an encoder with blocks of another kind
 */
export async function beginWithBlocks(
  network: LayersModel,
  { encoder, layer }: EncoderSettings,
): Promise<void> {
  const { info, tensors } = await readEncoder(encoder);
  if (info.family !== "whisper")
    throw new UsageError(
      `top-blocks trains blocks of Whisper, but ${info.name} is ${info.family}: use another model`,
    );
  const { heads, hidden } = blockShape(info.width);
  if (heads !== info.heads || hidden !== info.hidden)
    throw new UsageError(
      `top-blocks trains blocks of the published sizes, but ${info.name} has ${info.heads} heads and ${info.hidden} hidden units: use another model`,
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
