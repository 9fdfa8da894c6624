import { readdir, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { isSoundName, SOUND_ENDINGS } from "../audio/endings.js";
import { systemReason, UserError } from "../base/errors.js";
import type { Matrix } from "../base/matrix.js";
import { Progress } from "../base/progress.js";
import { plural } from "../base/text.js";
import { extractFiles } from "./batches.js";
import { type FeatureJson, toJson, writeFeatures } from "./export.js";
import { fixedRows, type SoundSettings, timingOf } from "./settings.js";

/** A sound file, and the name of its features: its path within the given folder, without the extension. */
export interface SoundFile {
  path: string;
  name: string;
}

/**
 * The named files, and the sound files (by extension) in the named folders at any depth, sorted by name.
 *
 * @returns `several` is false only for a single named file
 * @throws {UserError} when a path is not found, or a folder has no sound files
 * @example const { files } = await findSounds(["data/Ravdess"]);
 */
export async function findSounds(
  paths: readonly string[],
): Promise<{ files: SoundFile[]; several: boolean }> {
  const files: SoundFile[] = [];
  let folders = 0;
  for (const path of paths) {
    const status = await stat(path).catch((error) => {
      throw new UserError(`${path}: ${systemReason(error)}`, { cause: error });
    });
    if (!status.isDirectory()) {
      files.push({ path, name: withoutEnding(basename(path)) });
      continue;
    }
    folders++;
    const listed = await readdir(path, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
      throw new UserError(`cannot read ${error.path ?? path}: ${systemReason(error)}`, { cause: error });
    });
    const inside = listed.filter(isSoundName).sort();
    if (inside.length === 0)
      throw new UserError(
        `${path}: no sound files found (${SOUND_ENDINGS.join(" ")}); name a file or another folder`,
      );
    files.push(...inside.map((name) => ({ path: join(path, name), name: withoutEnding(name) })));
  }
  return { files, several: folders > 0 || files.length > 1 };
}

function withoutEnding(name: string): string {
  return name.slice(0, name.length - extname(name).length);
}

export interface SoundOptions {
  /** Output path of the features: a file, or with `folder` a folder. */
  out?: string;
  /** Format of the files in the folder `out`. */
  folder?: "npy" | "csv" | "json";
  /** Return all features in `json`. */
  keep?: boolean;
  strict?: boolean;
  signal?: AbortSignal;
}

export interface SoundOutcome {
  /** Files whose features were computed. */
  count: number;
  json: (FeatureJson & { path: string })[];
  /** A line for the terminal. */
  summary: string;
  broken: string[];
}

/**
 * Computes the features of files on all cores, and writes them as they are finished.
 *
 * @throws {UserError} with `strict`, naming the first file that cannot be read; when a result cannot be written, or two would
 *   be written to the same file
 */
export async function extractSounds(
  files: readonly SoundFile[],
  settings: SoundSettings,
  options: SoundOptions = {},
): Promise<SoundOutcome> {
  const { out, folder, keep, strict, signal } = options;
  if (out && folder) refuseClashes(files);
  const results = new Map<number, FeatureJson & { path: string }>();
  const broken: string[] = [];
  const shape = new Shape();
  const progress = new Progress("features", files.length);
  const paths = files.map(({ path }) => path);
  for await (const batch of extractFiles(paths, settings, { signal })) {
    for (const result of batch) {
      const { path, name } = files[result.index]!;
      if ("error" in result) {
        if (strict) throw new UserError(result.error);
        broken.push(result.error);
        continue;
      }
      shape.add(result.matrix);
      if (out) await writeFeatures(folder ? join(out, `${name}.${folder}`) : out, result.matrix, settings);
      if (keep) results.set(result.index, { path, ...toJson(result.matrix, settings) });
    }
    progress.step(batch.length);
  }
  progress.done();
  const json = [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
  return {
    count: shape.files,
    json,
    summary: `${shape.text(settings)}${out && shape.files > 0 ? `, written to ${out}` : ""}`,
    broken,
  };
}

/** Inputs of the same name in different folders would overwrite each other. */
function refuseClashes(files: readonly SoundFile[]): void {
  const seen = new Map<string, string>();
  for (const { path, name } of files) {
    const other = seen.get(name);
    if (other)
      throw new UserError(
        `${other} and ${path} would be written to the same file; take one folder at a time`,
      );
    seen.set(name, path);
  }
}

/** Size and range of the features of all files. */
class Shape {
  files = 0;
  #frames = 0;
  #cols = 0;
  #low = Number.POSITIVE_INFINITY;
  #high = Number.NEGATIVE_INFINITY;

  add({ data, rows, cols }: Matrix): void {
    this.files++;
    this.#frames += rows;
    this.#cols = cols;
    for (const value of data) {
      if (value < this.#low) this.#low = value;
      if (value > this.#high) this.#high = value;
    }
  }

  text(settings: SoundSettings): string {
    const { kind } = settings;
    const { sampleRate, hopLength } = timingOf(settings);
    if (this.files === 0) return "no features: no file could be read";
    const files = this.files === 1 ? "" : `${this.files} files, `;
    const range = `${this.#low.toPrecision(4)} to ${this.#high.toPrecision(4)}`;
    const step = ((1000 * hopLength) / sampleRate).toFixed(2);
    if (fixedRows(settings) !== undefined)
      return `${kind}: ${files}${plural(this.#frames, "row")} of statistics x ${this.#cols} columns at ${sampleRate} Hz, from ${range}`;
    return `${kind}: ${files}${this.#frames} frames x ${this.#cols} columns at ${sampleRate} Hz, one every ${step} ms, from ${range}`;
  }
}
