import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Calm, Clip } from "../clip.js";
import { loadClips } from "../registry.js";
import { synthesizeCorpora } from "./synthetic.js";

export interface FindClipsOptions {
  calm?: Calm;
  signal?: AbortSignal;
  quiet?: boolean;
  /** What is being done, a line at a time. */
  log?: (line: string) => void;
}

/**
 * The clips of the corpora under a folder; where there are none, synthetic ones, which are made in its
 * sub-folder `synthetic` the first time. Recorded and synthetic clips never come together.
 *
 * @param root folder with the corpora, in any layout
 * @example const clips = await findClips("data");
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
