import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Calm, Clip } from "../clip.js";
import { loadClips } from "../registry.js";
import { synthesizeCorpora } from "./synthetic.js";

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
 * Loads the clips of the corpora under a folder, like {@link loadClips}. Where there are none, it makes synthetic ones in the
 * subfolder `synthetic` the first time, and loads those. Recorded and synthetic clips are never mixed.
 *
 * @param root folder with the corpora, in any layout
 * @throws {UserError} when the folder cannot be read or written
 * @example
 * const clips = await findClips("data");
 * clips.filter(({ corpus }) => corpus === "savee").length; // => 480
 */
export async function findClips(root: string, options: FindClipsOptions = {}): Promise<Clip[]> {
  const log = options.log ?? (() => {});
  const found = existsSync(root) ? await loadClips(root, options) : [];
  if (found.length > 0) {
    log(`corpora under ${root}`);
    return found;
  }
  const folder = join(root, "synthetic");
  log(`no corpora under ${root}: making synthetic ones in ${folder}`);
  await synthesizeCorpora(folder, options);
  return loadClips(folder, options);
}
