import * as v from "valibot";
import { setDigest } from "../base/hash.js";
import { type Matrix, zeros } from "../base/matrix.js";

/** The values of {@link Normalisation}. */
export const NORMALISATIONS = ["global", "speaker", "clip", "none"] as const;

/**
 * What the mean and the standard deviation are computed over: all training frames (`global`), all frames of the same
 * speaker (`speaker`), the clip's own frames (`clip`), or `none` for no normalisation. `speaker` needs other clips of a
 * test speaker: it is transductive.
 */
export type Normalisation = (typeof NORMALISATIONS)[number];

const columns = v.array(v.number());

/** Mean and standard deviation per column; plain JSON, stored with the model. */
export const normaliserSchema = v.object({
  kind: v.picklist(NORMALISATIONS),
  /** Over all training frames; empty for `clip` and `none`. */
  mean: columns,
  scale: columns,
  /** For `speaker`: the mean and scale of each speaker. */
  speakers: v.optional(v.record(v.string(), v.object({ mean: columns, scale: columns }))),
  /** The clips it was fitted to, if they had ids: evidence that no others were used. */
  fitted: v.optional(v.object({ clips: v.number(), digest: v.string() })),
});

/**
 * A fitted normaliser: the mean and the scale (standard deviation) of each column. Plain JSON; it is stored with the model.
 * `speakers` has the mean and scale of each speaker (kind `speaker`), `fitted` the number and digest of the training clips.
 */
export type Normaliser = v.InferOutput<typeof normaliserSchema>;

/**
 * Fits a normaliser to the training clips, `z = (x - mean) / sd` per column, sd with divisor n; a constant column gets
 * the scale 1. Equal to scikit-learn's `StandardScaler`.
 *
 * @param kind see {@link Normalisation}
 * @param items the training clips: frames, speaker and id. For `speaker`, include every speaker that will be normalised.
 *   If all clips have ids, a digest of the ids is recorded in `fitted`
 * @throws {RangeError} when there are no frames, or the matrices differ in their number of columns
 * @example
 * const items = [
 *   { matrix: fromRows([[0, 5], [4, 5]]), speaker: "DC" },
 *   { matrix: fromRows([[8, 5]]), speaker: "JE" },
 * ];
 * fitNormaliser("global", items).mean; // => [4, 5]
 * fitNormaliser("global", items).scale; // => [Math.sqrt(32 / 3), 1]
 */
export function fitNormaliser(
  kind: Normalisation,
  items: Iterable<{ matrix: Matrix; speaker: string; id?: string }>,
): Normaliser {
  if (kind === "clip" || kind === "none") return { kind, mean: [], scale: [] };
  const all = new Moments();
  const speakers = new Map<string, Moments>();
  const ids: (string | undefined)[] = [];
  for (const { matrix, speaker, id } of items) {
    all.add(matrix);
    ids.push(id);
    if (kind === "global") continue;
    const own = speakers.get(speaker) ?? new Moments();
    speakers.set(speaker, own);
    own.add(matrix);
  }
  const fitted = fittedTo(ids);
  if (kind === "global") return { kind, ...all.result(), ...fitted };
  const each = [...speakers].map(([speaker, moments]) => [speaker, moments.result()] as const);
  return { kind, ...all.result(), speakers: Object.fromEntries(each), ...fitted };
}

function fittedTo(ids: readonly (string | undefined)[]): Pick<Normaliser, "fitted"> {
  const known = ids.flatMap((id) => id ?? []);
  return known.length < ids.length ? {} : { fitted: { clips: ids.length, digest: setDigest(known) } };
}

/**
 * Applies a normaliser, `(x - mean) / scale` per column.
 *
 * @param matrix frames x columns; not modified
 * @param speaker required when the kind of the normaliser is `speaker`
 * @returns a new matrix
 * @throws {RangeError} when the normaliser was not fitted to the speaker, or to another number of columns
 * @example
 * const frames = fromRows([[0], [4]]);
 * const normaliser = fitNormaliser("global", [{ matrix: frames, speaker: "DC" }]);
 * toRows(normalise(normaliser, frames)); // => [[-1], [1]]
 */
export function normalise(normaliser: Normaliser, matrix: Matrix, speaker?: string): Matrix {
  if (normaliser.kind === "none") return { ...matrix, data: matrix.data.slice() };
  const { mean, scale } = statisticsFor(normaliser, matrix, speaker);
  const { data, rows, cols } = matrix;
  if (mean.length !== cols)
    throw new RangeError(`the normaliser was fitted to ${mean.length} columns, not ${cols}`);
  const out = zeros(rows, cols);
  for (let t = 0, i = 0; t < rows; t++) {
    for (let col = 0; col < cols; col++, i++) out.data[i] = (data[i]! - mean[col]!) / scale[col]!;
  }
  return out;
}

function statisticsFor(normaliser: Normaliser, matrix: Matrix, speaker?: string) {
  if (normaliser.kind === "global") return normaliser;
  if (normaliser.kind === "speaker") {
    const own = speaker === undefined ? undefined : normaliser.speakers?.[speaker];
    if (!own) throw new RangeError(`the normaliser was not fitted to the speaker ${speaker}`);
    return own;
  }
  const moments = new Moments();
  moments.add(matrix);
  return moments.result();
}

/**
 * Mean and standard deviation per column, updated clip by clip (Chan, Golub and LeVeque 1983) from sums of squared
 * deviations: the difference of two large sums of squares would lose a small standard deviation.
 */
class Moments {
  #count = 0;
  #mean = new Float64Array(0);
  #squares = new Float64Array(0);

  add({ data, rows, cols }: Matrix): void {
    if (this.#count === 0) {
      this.#mean = new Float64Array(cols);
      this.#squares = new Float64Array(cols);
    }
    if (cols !== this.#mean.length)
      throw new RangeError(`a matrix has ${cols} columns, the ones before ${this.#mean.length}`);
    if (rows === 0) return;
    const mean = new Float64Array(cols);
    for (let t = 0, i = 0; t < rows; t++) for (let col = 0; col < cols; col++, i++) mean[col]! += data[i]!;
    for (let col = 0; col < cols; col++) mean[col]! /= rows;
    const squares = new Float64Array(cols);
    for (let t = 0, i = 0; t < rows; t++)
      for (let col = 0; col < cols; col++, i++) squares[col]! += (data[i]! - mean[col]!) ** 2;
    const count = this.#count + rows;
    for (let col = 0; col < cols; col++) {
      const shift = mean[col]! - this.#mean[col]!;
      this.#squares[col]! += squares[col]! + (shift * shift * this.#count * rows) / count;
      this.#mean[col]! += (shift * rows) / count;
    }
    this.#count = count;
  }

  result(): { mean: number[]; scale: number[] } {
    if (this.#count === 0) throw new RangeError("a normaliser cannot be fitted to no frames");
    const mean = Array.from(this.#mean);
    const scale = Array.from(this.#squares, (squares, col) => {
      const sd = Math.sqrt(squares / this.#count);
      // A smaller standard deviation is rounding error of equal values; scikit-learn has a similar bound.
      return sd > 1e-7 * Math.abs(mean[col]!) && sd > 0 ? sd : 1;
    });
    return { mean, scale };
  }
}
