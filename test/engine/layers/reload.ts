import type { LayersModel } from "@tensorflow/tfjs";
import { startTfjs } from "../../../lib/engine/tfjs.js";

/** Of a saved model, as any program that has imported the library loads it. */
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
