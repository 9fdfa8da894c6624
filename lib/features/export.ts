import { writeAtomic } from "../base/atomic.js";
import { UsageError } from "../base/errors.js";
import { type Matrix, row, toRows } from "../base/matrix.js";
import { writeNpy } from "./npy.js";
import { columnsOf, type EncoderSettings, fixedRows, type SoundSettings, timingOf } from "./settings.js";

/** A clip's features as `ser features --json` prints them. */
export interface FeatureJson {
  kind: SoundSettings["kind"];
  /** Hz. */
  sampleRate: number;
  /** Frames. */
  rows: number;
  cols: number;
  /** The columns of every frame. */
  data: number[][];
}

export function toJson(matrix: Matrix, settings: SoundSettings): FeatureJson {
  const { kind } = settings;
  const { sampleRate } = timingOf(settings);
  const data = toRows(matrix).map((values) => values.map(shortest));
  return { kind, sampleRate, rows: matrix.rows, cols: matrix.cols, data };
}

/** The number rounded to nine digits: enough to restore the single-precision value. */
function shortest(value: number): number {
  return Number(value.toPrecision(9));
}

/** The names of the columns: `logmel_0`, ..., then `delta_logmel_0`, ..., `delta2_logmel_0`, ... */
export function columnNames(settings: SoundSettings): string[] {
  if (settings.kind === "encoder") return encoderNames(settings);
  const own = columnsOf({ ...settings, deltas: 0 });
  const prefixes = ["", "delta_", "delta2_"].slice(0, 1 + settings.deltas);
  return prefixes.flatMap((prefix) =>
    Array.from({ length: own }, (_, i) => `${prefix}${settings.kind}_${i}`),
  );
}

/** `encoder_0`, ..., or for statistics `mean_encoder_0`, ..., then `sd_encoder_0`, ... */
function encoderNames({ width, pooling }: EncoderSettings): string[] {
  const prefixes = pooling === "statistics" ? ["mean_", "sd_"] : [""];
  return prefixes.flatMap((prefix) => Array.from({ length: width }, (_, i) => `${prefix}encoder_${i}`));
}

/** CSV: the time of every frame in seconds (for statistics, the number of the row), then its columns. */
export function toCsv(matrix: Matrix, settings: SoundSettings): string {
  const { sampleRate, hopLength } = timingOf(settings);
  const fixed = fixedRows(settings) !== undefined;
  const lines = Array.from({ length: matrix.rows }, (_, t) => {
    const place = fixed ? t : Number(((t * hopLength) / sampleRate).toFixed(6));
    return [place, ...Array.from(row(matrix, t), shortest)].join(",");
  });
  return `${[fixed ? "row" : "time", ...columnNames(settings)].join(",")}\n${lines.map((line) => `${line}\n`).join("")}`;
}

/** The file formats of `writeFeatures`. */
const EXPORTS = [".npy", ".csv", ".json"] as const;

/**
 * Writes a clip's features as `.npy` (float32, frames x columns), `.csv` or `.json`, by the extension of the path.
 *
 * @throws {UsageError} for another extension
 * @example await writeFeatures("clip.npy", matrix, settings);
 */
export async function writeFeatures(path: string, matrix: Matrix, settings: SoundSettings): Promise<void> {
  if (path.endsWith(".npy")) return writeNpy(path, matrix);
  if (path.endsWith(".csv")) return writeAtomic(path, toCsv(matrix, settings));
  if (path.endsWith(".json")) return writeAtomic(path, `${JSON.stringify(toJson(matrix, settings))}\n`);
  throw otherEnding(path);
}

/** @throws {UsageError} for a path whose extension {@link writeFeatures} does not know */
export function assertExport(path: string): void {
  if (!EXPORTS.some((ending) => path.endsWith(ending))) throw otherEnding(path);
}

function otherEnding(path: string): UsageError {
  return new UsageError(`${path}: features are written as ${EXPORTS.join(", ")}`);
}
