import { join, resolve } from "node:path";
import { fragmentOf } from "../audio/segment.js";
import { cacheFolder } from "../base/cache-folder.js";
import { Interrupted, UserError } from "../base/errors.js";
import type { Matrix } from "../base/matrix.js";
import { Progress } from "../base/progress.js";
import { isInstalled, projectRoot } from "../base/root.js";
import type { Clip } from "../corpora/clip.js";
import { chooseEngine } from "../engine/detect.js";
import { extractFiles, type FileResult } from "./batches.js";
import { FeatureCache } from "./cache.js";
import { layerOf, madeWith } from "./encoder-layers.js";
import { FileHashes } from "./hashes.js";
import type { FeatureSettings, SoundSettings, TableSettings } from "./settings.js";
import { rowsOfClips } from "./table-clips.js";
import { openTable } from "./table-settings.js";

/** The features of many clips. */
export interface FeatureSet<Settings extends FeatureSettings = FeatureSettings> {
  /** What the features were computed with. */
  settings: Settings;
  /** The clips that could be read, in the given order. */
  clips: Clip[];
  /** The features of `clips[index]`, frames x columns. Not a copy, except for encoder frames, which are read from disk each time. */
  matrix(index: number): Matrix;
  /** The clips that could not be read, with the reason. */
  broken: { clip: Clip; error: string }[];
  /** SHA-256 of the decoded samples of each clip, by its id; absent for features that were loaded without audio. */
  samples?: ReadonlyMap<string, string>;
  /** Remarks on how the features were obtained, such as unused columns of a table; one line each. */
  notes?: readonly string[];
}

/** Options of {@link extractClips} and {@link sampleHashes}. */
export interface ExtractOptions {
  /**
   * Cache folder; `null` for no cache. Default: the environment variable `SER_CACHE`, else `data/.cache/features` in a
   * checkout, or `speech-emotion-workbench/features` in the user's cache folder when the package was installed by npm.
   */
  cache?: string | null;
  /** Threads; default: one per core. */
  threads?: number;
  /** Throw at the first clip that cannot be read; default false: it is listed in `broken`. */
  strict?: boolean;
  /** Stops between batches; finished clips stay in the cache. */
  signal?: AbortSignal;
  /** No progress bar. */
  quiet?: boolean;
}

/**
 * Extracts the features of clips on all cores. Features are read from the cache when the content of the file, the
 * settings and the code are unchanged.
 *
 * @param clips the result has the same order
 * @param settings see {@link FeatureSettings}
 * @param options see {@link ExtractOptions}
 * @throws {UserError} with `strict`, naming the first clip that cannot be read
 * @throws {UserError} when a table of features lacks a clip, naming it
 * @throws {Interrupted} when `options.signal` is aborted
 * @example
 * const clips = await loadClips("data", { names: ["savee"] });
 * const features = await extractClips(clips.slice(0, 8), featureSettings({ kind: "mfcc" }), { quiet: true });
 * features.clips.length; // => 8
 * features.matrix(0).cols; // => 40
 */
export async function extractClips<Settings extends FeatureSettings>(
  clips: readonly Clip[],
  settings: Settings,
  options: ExtractOptions = {},
): Promise<FeatureSet<Settings>> {
  const wanted: FeatureSettings = settings;
  const set = wanted.kind === "table" ? fromTable(clips, wanted, options) : fromSound(clips, wanted, options);
  return { ...(await set), settings };
}

/** The rows of a table. The audio is hashed nevertheless: the audit has to know which clips are identical. */
async function fromTable(
  clips: readonly Clip[],
  settings: TableSettings,
  options: ExtractOptions,
): Promise<FeatureSet> {
  const { matrices, notes } = rowsOfClips(clips, openTable(settings));
  const { samples, broken } = await sampleHashes(clips, options);
  const read = clips.flatMap((clip, i) => (samples.has(clip.id) ? [{ clip, matrix: matrices[i]! }] : []));
  return {
    settings,
    clips: read.map(({ clip }) => clip),
    matrix: (index) => read[index]!.matrix,
    ...{ broken, samples, notes },
  };
}

