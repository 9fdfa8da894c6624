import { UserError } from "../base/errors.js";
import { byText, plural } from "../base/text.js";
import { type Clip, CORPORA, KNOWN_CORPORA } from "../corpora/clip.js";
import { applyCalm, classesOf, howToGet } from "../corpora/registry.js";
import { type Fold, LISTS, PARTS, type Place, type Plan, type Protocol, type Split } from "./types.js";

/**
 * Makes a protocol from its facts and a function that makes the folds from the clips of its corpora. The clips are sorted by
 * id, with calm treated as the protocol says.
 *
 * @param foldsOf the folds in their order; they are named "1", "2", ...
 * @param choose selects the clips to split
 */
export function define(
  facts: Omit<Protocol, "plan">,
  foldsOf: (clips: readonly Clip[]) => readonly Fold[],
  choose: (clips: readonly Clip[]) => readonly Clip[] = (clips) => clips,
): Protocol {
  const { name, version, description, corpora, calm, leaky, together } = facts;
  const { apart, validationApart, validationApartIn } = facts;
  const plan = (given: readonly Clip[]): Plan => {
    assertThere(name, corpora, given);
    const own = given.filter(({ corpus }) => corpora.length === 0 || corpora.includes(corpus));
    const clips = [...choose(applyCalm(own, calm))].sort((a, b) => byText(a.id, b.id));
    const folds = foldsOf(clips).map((fold, i) => splitBy(fold, String(i + 1), name, clips));
    const classes = classesOf(clips);
    const claims = { apart, validationApart, ...(validationApartIn && { validationApartIn }) };
    const about = { protocol: `${name}@${version}`, leaky, ...(together && { together }), description };
    return { ...about, ...claims, clips, classes, folds };
  };
  return { ...facts, plan };
}

function splitBy(fold: Fold, number: string, protocol: string, clips: readonly Clip[]): Split {
  const lists = listsOf(fold, clips);
  const empty = PARTS.find((part) => lists[part].length === 0);
  if (empty)
    throw new UserError(
      `${protocol}: the ${empty} part of fold ${number} has no clips (${fold.description}): ` +
        "clips that it needs are missing",
    );
  return { name: number, description: fold.description, ...lists };
}

/** The ids of a fold's clips, list by list, in the order of the clips. */
export function listsOf(fold: Fold, clips: readonly Clip[]): Omit<Split, "name" | "description"> {
  const { refit, ...parts } = { train: [], validation: [], test: [], refit: [] } as Record<
    Exclude<Place, undefined>,
    string[]
  >;
  for (const clip of clips) {
    const place = fold.placeOf(clip);
    if (place) (place === "refit" ? refit : parts[place]).push(clip.id);
  }
  return { ...parts, ...(refit.length > 0 && { refit }) };
}

/**
 * The classes that are missing in a part of a fold, to append to a description: "; no boredom in validation". Empty when
 * none is missing.
 */
export function lacking(fold: Pick<Fold, "placeOf">, clips: readonly Clip[]): string {
  const classes = classesOf(clips);
  const found = new Map(PARTS.map((part) => [part as Place, new Set<string>()]));
  for (const clip of clips) found.get(fold.placeOf(clip))?.add(clip.emotion);
  const texts = PARTS.flatMap((part) => {
    const none = classes.filter((name) => !found.get(part)!.has(name));
    return none.length > 0 ? [`no ${none.join(", ")} in ${part}`] : [];
  });
  return texts.length > 0 ? `; ${texts.join(", ")}` : "";
}

/** The part of each clip of a fold, by id. */
export function placesIn(fold: Split): Map<string, Place> {
  return new Map(LISTS.flatMap((list) => (fold[list] ?? []).map((id): [string, Place] => [id, list])));
}

function assertThere(name: string, wanted: readonly string[], clips: readonly Clip[]): void {
  const there = new Set(clips.map(({ corpus }) => corpus));
  const absent = wanted.filter((corpus) => !there.has(corpus));
  if (absent.length === 0 && clips.length > 0) return;
  const known = absent.every((corpus) => (KNOWN_CORPORA as readonly string[]).includes(corpus));
  const hint = known
    ? `set --data or SER_DATA to the folder that has the corpora, or ${howToGet(absent.length > 0 ? absent : CORPORA)}`
    : "list its clips in a manifest (--manifest FILE) whose column corpus names it (without the column: own)";
  const what = absent.length > 0 ? `clips of ${absent.join(", ")}, but found none` : "clips, but found none";
  throw new UserError(`the protocol ${name} needs ${what}: ${hint}`);
}

/**
 * Checks that all speakers of a published list have clips: with one speaker less, the parts would differ.
 *
 * @throws {UserError} naming the missing speakers
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
    `the protocol ${protocol} needs all ${speakers.length} speakers of ${corpus}, but found no clips of ` +
      `${absent.join(", ")}: complete the corpus ("ser data check" lists what is missing), or use held-out or ` +
      `grouped/${corpus}, which split the available clips`,
  );
}

/** Whether a clip's speaker is in a list. */
export function saidBy(speakers: readonly string[]): (clip: Clip) => boolean {
  const set = new Set(speakers);
  return ({ speaker }) => set.has(speaker);
}

/** Whether a clip's sentence is in a list. */
export function saying(sentences: readonly string[]): (clip: Clip) => boolean {
  const set = new Set<string | undefined>(sentences);
  return ({ sentenceId }) => set.has(sentenceId);
}

type Test = (clip: Clip) => boolean;

/** Test and validation by their rules; all other clips are train. */
export function parts(test: Test, validation: Test): Fold["placeOf"] {
  return crossing([test], [validation]);
}

/**
 * Test and validation apart from train by several properties at once, as speakers and sentences. A clip that matches test in
 * all of them is tested; one that matches neither test nor validation in any is trained on. A clip that matches test in some
 * is in no part; one that matches validation in some only is left for a refit.
 *
 * @param test for each property, whether a clip matches the test part
 * @param validation the same for validation, which may be apart by fewer properties
 */
export function crossing(test: readonly Test[], validation: readonly Test[]): Fold["placeOf"] {
  const hits = (tests: readonly Test[], clip: Clip) => tests.filter((one) => one(clip)).length;
  return (clip) => {
    const tested = hits(test, clip);
    if (tested > 0) return tested === test.length ? "test" : undefined;
    const judged = hits(validation, clip);
    if (judged === 0) return "train";
    return judged === validation.length ? "validation" : "refit";
  };
}

/** Speakers (or other groups) in words: the names of up to six, else their number. */
export function short(names: readonly string[], what = "speaker"): string {
  return names.length <= 6 ? names.join(" ") : plural(names.length, what);
}
