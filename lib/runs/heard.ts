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

/** What a model had to do with clips. */
export interface Heard {
  /** Of each clip that the model's protocol knows, its part, by the clip's id. */
  parts: Map<string, Exclude<Place, undefined>>;
  /** The plan and the fold that the model was trained under. */
  plan: Plan;
  fold: Split;
  /** The protocol's id of each of these clips, by the clip's own. */
  known: Map<string, string>;
  /** Clips that are not recognised by id, name or bytes, and that could not be compared by their samples. */
  notCompared: number;
}

/**
 * Which of some clips a model was trained on, validated by, and is to be tested on, by its card. Clips of the known corpora
 * are recognised by their id, by what their file's name says, by the published bytes of the file, whatever it is called, or
 * by equal samples; clips of one's own where all of them that the model was trained with are there.
 *
 * @param reference clips of the known corpora that are on this machine, whose samples others are compared with; asked for
 *   only where there are clips that are not recognised otherwise
 * @returns `undefined` where the card does not say, so that nothing is known
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
  // Of one's own clips, or of a drawn split, others than the model's would be in other parts.
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
  // A segment was heard where its file was.
  const whole = left.map(({ start: _, end: __, ...clip }) => clip);
  const [others, mine] = [await sampleHashes(own), await sampleHashes(whole)];
  const idOf = new Map([...others.samples].map(([id, hash]) => [hash, id]));
  for (const [id, hash] of mine.samples) {
    const same = idOf.get(hash);
    if (same) found.set(id, same);
  }
  return { known: found, notCompared: 0 };
}
