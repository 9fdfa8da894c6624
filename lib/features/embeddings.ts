import { access } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, UserError } from "../base/errors.js";
import type { Matrix } from "../base/matrix.js";
import type { Clip } from "../corpora/clip.js";
import type { FeatureSet } from "./corpus.js";
import { readNpy } from "./npy.js";

/** Features that came from elsewhere: as a {@link FeatureSet}, but without settings. */
export type EmbeddingSet = Omit<FeatureSet, "settings"> & { cols: number };

/**
 * Loads features computed elsewhere (wav2vec 2.0, openSMILE, ...): one `.npy` a clip, frames x columns or a
 * vector, under `FOLDER/<id>.npy`, for example `FOLDER/ravdess/03-01-06-01-02-01-12.npy`. Clips without a
 * readable file are in `broken`.
 *
 * @param folder where the files are
 * @param clips in the order of the result
 * @throws {UserError} when no clip has a file, or the widths differ
 * @example const set = await loadEmbeddings("data/wav2vec", clips);
 */
export async function loadEmbeddings(folder: string, clips: readonly Clip[]): Promise<EmbeddingSet> {
  const read: { clip: Clip; matrix: Matrix }[] = [];
  const broken: EmbeddingSet["broken"] = [];
  for (const clip of clips) {
    try {
      read.push({ clip, matrix: await readNpy(join(folder, `${clip.id}.npy`)) });
    } catch (error) {
      broken.push({ clip, error: messageOf(error) });
    }
  }
  const first = read[0];
  if (!first) throw new UserError(await nothingFound(folder, clips));
  const other = read.find(({ matrix }) => matrix.cols !== first.matrix.cols);
  if (other) {
    const widths = `${first.clip.id} has ${first.matrix.cols} columns, ${other.clip.id} has ${other.matrix.cols}`;
    throw new UserError(`${folder}: the embeddings differ in width: ${widths}`);
  }
  return {
    cols: first.matrix.cols,
    clips: read.map(({ clip }) => clip),
    matrix: (index) => read[index]!.matrix,
    broken,
  };
}

async function nothingFound(folder: string, clips: readonly Clip[]): Promise<string> {
  const exists = await access(folder).then(
    () => true,
    () => false,
  );
  if (!exists) return `${folder}: no such folder; it should hold one .npy file a clip, <corpus>/<clip>.npy`;
  const example = clips[0] ? `, for example ${join(folder, `${clips[0].id}.npy`)}` : "";
  return `${folder}: holds a readable .npy file for none of the ${clips.length} clips${example}`;
}
