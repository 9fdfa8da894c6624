import { UserError } from "../base/errors.js";
import { shown } from "./bytes.js";
import { checkShapes, type Family, type ModelFiles, type Recognised } from "./family.js";
import { hubert, wav2vec2 } from "./wav2vec2.js";
import { whisper } from "./whisper.js";

/** The supported families of encoders. */
export const FAMILIES: readonly Family[] = [whisper, wav2vec2, hubert];

/** "Whisper tiny, base and small; wav2vec 2.0 base" */
export const TITLES = FAMILIES.map(({ title }) => title).join("; ");

/**
 * Recognises a model's family and sizes, how its tensors are made, and checks their shapes.
 *
 * @throws {UserError} for an unsupported or incomplete model, or one whose shapes contradict its configuration
 */
export async function recognise(files: ModelFiles): Promise<Recognised> {
  for (const family of FAMILIES) {
    const found = await family.recognise(files);
    if (!found) continue;
    checkShapes(found.recipes, files.tensors);
    return found;
  }
  const { tensors, config } = files;
  if (tensors.format === "CTranslate2")
    throw new UserError(`${tensors.path} is CTranslate2's ${tensors.spec}; supported are ${TITLES}`);
  const kind = config?.values.model_type;
  throw new UserError(
    typeof kind === "string"
      ? `${config!.path} has the model_type "${shown(kind)}"; supported are ${TITLES}`
      : `${config?.path ?? tensors.path} has no model_type; supported are ${TITLES}`,
  );
}
