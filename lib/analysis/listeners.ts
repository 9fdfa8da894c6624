import { RATED_EMOTIONS } from "../corpora/ratings.js";
import type { BootstrapOptions, Interval } from "../evaluation/interval.js";
import { type ListenerScore, listenerScores } from "../evaluation/listeners.js";
import { type Entry, type Part, pooled } from "./entries.js";

/** How well human listeners recognise the emotions of the same speakers (CREMA-D). */
export interface ListenerResults {
  part: Part;
  /** Single ratings, and the majority vote of all listeners of a clip. */
  measures: (Pick<ListenerScore, "measure" | "unit"> & { name: string; uar: Interval; accuracy: Interval })[];
  /** How the listeners' clips compare with those of the models. */
  note: string;
}

/**
 * Human performance: UAR and accuracy of CREMA-D's listeners on the same speakers, by voice alone. Only for entries whose
 * clips are all real CREMA-D clips with its six emotions, and whose target is the intended emotion.
 */
export function listenersOf(
  entries: readonly Entry[],
  part: Part,
  options: BootstrapOptions = {},
): ListenerResults | undefined {
  const entry = entries.find(({ settings, seeds }) => settings.target === "intended" && seeds.length > 0);
  const seed = entry && pooled(entry, part)[0];
  if (!seed || seed.clips.some(({ corpus, id }) => corpus !== "cremad" || id === "")) return undefined;
  const heard = new Set(seed.truth.map((t) => seed.classes[t]!));
  if (heard.size !== RATED_EMOTIONS.length || !RATED_EMOTIONS.every((name) => heard.has(name)))
    return undefined;
  if (entry.synthetic) return undefined;
  const speakers = [...new Set(seed.speakers)].sort();
  const { single, majority } = listenerScores(speakers, options);
  const measures = [
    { name: "single ratings", ...figures(single) },
    { name: "majority vote", ...figures(majority) },
  ];
  const [ratings, clips] = [single.uar.n, majority.uar.n];
  const same = Math.round(clips) === seed.truth.length;
  return {
    part,
    measures,
    note: `People heard ${same ? "the same clips" : `all ${Math.round(clips)} rated clips of the same ${speakers.length} speakers`} by voice alone: ${ratings} single ratings, or the vote on each clip with ties counted 1/k. A vote of about nine people is another measure than one person's answer.`,
  };
}

function figures({ measure, unit, uar, accuracy }: ListenerScore) {
  return { measure, unit, uar, accuracy };
}
