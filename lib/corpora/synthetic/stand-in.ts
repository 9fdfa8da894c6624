import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { cacheFolder } from "../../base/cache-folder.js";
import { UserError } from "../../base/errors.js";
import { defaultData } from "../../base/root.js";
import type { Calm, Clip } from "../clip.js";
import { loadClips, noCorpus } from "../registry.js";
import { SYNTHESIS_VERSION, synthesizeCorpora } from "./synthetic.js";

/** Options of {@link findClips}. */
export interface FindClipsOptions {
  /** How to treat RAVDESS's calm; default "merge" (into neutral). */
  calm?: Calm;
  signal?: AbortSignal;
  /** Shows no progress bar. */
  quiet?: boolean;
  /** Called with each step, one line at a time. */
  log?: (line: string) => void;
}

/**
 * Loads the clips of the corpora under a folder, like {@link loadClips}. Where the default folder (`data`, with `SER_DATA` not
 * set) has none, synthetic ones stand in: they are made in the user's cache folder the first time, about 300 MB. Nothing is written
 * into the folder itself. Recorded and synthetic clips are never mixed.
 *
 * @param root folder with the corpora, in any layout
 * @throws {UserError} when any other folder holds no corpus; when the folder cannot be read, or the cache folder not written
 * @example
 * const clips = await findClips("data");
 * clips.filter(({ corpus }) => corpus === "savee").length; // => 480
 */
export async function findClips(root: string, options: FindClipsOptions = {}): Promise<Clip[]> {
  const log = options.log ?? (() => {});
  const usual = resolve(root) === resolve(defaultData()) && !process.env.SER_DATA;
  const found = usual && !existsSync(root) ? [] : await loadClips(root, options);
  if (found.length > 0) {
    log(`corpora under ${root}`);
    return found;
  }
  if (!usual) throw noCorpus(root);
  const folder = cacheFolder(`synthetic-${SYNTHESIS_VERSION}`);
  log(`no corpora under ${root}: synthetic ones stand in, in ${folder}`);
  await makeStandIns(folder, options);
  return loadClips(folder, options);
}

async function makeStandIns(folder: string, options: FindClipsOptions): Promise<void> {
  try {
    await synthesizeCorpora(folder, options);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      `${error.message}: set XDG_CACHE_HOME to a folder for the synthetic corpora, or SER_DATA to one that has corpora`,
      { cause: error },
    );
  }
}
