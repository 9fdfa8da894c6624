import { UserError } from "../base/errors.js";
import { shown } from "./bytes.js";
import { checkShapes, type Family, type ModelFiles, type Recognised } from "./family.js";
import { hubert, wav2vec2 } from "./wav2vec2.js";
import { whisper } from "./whisper.js";

/** The kinds of encoders that are read. */
export const FAMILIES: readonly Family[] = [whisper, wav2vec2, hubert];

/** "Whisper tiny, base and small; wav2vec 2.0 base" */
export const TITLES = FAMILIES.map(({ title }) => title).join("; ");

/**
 * What a model is and how its tensors are made, their shapes checked.
 *
 * @throws {UserError} for a model that is of no such kind, is not whole, or has other shapes than it says
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
    throw new UserError(`${tensors.path} is CTranslate2's ${tensors.spec}: ${TITLES} are read`);
  const kind = config?.values.model_type;
  throw new UserError(
    typeof kind === "string"
      ? `${config!.path} says that the model is of the kind "${shown(kind)}": ${TITLES} are read`
      : `${config?.path ?? tensors.path} does not say what kind of model it is (model_type): ${TITLES} are read`,
  );
}
