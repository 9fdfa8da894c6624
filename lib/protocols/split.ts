import { UserError } from "../base/errors.js";
import { groupBy } from "../base/group.js";
import { random } from "../base/random.js";
import { byText, plural } from "../base/text.js";
import type { Clip } from "../corpora/clip.js";
import { AUDEERING } from "./cremad.js";
import { classCounts, deal } from "./deal.js";
import { lacking, listsOf, parts, saidBy, short } from "./define.js";
import { EMODB_HELD_OUT } from "./emodb.js";
import { EMOVO_HELD_OUT } from "./emovo.js";
import { EMOBOX_FOLDS } from "./ravdess.js";
import { everyFifthWord } from "./tess.js";
import { type Fold, LISTS, type Split } from "./types.js";
import { URDU_HELD_OUT } from "./urdu.js";

interface HeldOut {
  test: readonly string[];
  /** Speakers, or "words": one word in five of the training speaker, in a corpus of two speakers. */
  validation: readonly string[] | "words";
  source: string;
}

/** The held-out speakers of each corpus; each part has both sexes if the corpus has. */
const HELD_OUT: Record<string, HeldOut> = {
  ravdess: { test: EMOBOX_FOLDS[0]!, validation: EMOBOX_FOLDS[1]!, source: "actors" },
  tess: { test: ["YAF"], validation: "words", source: "cross-speaker" },
  savee: { test: ["KL"], validation: ["JK"], source: "speakers" },
  cremad: { ...AUDEERING, source: "audEERING 1.1.0" },
  emodb: { ...EMODB_HELD_OUT, source: "speakers" },
  emovo: { ...EMOVO_HELD_OUT, source: "speakers" },
  urdu: { ...URDU_HELD_OUT, source: "speakers" },
};

/**
 * Splits clips by speaker, corpus by corpus: no speaker of the test part is in training or validation.
 *
 * A known corpus is split by a fixed list of speakers. Any other corpus, or one with too few of these speakers, is split by
 * speakers drawn with a fixed seed: a fifth for test, a fifth for validation, each with every class if the speakers allow
 * it. In TESS, which has two speakers, validation shares the training speaker but none of the words.
 *
 * @throws {UserError} when a corpus has fewer than three speakers and no list applies
 * @example
 * const clips = await loadClips("data", { names: ["savee"] });
 * const split = heldOutSpeakers(clips);
 * [...new Set(clips.filter(({ id }) => split.test.includes(id)).map(({ speaker }) => speaker))]; // => ["KL"]
 */
export function heldOutSpeakers(clips: readonly Clip[]): Split {
  const fold = heldOutFold(clips);
  const split = { name: "held-out speakers", description: fold.description, ...listsOf(fold, clips) };
  assertSpeakersApart(split, clips);
  return split;
}

/**
 * The split of {@link heldOutSpeakers} as a fold of a protocol.
 *
 * @param version 2; 1 draws speakers without regard to their classes
 */
export function heldOutFold(clips: readonly Clip[], version: 1 | 2 = 2): Fold {
  const rules = new Map<string, Fold>();
  for (const [corpus, own] of groupBy(clips, (clip) => clip.corpus)) {
    rules.set(corpus, byList(corpus, own) ?? byDraw(corpus, own, version));
  }
  return {
    description: [...rules].map(([corpus, rule]) => `${corpus}: ${rule.description}`).join("; "),
    placeOf: (clip) => rules.get(clip.corpus)!.placeOf(clip),
  };
}

/**
 * Checks that no speaker of the test part is in another part. Speakers of different corpora are different people.
 *
 * @throws {UserError} naming the speakers
 */
export function assertSpeakersApart(split: Split, clips: readonly Clip[]): void {
  const speakerOf = new Map(clips.map((clip) => [clip.id, `${clip.corpus}/${clip.speaker}`]));
  const heard = new Set([...split.train, ...split.validation].map((id) => speakerOf.get(id)));
  const shared = new Set(split.test.map((id) => speakerOf.get(id)).filter((speaker) => heard.has(speaker)));
  if (shared.size > 0) {
    throw new UserError(
      `${split.name}: speakers on both sides of the split: ${[...shared].sort().join(", ")}`,
    );
  }
}

/**
 * A split without the unreadable clips. Splitting the remaining clips anew could move speakers between parts.
 *
 * @param readable the ids of the readable clips
 */
export function readablePart(split: Split, readable: { has(id: string): boolean }): Split {
  const lists = LISTS.filter((list) => split[list]);
  return {
    ...split,
    ...Object.fromEntries(lists.map((list) => [list, split[list]!.filter((id) => readable.has(id))])),
  };
}

function byList(corpus: string, clips: readonly Clip[]): Fold | undefined {
  const held = HELD_OUT[corpus];
  if (!held) return undefined;
  const test = saidBy(held.test);
  const validation =
    held.validation === "words"
      ? everyFifthWord(clips.filter((clip) => !test(clip)))
      : saidBy(held.validation);
  const placeOf = parts(test, validation);
  if (new Set(clips.map(placeOf)).size < 3) return undefined;
  const validates =
    held.validation === "words" ? "one word in five of the other speaker" : short(held.validation);
  return {
    placeOf,
    description: `test ${short(held.test)}, validation ${validates} (${held.source})`,
  };
}

function byDraw(corpus: string, clips: readonly Clip[], version: 1 | 2): Fold {
  const speakers = [...new Set(clips.map((clip) => clip.speaker))].sort(byText);
  if (speakers.length < 3) {
    throw new UserError(
      `${corpus} has clips of ${plural(speakers.length, "speaker")}: ` +
        "a split by speakers needs at least three (training, validation, test)",
    );
  }
  const [test, validation] = version === 1 ? drawnBySpeaker(corpus, speakers) : dealtByClass(corpus, clips);
  const placeOf = parts(saidBy(test), saidBy(validation));
  return {
    placeOf,
    description: `test ${short(test)}, validation ${short(validation)} (drawn)${lacking({ placeOf }, clips)}`,
  };
}

type Drawn = [test: string[], validation: string[]];

function drawnBySpeaker(corpus: string, speakers: readonly string[]): Drawn {
  const share = Math.ceil(speakers.length / 5);
  const drawn = random(`${corpus}/held-out`).shuffle(speakers);
  return [drawn.slice(0, share).sort(byText), drawn.slice(share, 2 * share).sort(byText)];
}

/** A fifth of the speakers for each part (one, with fewer than five speakers), with every class if the speakers allow it. */
function dealtByClass(corpus: string, clips: readonly Clip[]): Drawn {
  const groups = classCounts(clips, ({ speaker }) => speaker);
  const folds = deal(groups, Math.min(5, groups.size), `${corpus}/held-out`);
  // Rare classes may be in few folds: take the first pair with the most classes in the three parts.
  const pairs = folds.flatMap((test) =>
    folds.flatMap((validation): Drawn[] => (test === validation ? [] : [[[...test], [...validation]]])),
  );
  const classesIn = (drawn: Drawn) => {
    const placeOf = parts(saidBy(drawn[0]), saidBy(drawn[1]));
    return new Set(clips.map((clip) => `${placeOf(clip)} ${clip.emotion}`)).size;
  };
  const sizes = pairs.map(classesIn);
  const [test, validation] = pairs[sizes.indexOf(Math.max(...sizes))]!;
  return [test.sort(byText), validation.sort(byText)];
}
