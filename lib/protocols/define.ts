import { UserError } from "../base/errors.js";
import { byText, plural } from "../base/text.js";
import { type Clip, CORPORA, KNOWN_CORPORA } from "../corpora/clip.js";
import { applyCalm, classesOf, howToGet } from "../corpora/registry.js";
import { type Fold, LISTS, PARTS, type Place, type Plan, type Protocol, type Split } from "./types.js";

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
        "clips are missing that it needs",
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
 * The classes that a part of a fold has no clip of, in words behind a description: "; no boredom in validation". Empty
 * where all have all.
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

/** Where each clip of a fold is, by id. */
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
    : "give its clips by a manifest (--manifest FILE), whose column corpus names it (without one: own)";
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

/** Whether a clip's sentence is in a list. */
export function saying(sentences: readonly string[]): (clip: Clip) => boolean {
  const set = new Set<string | undefined>(sentences);
  return ({ sentenceId }) => set.has(sentenceId);
}

type Test = (clip: Clip) => boolean;

/** Test and validation by what is in them, train is the rest. */
export function parts(test: Test, validation: Test): Fold["placeOf"] {
  return crossing([test], [validation]);
}

/**
 * Test and validation apart from train by several things at once, as speakers and sentences: a clip that has all of the
 * test's is tested, one that has none of the test's nor of the validation's trains. One that has some of the test's is
 * nowhere; one that has some of the validation's only waits for a refit.
 *
 * @param test of each thing whether a clip's is the test's
 * @param validation the same of validation, which may be apart by fewer things
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

/** Speakers, or others, in words: all of them up to six, else how many. */
export function short(names: readonly string[], what = "speaker"): string {
  return names.length <= 6 ? names.join(" ") : plural(names.length, what);
}
