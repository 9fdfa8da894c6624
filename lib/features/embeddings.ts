import { access } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, UserError } from "../base/errors.js";
import type { Matrix } from "../base/matrix.js";
import type { Clip } from "../corpora/clip.js";
import type { FeatureSet } from "./corpus.js";
import { readNpy } from "./npy.js";

/** Features computed by another program: a {@link FeatureSet} without settings, with the number of columns. */
export type EmbeddingSet = Omit<FeatureSet, "settings"> & { cols: number };

/**
 * Loads features computed by another program (wav2vec 2.0, openSMILE, ...): one `.npy` file per clip, frames x columns or
 * a vector, float32 or float64, at `FOLDER/<id>.npy`, for example `FOLDER/ravdess/03-01-06-01-02-01-12.npy`. Clips without
 * a readable file are listed in `broken`.
 *
 * @param folder the folder of the files
 * @param clips the result has the same order
 * @throws {UserError} when no clip has a readable file, or the numbers of columns differ
 * @example
 * // In Python: numpy.save("wav2vec/savee/DC_a01.npy", numpy.float32([[1, 2, 3], [4, 5, 6]]))
 * import { mkdirSync } from "node:fs";
 * import { writeFileSync } from "node:fs";
 * const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".padEnd(117);
 * mkdirSync("wav2vec/savee", { recursive: true });
 * writeFileSync("wav2vec/savee/DC_a01.npy", Buffer.from(`\x93NUMPY\x01\0v\0${header}\n`, "latin1"));
 * writeFileSync("wav2vec/savee/DC_a01.npy", Float32Array.of(1, 2, 3, 4, 5, 6), { flag: "a" });
 * const [clip] = await loadClips("data", { names: ["savee"] });
 * const embeddings = await loadEmbeddings("wav2vec", [clip]);
 * toRows(embeddings.matrix(0)); // => [[1, 2, 3], [4, 5, 6]]
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
    throw new UserError(`${folder}: the embeddings differ in their number of columns: ${widths}`);
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
  if (!exists) return `${folder}: no such folder; it should hold one .npy file per clip, <corpus>/<clip>.npy`;
  const example = clips[0] ? `, for example ${join(folder, `${clips[0].id}.npy`)}` : "";
  return `${folder}: no readable .npy file for any of the ${clips.length} clips${example}`;
}