async function fromSound(
  clips: readonly Clip[],
  settings: SoundSettings,
  options: ExtractOptions,
): Promise<FeatureSet> {
  const folder = options.cache === undefined ? defaultCache() : options.cache;
  if (folder === null) return new Extraction(clips, settings, options).run();
  const warn = warnOnce();
  const engine = settings.kind === "encoder" ? (await chooseEngine()).engine : undefined;
  const cache = new FeatureCache(folder, madeWith(settings), warn, engine);
  const hashes = new FileHashes(folder, warn);
  try {
    return await new Extraction(clips, settings, options, cache, hashes).run();
  } finally {
    cache.close();
    await hashes.save();
  }
}

/**
 * SHA-256 of the decoded samples of clips, to find copies: equal hashes mean equal audio, whatever the file format. Hashes
 * of unchanged files come from the cache. {@link extractClips} returns the same hashes.
 *
 * @returns `samples`, the hashes by clip id, and `broken`, the clips that could not be read
 * @throws {UserError} with `strict`, naming the first clip that cannot be read
 * @throws {Interrupted} when `options.signal` is aborted
 * @example
 * const clips = await loadClips("data", { names: ["savee"] });
 * const { samples } = await sampleHashes(clips.slice(0, 8), { quiet: true });
 * new Set(samples.values()).size; // => 8
 */
export async function sampleHashes(
  clips: readonly Clip[],
  options: ExtractOptions = {},
): Promise<{ samples: Map<string, string>; broken: FeatureSet["broken"] }> {
  const folder = options.cache === undefined ? defaultCache() : options.cache;
  const hashes = folder === null ? undefined : new FileHashes(folder, warnOnce());
  const paths = clips.map(({ path }) => resolve(path));
  const known = paths.map((path, i) => hashes?.of(path, fragmentOf(clips[i]!))?.samples);
  const unknown = known.flatMap((hash, i) => (hash === undefined ? [i] : []));
  const progress = new Progress("samples", unknown.length, { quiet: options.quiet });
  const broken: FeatureSet["broken"] = [];
  const files = unknown.map((i) => clips[i]!);
  try {
    for await (const batch of extractFiles(files, undefined, options)) {
      for (const result of batch) {
        const i = unknown[result.index]!;
        if ("error" in result) {
          if (options.strict) throw new UserError(result.error);
          broken.push({ clip: clips[i]!, error: result.error });
          continue;
        }
        known[i] = result.samples;
        hashes?.remember(paths[i]!, result.stamp, result, fragmentOf(clips[i]!));
      }
      progress.step(batch.length);
    }
  } finally {
    await hashes?.save();
  }
  progress.done();
  const samples = clips.flatMap(({ id }, i): [string, string][] => {
    const hash = known[i];
    return hash === undefined ? [] : [[id, hash]];
  });
  return { samples: new Map(samples), broken };
}

/** Warns once: the cache and the hashes may fail to be written for the same reason. */
function warnOnce(): (text: string) => void {
  let said = false;
  return (text) => {
    if (!said) process.stderr.write(`ser: ${text}\n`);
    said = true;
  };
}

function defaultCache(): string {
  if (process.env.SER_CACHE) return process.env.SER_CACHE;
  return isInstalled() ? cacheFolder("features") : join(projectRoot(), "data", ".cache", "features");
}

class Extraction {
  readonly #clips: readonly Clip[];
  readonly #settings: SoundSettings;
  readonly #options: ExtractOptions;
  readonly #cache: FeatureCache | undefined;
  readonly #hashes: FileHashes | undefined;
  readonly #paths: string[];
  /** How to get the features of each clip. */
  readonly #kept: ((() => Matrix) | undefined)[];
  readonly #samples: (string | undefined)[];
  readonly #errors = new Map<number, string>();

  constructor(
    clips: readonly Clip[],
    settings: SoundSettings,
    options: ExtractOptions,
    cache?: FeatureCache,
    hashes?: FileHashes,
  ) {
    this.#clips = clips;
    this.#settings = settings;
    this.#options = options;
    this.#cache = cache;
    this.#hashes = hashes;
    this.#paths = clips.map((clip) => resolve(clip.path));
    this.#kept = new Array(clips.length);
    this.#samples = new Array(clips.length);
  }

