import { readFile } from "node:fs/promises";
import { UserError } from "../base/errors.js";
import { sha256 } from "../base/hash.js";
import { publishedDigests } from "../corpora/check.js";
import { type Clip, KNOWN_CORPORA } from "../corpora/clip.js";
import { corpora, parseName, publishedClips } from "../corpora/registry.js";
import { sampleHashes } from "../features/corpus.js";
import type { ModelCard } from "../inference/card.js";
import { placesIn } from "../protocols/define.js";
import { protocolNamed } from "../protocols/registry.js";
import type { Place, Plan, Split } from "../protocols/types.js";
import { partsDigest } from "./record.js";

/** Which part of a model's protocol each of some clips belongs to. */
export interface Heard {
  /** The part of each clip that the protocol contains, by clip id. */
  parts: Map<string, Exclude<Place, undefined>>;
  /** The plan and the fold of the model's training. */
  plan: Plan;
  fold: Split;
  /** The protocol's id of each of these clips, by the clip's own id. */
  known: Map<string, string>;
  /** Number of clips that were not recognised by id, name or bytes and could not be compared by their samples. */
  notCompared: number;
}

/**
 * Finds which of some clips are in the training, validation or test part of a model, by its card. Clips of the known corpora
 * are recognised by id, by file name, by the published bytes of the file under any name, or by equal samples. Your own clips
 * are recognised only if all clips of the model's split are given.
 *
 * @param reference clips of the known corpora on this machine, for comparing samples; called only if some clips are not
 *   recognised otherwise
 * @returns `undefined` if the card does not tell the split
 * @example (await heardBy(model.card, clips))?.parts.get("savee/DC_a01") // "train"
 */
export async function heardBy(
  card: ModelCard,
  clips: readonly Clip[],
  reference: () => Promise<readonly Clip[]> = async () => [],
): Promise<Heard | undefined> {
  const { protocol, fold: number } = card;
  if (protocol === undefined || number === undefined) return undefined;
  const names = KNOWN_CORPORA.filter((name) => card.corpora.includes(name));
  const published = names.length === card.corpora.length;
  const { known, notCompared } = published
    ? await recognised(clips, names, reference)
    : { known: new Map(clips.map(({ id }) => [id, id])), notCompared: 0 };
  const all = published
    ? publishedClips(names).map((clip) => ({ ...clip, path: "", synthetic: false }))
    : clips;
  const planned = planOf({ protocol, fold: number }, all);
  if (!planned) return undefined;
  const { plan, fold } = planned;
  const exact = card.clips !== undefined && partsDigest(fold, plan.clips) === card.clips;
  // With your own clips, or a random split, other clips than the model's would be split differently.
  if (!exact && (!published || plan.leaky)) return undefined;
  const places = placesIn(fold);
  const parts = [...known].flatMap(([own, id]): [string, Exclude<Place, undefined>][] => {
    const part = places.get(id);
    return part ? [[own, part]] : [];
  });
  return { parts: new Map(parts), plan, fold, known, notCompared };
}

function planOf(
  { protocol, fold: name }: { protocol: string; fold: string },
  clips: readonly Clip[],
): { plan: Plan; fold: Split } | undefined {
  try {
    const plan = protocolNamed(protocol).plan(clips);
    const fold = plan.folds.find((one) => one.name === name);
    return fold && { plan, fold };
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** The published id of each clip that has one. */
async function recognised(
  clips: readonly Clip[],
  names: readonly (typeof KNOWN_CORPORA)[number][],
  reference: () => Promise<readonly Clip[]>,
): Promise<Pick<Heard, "known" | "notCompared">> {
  const ids = new Set(publishedClips(names).map(({ id }) => id));
  const found = new Map<string, string>();
  const strange: Clip[] = [];
  for (const clip of clips) {
    const named = parseName(clip.path.replaceAll("\\", "/"))?.id;
    if (ids.has(clip.id)) found.set(clip.id, clip.id);
    else if (named !== undefined && ids.has(named)) found.set(clip.id, named);
    else strange.push(clip);
  }
  if (strange.length === 0) return { known: found, notCompared: 0 };
  const byDigest = new Map<string, string>();
  for (const name of names)
    for (const [id, digest] of await publishedDigests(corpora[name])) byDigest.set(digest, id);
  const left: Clip[] = [];
  for (const clip of strange) {
    const bytes = await readFile(clip.path).catch(() => undefined);
    const id = bytes && byDigest.get(sha256(bytes).slice(0, 16));
    if (id) found.set(clip.id, id);
    else left.push(clip);
  }
  const there = left.length > 0 ? await reference() : [];
  const own = there.filter(({ id }) => ids.has(id));
  if (own.length === 0) return { known: found, notCompared: left.length };
  // A segment counts as seen if its file was.
  const whole = left.map(({ start: _, end: __, ...clip }) => clip);
  const [others, mine] = [await sampleHashes(own), await sampleHashes(whole)];
  const idOf = new Map([...others.samples].map(([id, hash]) => [hash, id]));
  for (const [id, hash] of mine.samples) {
    const same = idOf.get(hash);
    if (same) found.set(id, same);
  }
  return { known: found, notCompared: 0 };
}
