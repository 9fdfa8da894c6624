import { writeFile } from "node:fs/promises";
import { encodeWav } from "../../audio/write.js";
import { systemReason } from "../../base/errors.js";
import type { WorkerAnswer } from "../../base/pool.js";
import { type PlannedClip, synthesizeClip } from "./clips.js";

/** The task of a worker thread: one clip, written to `path`. */
export interface SynthesisTask {
  clip: PlannedClip;
  seed: number;
  path: string;
}

/**
 * Synthesizes one clip and writes it. Returns the reason if it cannot be written, since an error would lose its code on the
 * way to the main thread.
 */
export async function handle({ clip, seed, path }: SynthesisTask): Promise<WorkerAnswer<string | undefined>> {
  const bytes = encodeWav(synthesizeClip(clip, seed), clip.sampleRate);
  const problem = await writeFile(path, bytes).then(() => undefined, systemReason);
  return { result: problem };
}
