import { UserError } from "../base/errors.js";
import type { Clip } from "../corpora/clip.js";

/**
 * The clips under a folder as protocols take them: calm is kept, for the protocol to say what becomes of it.
 *
 * @param names only these corpora
 * @throws {UserError} when there are none
 */
export async function clipsUnder(root: string, names?: readonly string[]): Promise<Clip[]> {
  const { loadClips } = await import("../corpora/registry.js");
  const clips = await loadClips(root, { names, calm: "keep" });
  if (clips.length > 0) return clips;
  throw new UserError(
    `no corpus found under ${root}: set --data or SER_DATA, get the corpora with "ser data download", or make synthetic ones with "ser data synthesize"`,
  );
}

/**
 * The emotions that most listeners heard, by clip id.
 *
 * @param file CREMA-D's tabulatedVotes.csv; default: the one beside the clips
 * @throws {UserError} when there is none
 */
export async function perceivedIn(clips: readonly Clip[], file?: string) {
  const { findRatings, perceivedEmotions } = await import("../corpora/ratings.js");
  const path = file ?? findRatings(clips);
  if (path !== undefined) return perceivedEmotions(path);
  throw new UserError(
    "the perceived emotion needs CREMA-D's tabulatedVotes.csv: lay it beside the corpus, or name it with --ratings FILE",
  );
}
