import type { LayersModel } from "@tensorflow/tfjs";
import { startTfjs } from "../../../lib/engine/tfjs.js";

/** A model saved, and loaded as any program that has imported the library does. */
export async function reloaded(model: LayersModel): Promise<LayersModel> {
  const tf = await startTfjs();
  let artifacts: unknown;
  await model.save(
    tf.io.withSaveHandler(async (saved) => {
      artifacts = saved;
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(saved) };
    }),
  );
  return tf.loadLayersModel(tf.io.fromMemory(artifacts as never));
}
