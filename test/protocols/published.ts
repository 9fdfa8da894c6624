import { type Clip, CORPORA, KNOWN_CORPORA } from "../../lib/corpora/clip.js";
import { publishedClips } from "../../lib/corpora/registry.js";
import { groupOf } from "../../lib/protocols/groups.js";
import type { Group, Plan, Split } from "../../lib/protocols/types.js";

/** Every clip that the known corpora have, from their published names. */
export const ALL_CLIPS: readonly Clip[] = publishedClips(KNOWN_CORPORA).map((name) => ({
  ...name,
  path: "",
  synthetic: false,
}));

/** Those of the four corpora. */
export const CLIPS: readonly Clip[] = ALL_CLIPS.filter(({ corpus }) =>
  (CORPORA as readonly string[]).includes(corpus),
);

const clipOf = new Map(ALL_CLIPS.map((clip) => [clip.id, clip]));

/** The groups of some clips, sorted, without the corpus. */
export function groupsOf(ids: readonly string[], group: Group): string[] {
  const keys = ids.map((id) => groupOf(clipOf.get(id)!, group)!.replace(/^.*\//, ""));
  return [...new Set(keys)].sort();
}

export const sizesOf = ({ train, validation, test }: Split) => [train.length, validation.length, test.length];

/** How many clips of each emotion, with calm as the plan has it. */
export function emotionsOf(plan: Plan, ids: readonly string[]): Record<string, number> {
  const own = new Set(ids);
  const counts: Record<string, number> = {};
  for (const { id, emotion } of plan.clips) if (own.has(id)) counts[emotion] = (counts[emotion] ?? 0) + 1;
  return counts;
}

/** A clip of a manifest. */
export function ownClip(name: string, speaker: string, more: Partial<Clip> = {}): Clip {
  const emotion = { emotion: "anger", label: "anger" } as const;
  return { id: `own/${name}`, corpus: "own", speaker, ...emotion, path: "", synthetic: false, ...more };
}