  async run(): Promise<FeatureSet> {
    const progress = new Progress("features", this.#clips.length, { quiet: this.#options.quiet });
    if (this.#cache && this.#cache.size > 0) await this.#load(this.#cache, progress);
    const missing = this.#clips.flatMap((_, i) => (this.#kept[i] ? [] : [i]));
    for await (const batch of this.#extract(missing, madeWith(this.#settings))) {
      for (const result of batch) await this.#take(result);
      progress.step(batch.length);
    }
    progress.done();
    return this.#result();
  }

  /** Reads the features that are in the cache. Files whose hash is not known are hashed first. */
  async #load(cache: FeatureCache, progress: Progress): Promise<void> {
    const hashes = this.#paths.map((path, i) => {
      const known = this.#hashes?.of(path, fragmentOf(this.#clips[i]!));
      this.#samples[i] = known?.samples;
      return known?.hash;
    });
    const unknown = hashes.flatMap((hash, i) => (hash === undefined ? [i] : []));
    for await (const batch of this.#extract(unknown)) {
      for (const result of batch) {
        if ("error" in result) continue;
        hashes[result.index] = result.hash;
        this.#remember(result);
      }
    }
    for (let i = 0; i < hashes.length; i++) {
      // Lets Ctrl-C through.
      if (i % 256 === 0) await new Promise((done) => setImmediate(done));
      if (this.#options.signal?.aborted) throw this.#interrupted();
      const hash = hashes[i];
      const matrix = hash === undefined ? undefined : cache.read(hash);
      if (!matrix) continue;
      this.#keep(i, hash!, matrix);
      progress.skip(1);
    }
  }

  /** The results have the indices of the clips. */
  async *#extract(indices: readonly number[], settings?: SoundSettings): AsyncGenerator<FileResult[]> {
    const sounds = indices.map((i) => this.#clips[i]!);
    try {
      for await (const batch of extractFiles(sounds, settings, this.#options))
        yield batch.map((result) => ({ ...result, index: indices[result.index]! }));
    } catch (error) {
      throw error instanceof Interrupted ? this.#interrupted() : error;
    }
  }

  async #take(result: FileResult): Promise<void> {
    if ("error" in result) {
      if (this.#options.strict) throw new UserError(result.error);
      this.#errors.set(result.index, result.error);
      return;
    }
    await this.#cache?.add(result.hash, result.matrix);
    this.#keep(result.index, result.hash, result.matrix);
    this.#remember(result);
  }

  /** Encoder frames are read from disk each time: those of 7,000 clips take 2 GB. */
  #keep(index: number, hash: string, made: Matrix): void {
    const large = this.#settings.kind === "encoder" && this.#settings.pooling === "frames";
    const later = large ? this.#cache?.later(hash) : undefined;
    const own = later ? undefined : layerOf(made, this.#settings);
    this.#kept[index] = later ?? (() => own!);
  }

  #remember({ index, stamp, hash, samples }: Exclude<FileResult, { error: string }>): void {
    this.#samples[index] = samples;
    const fragment = fragmentOf(this.#clips[index]!);
    this.#hashes?.remember(this.#paths[index]!, stamp, { hash, samples }, fragment);
  }

  #interrupted(): Interrupted {
    const done = this.#kept.reduce((sum, kept) => sum + (kept ? 1 : 0), 0);
    const kept = this.#cache ? "kept in the cache and reused next time" : "lost without a cache";
    return new Interrupted(`stopped: the features of ${done} of ${this.#clips.length} clips are ${kept}`);
  }

  #result(): FeatureSet {
    const read = this.#clips.flatMap((clip, i) => {
      const matrix = this.#kept[i];
      return matrix ? [{ clip, matrix, samples: this.#samples[i]! }] : [];
    });
    const errors = [...this.#errors].sort(([a], [b]) => a - b);
    return {
      settings: this.#settings,
      clips: read.map(({ clip }) => clip),
      matrix: (index) => read[index]!.matrix(),
      broken: errors.map(([i, error]) => ({ clip: this.#clips[i]!, error })),
      samples: new Map(read.map(({ clip, samples }) => [clip.id, samples])),
    };
  }
}
