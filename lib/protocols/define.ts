import { UserError } from "../base/errors.js";
import { byText } from "../base/text.js";
import { type Clip, CORPORA } from "../corpora/clip.js";
import { applyCalm, classesOf } from "../corpora/registry.js";
import type { Fold, PartName, Plan, Protocol, Split } from "./types.js";

/**
 * A protocol from what it says of itself and the folds it makes of the clips of its corpora, which are sorted by id, with
 * calm as the protocol has it.
 *
 * @param foldsOf in their order; they are named "1", "2", ...
 * @param choose leaves clips out before they are split
 */
export function define(
  facts: Omit<Protocol, "plan">,
  foldsOf: (clips: readonly Clip[]) => readonly Fold[],
  choose: (clips: readonly Clip[]) => readonly Clip[] = (clips) => clips,
): Protocol {
  const { name, version, description, corpora, calm, leaky, apart, validationApart, validationApartIn } =
    facts;
  const plan = (given: readonly Clip[]): Plan => {
    assertThere(name, corpora, given);
    const own = given.filter(({ corpus }) => corpora.length === 0 || corpora.includes(corpus));
    const clips = [...choose(applyCalm(own, calm))].sort((a, b) => byText(a.id, b.id));
    const folds = foldsOf(clips).map((fold, i) => splitBy(fold, String(i + 1), name, clips));
    const classes = classesOf(clips);
    const claims = { apart, validationApart, ...(validationApartIn && { validationApartIn }) };
    return { protocol: `${name}@${version}`, leaky, description, ...claims, clips, classes, folds };
  };
  return { ...facts, plan };
}

function splitBy(fold: Fold, number: string, protocol: string, clips: readonly Clip[]): Split {
  const parts: Record<PartName, string[]> = { train: [], validation: [], test: [] };
  for (const clip of clips) parts[fold.partOf(clip)].push(clip.id);
  for (const [part, ids] of Object.entries(parts)) {
    if (ids.length > 0) continue;
    throw new UserError(
      `${protocol}: the ${part} part of fold ${number} has no clips (${fold.description}): ` +
        "clips are missing that it needs",
    );
  }
  return { name: number, description: fold.description, ...parts };
}

function assertThere(name: string, wanted: readonly string[], clips: readonly Clip[]): void {
  const there = new Set(clips.map(({ corpus }) => corpus));
  const absent = wanted.filter((corpus) => !there.has(corpus));
  if (absent.length === 0 && clips.length > 0) return;
  const published = absent.every((corpus) => (CORPORA as readonly string[]).includes(corpus));
  const hint = published
    ? 'set --data or SER_DATA to the folder that has the corpora, or get them with "ser data download"'
    : "give its clips by a manifest";
  const what = absent.length > 0 ? `clips of ${absent.join(", ")}, of which there are none` : "clips";
  throw new UserError(`the protocol ${name} needs ${what}: ${hint}`);
}

/**
 * A published list is of use only where all its speakers are there: with one less, the parts would be others.
 *
 * @throws {UserError} naming those that are not
 */
export function assertSpeakers(
  protocol: string,
  corpus: string,
  clips: readonly Clip[],
  speakers: readonly string[],
): void {
  const there = new Set(clips.filter((clip) => clip.corpus === corpus).map(({ speaker }) => speaker));
  const absent = speakers.filter((speaker) => !there.has(speaker));
  if (absent.length === 0) return;
  throw new UserError(
    `the protocol ${protocol} needs all ${speakers.length} speakers of ${corpus}, and there are no clips of ` +
      `${absent.join(", ")}: complete the corpus ("ser data check" lists what is missing), or use held-out or ` +
      `grouped/${corpus}, which split what is there`,
  );
}

/** Whether a clip's speaker is in a list. */
export function saidBy(speakers: readonly string[]): (clip: Clip) => boolean {
  const set = new Set(speakers);
  return ({ speaker }) => set.has(speaker);
}

/** Test and validation by what is in them, train is the rest. */
export function parts(test: (clip: Clip) => boolean, validation: (clip: Clip) => boolean): Fold["partOf"] {
  return (clip) => (test(clip) ? "test" : validation(clip) ? "validation" : "train");
}

/** Speakers in words: all of them up to six, else how many. */
export function short(speakers: readonly string[]): string {
  return speakers.length <= 6 ? speakers.join(" ") : `${speakers.length} speakers`;
}
