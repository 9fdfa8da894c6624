import { groupBy } from "../base/group.js";
import { byText } from "../base/text.js";
import type { Clip } from "./clip.js";
import type { FoundCorpus } from "./registry.js";

/** Anomalies of the clips' metadata, found without reading the sound; see {@link CorpusNote}. */
export type MetadataNote = "spelling" | "speaker" | "classes";

interface Note {
  kind: MetadataNote;
  /** Ids. */
  clips: string[];
  text: string;
}

/**
 * Anomalies in the metadata of each corpus: a speaker or label in several spellings, a speaker who is also in another corpus, a
 * corpus of one class.
 *
 * @param isPublished true for known corpora: their speakers are known to be different people, and their missing clips are
 *   reported separately
 */
export function metadataNotes(
  found: readonly FoundCorpus[],
  isPublished: (name: string) => boolean,
): Note[][] {
  const spoken = groupBy(
    found.flatMap(({ clips }) => clips),
    ({ speaker }) => spelled(speaker),
  );
  return found.map(({ name, clips }) => [
    ...spellings(clips, "speaker"),
    ...spellings(clips, "label"),
    ...(isPublished(name) ? [] : [...alsoElsewhere(name, clips, spoken), ...oneClass(clips)]),
  ]);
}

/** Equal for names that differ only in case, blanks, underscores, hyphens or Unicode normalization. */
function spelled(name: string): string {
  return name
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[\s_-]/g, "");
}

function spellings(clips: readonly Clip[], what: "speaker" | "label"): Note[] {
  return [...groupBy(clips, (clip) => spelled(clip[what])).values()].flatMap((own): Note[] => {
    const written = [...groupBy(own, (clip) => clip[what])];
    if (written.length < 2) return [];
    const [, ...rarer] = written.sort(([, a], [, b]) => b.length - a.length);
    const counts = written.map(([name, { length }]) => `${JSON.stringify(name)} (${length})`);
    const classes = new Set(own.map(({ emotion }) => emotion)).size;
    const effect =
      what === "speaker"
        ? "they count as different speakers"
        : classes > 1
          ? "they count as different classes"
          : "they are one class";
    return [
      {
        kind: "spelling",
        clips: rarer.flatMap(([, some]) => some.map(({ id }) => id)),
        text: `one ${what} in several spellings, ${counts.join(", ")}: ${effect}`,
      },
    ];
  });
}

function alsoElsewhere(
  corpus: string,
  clips: readonly Clip[],
  spoken: ReadonlyMap<string, readonly Clip[]>,
): Note[] {
  const elsewhere = ({ speaker }: Clip) => {
    const others = spoken.get(spelled(speaker))!.filter((clip) => clip.corpus !== corpus);
    return [...new Set(others.map((clip) => clip.corpus))].sort().join(", ");
  };
  // Speakers that are called by numbers occur in every corpus: one note for all of them.
  return [...groupBy(clips, elsewhere)].flatMap(([where, own]): Note[] => {
    if (where === "") return [];
    const speakers = [...new Set(own.map(({ speaker }) => speaker))].sort(byText);
    const shown = speakers.slice(0, NAMED).map((speaker) => JSON.stringify(speaker));
    const who =
      speakers.length === 1
        ? `the speaker ${shown[0]} is`
        : `the speakers ${shown.join(", ")}${speakers.length > NAMED ? `, ... (${speakers.length})` : ""} are`;
    const text = `${who} also in ${where}: protocols treat them as different people`;
    return [{ kind: "speaker", clips: own.map(({ id }) => id), text }];
  });
}

/** How many speakers a note names. */
const NAMED = 6;

function oneClass(clips: readonly Clip[]): Note[] {
  const [first] = clips;
  if (!first || clips.length < 2 || clips.some(({ emotion }) => emotion !== first.emotion)) return [];
  const ids = clips.map(({ id }) => id);
  return [
    { kind: "classes", clips: ids, text: `all clips are ${first.emotion}: there is nothing to classify` },
  ];
}
