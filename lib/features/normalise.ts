import * as v from "valibot";
import { setDigest } from "../base/hash.js";
import { type Matrix, zeros } from "../base/matrix.js";

/**
 * What the mean and the scale are taken over: all training frames, all frames of the same speaker, the clip's own
 * frames, or nothing. `speaker` needs other clips of a test speaker: it is transductive.
 */
export const NORMALISATIONS = ["global", "speaker", "clip", "none"] as const;
export type Normalisation = (typeof NORMALISATIONS)[number];

const columns = v.array(v.number());

/** Mean and standard deviation per column; plain JSON, stored with the model. */
export const normaliserSchema = v.object({
  kind: v.picklist(NORMALISATIONS),
  /** Of all training frames; empty for `clip` and `none`. */
  mean: columns,
  scale: columns,
  /** For `speaker`: each speaker's own. */
  speakers: v.optional(v.record(v.string(), v.object({ mean: columns, scale: columns }))),
  /** What it was fitted to, where the clips had ids: proof that it saw no others. */
  fitted: v.optional(v.object({ clips: v.number(), digest: v.string() })),
});
export type Normaliser = v.InferOutput<typeof normaliserSchema>;

/**
 * Fits a normaliser to the training part, `z = (x - mean) / sd` per column, sd with divisor n; a column that does
 * not vary has the scale 1. Equal to scikit-learn's `StandardScaler`.
 *
 * @param kind see {@link Normalisation}
 * @param items the training clips' frames, speakers and ids; for `speaker` those of every speaker that will be normalised.
 * Where all have ids, {@link setDigest} of the ids is recorded
 * @throws {RangeError} when there are no frames, or matrices of different widths
 * @example const normaliser = fitNormaliser("global", train.map((i) => ({ matrix: set.matrix(i), speaker: set.clips[i].speaker })));
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
 * Applies a normaliser; the result is a new matrix.
 *
 * @param speaker needed where the normaliser's kind is `speaker`; one it does not know is a `RangeError`
 * @example normalise(normaliser, matrix)
 */
export function normalise(normaliser: Normaliser, matrix: Matrix, speaker?: string): Matrix {
  if (normaliser.kind === "none") return { ...matrix, data: matrix.data.slice() };
  const { mean, scale } = statisticsFor(normaliser, matrix, speaker);
  const { data, rows, cols } = matrix;
  if (mean.length !== cols) throw new RangeError(`fitted to ${mean.length} columns, applied to ${cols}`);
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
 * Mean and spread per column, clip by clip (Chan, Golub and LeVeque 1983): sums of squares of deviations, since
 * the difference of two large sums of squares would lose what a small spread is made of.
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
    if (cols !== this.#mean.length) throw new RangeError(`${cols} columns after ${this.#mean.length}`);
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
    if (this.#count === 0) throw new RangeError("there are no frames to fit a normaliser to");
    const mean = Array.from(this.#mean);
    const scale = Array.from(this.#squares, (squares, col) => {
      const sd = Math.sqrt(squares / this.#count);
      // Below this a spread is rounding of equal values: scikit-learn's bound is of the same kind.
      return sd > 1e-7 * Math.abs(mean[col]!) && sd > 0 ? sd : 1;
    });
    return { mean, scale };
  }
}
