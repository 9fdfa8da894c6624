import { lstat, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { SOUND_ENDINGS, soundNames, unreadHint } from "../audio/endings.js";
import { systemReason, UserError } from "../base/errors.js";
import { type FileBelow, filesBelow } from "../base/folder.js";
import { expandPattern, isPattern } from "../base/glob.js";
import type { Matrix } from "../base/matrix.js";
import { Progress } from "../base/progress.js";
import { byText, plural } from "../base/text.js";
import { extractFiles } from "./batches.js";
import { type FeatureJson, toJson, writeFeatures } from "./export.js";
import { fixedRows, type SoundSettings, timingOf } from "./settings.js";

/** A sound file, and the name of its features: its path within the given folder, without the extension. */
export interface SoundFile {
  path: string;
  name: string;
  /** Given by its own name or a pattern, not by its folder's. */
  named: boolean;
}

/** The sound files of some paths. */
export interface FoundSounds {
  files: SoundFile[];
  /** False only for a single named file. */
  several: boolean;
  /** A message for each path, or folder below one, that gives no sound. */
  missing: string[];
  /** A message for each folder in which sound files are passed over. */
  passedOver: string[];
}

/** How many names of a list are shown. */
const SHOWN = 6;

/**
 * The named files, those that match patterns, and the sound files (by extension) in the named folders at any depth, sorted by name.
 * Hidden files and folders hold no sounds. What is not found does not keep the rest from being found.
 *
 * @throws {UserError} when nothing is found at all
 * @example const { files } = await findSounds(["data/Ravdess", "talks/*.wav"]);
 */
export async function findSounds(paths: readonly string[]): Promise<FoundSounds> {
  const found: FoundSounds = { files: [], several: paths.length > 1, missing: [], passedOver: [] };
  for (const path of paths) {
    const { files, several, missing, passedOver } = await soundsOf(path);
    found.files.push(...files);
    found.several ||= several;
    found.missing.push(...missing);
    found.passedOver.push(...passedOver);
  }
  assertSounds(found);
  return found;
}

/** @throws {UserError} with what is missing, when there are no files at all */
export function assertSounds({
  files,
  missing,
}: Pick<FoundSounds, "missing"> & { files: readonly unknown[] }): void {
  if (files.length === 0) throw new UserError(missing.join("\n     "));
}

/** As {@link findSounds}, of one path; where nothing is found, `missing` says why. */
export async function soundsOf(path: string): Promise<FoundSounds> {
  const found: FoundSounds = { files: [], several: false, missing: [], passedOver: [] };
  const isThere = await lstat(path).then(
    () => true,
    () => false,
  );
  if (isThere || !isPattern(path)) {
    await take(path, found);
    return found;
  }
  found.several = true;
  const matches = await expandPattern(path);
  if (matches.length === 0) found.missing.push(`${path}: no file matches this pattern`);
  for (const match of matches) await take(match, found);
  return found;
}

async function take(path: string, found: FoundSounds): Promise<void> {
  try {
    if (await isFolder(path)) {
      found.several = true;
      await takeFolder(path, found);
    } else found.files.push({ path, name: withoutEnding(basename(path)), named: true });
  } catch (error) {
    found.missing.push(`${path}: ${systemReason(error)}`);
  }
}

/** A link to nowhere is a file that cannot be read: reading it says what to do. */
async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if ((await lstat(path)).isSymbolicLink()) return false;
    throw error;
  }
}

async function takeFolder(folder: string, { files, missing, passedOver }: FoundSounds): Promise<void> {
  const inside = await filesBelow(folder, {
    onProblem: (path, error) => missing.push(`cannot read ${path}: ${systemReason(error)}`),
  });
  inside.sort((a, b) => byText(a.relative, b.relative));
  const { isRead, isOther } = soundNames();
  const sounds = inside.filter(({ path }) => isRead(path));
  files.push(...sounds.map(({ path, relative }) => ({ path, name: withoutEnding(relative), named: false })));
  const others = inside.filter(({ path }) => isOther(path));
  const told = others.length > 0 && othersText(others);
  if (sounds.length > 0) {
    if (told) passedOver.push(`${folder}: ${told}`);
  } else if (told) missing.push(`${folder}: no sound files that can be read; ${told}`);
  else
    missing.push(
      `${folder}: no sound files found (${SOUND_ENDINGS.join(" ")}); name a file or another folder`,
    );
}

function othersText(others: readonly FileBelow[]): string {
  const names = others.slice(0, SHOWN).map(({ relative }) => relative);
  const more = others.length > SHOWN ? ", ..." : "";
  return `${plural(others.length, "file")} of kinds that are not read: ${names.join(", ")}${more}; ${unreadHint(others[0]!.path)}`;
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
  /** A message for each file that could not be read. */
  broken: string[];
  /** How many of these were named, or matched a pattern, and did not come with a folder. */
  brokenNamed: number;
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
  let brokenNamed = 0;
  const shape = new Shape();
  const progress = new Progress("features", files.length);
  const paths = files.map(({ path }) => path);
  for await (const batch of extractFiles(paths, settings, { signal })) {
    for (const result of batch) {
      const { path, name, named } = files[result.index]!;
      if ("error" in result) {
        if (strict) throw new UserError(result.error);
        broken.push(result.error);
        if (named) brokenNamed++;
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
    brokenNamed,
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
