import { UserError } from "../base/errors.js";
import { groupBy } from "../base/group.js";
import { random } from "../base/random.js";
import type { Clip } from "../corpora/clip.js";

/** Which clips train, which choose the epoch, and which are looked at once, at the end. Clip ids. */
export interface Split {
  name: string;
  /** How the parts were made, in words. */
  description: string;
  train: string[];
  validation: string[];
  test: string[];
}

interface HeldOut {
  test: readonly string[];
  /** Speakers, or "words": one word in five of the training speaker, where there are but two speakers. */
  validation: readonly string[] | "words";
  source: string;
}

/**
 * The speakers held out of each corpus. CREMA-D: audEERING's published split of 56/18/17 speakers, version 1.1.0
 * (https://github.com/audeering/datasets). RAVDESS, SAVEE, TESS: fixed here; each part has both sexes where
 * the corpus has.
 */
const HELD_OUT: Record<string, HeldOut> = {
  ravdess: { test: ["01", "11", "20", "21"], validation: ["04", "10", "12", "14"], source: "actors" },
  tess: { test: ["YAF"], validation: "words", source: "cross-speaker" },
  savee: { test: ["KL"], validation: ["JK"], source: "speakers" },
  cremad: {
    test: numbers("1048 1069 1071 1074 1076 1077 1078 1079 1082 1083 1084 1086 1087 1088 1089 1090 1091"),
    validation: numbers(
      "1049 1053 1054 1055 1058 1059 1061 1062 1063 1064 1065 1066 1067 1068 1070 1075 1080 1085",
    ),
    source: "audEERING 1.1.0",
  },
};

/**
 * Splits clips so that no speaker of the test part is heard in training or validation, corpus by corpus.
 *
 * A corpus with a list of its own (RAVDESS, TESS, SAVEE, CREMA-D) is split by that list; any other corpus, or one
 * of which too few speakers are there, by speakers drawn once and for all: a fifth for test, a fifth for
 * validation. In TESS, which has two speakers, validation shares the training speaker but none of the words.
 *
 * @throws {UserError} when a corpus has fewer than three speakers and no list applies
 * @example const split = heldOutSpeakers(clips); // split.test: the ids of RAVDESS actors 01, 11, 20, 21
 */
export function heldOutSpeakers(clips: readonly Clip[]): Split {
  const parts = { train: [] as string[], validation: [] as string[], test: [] as string[] };
  const notes: string[] = [];
  for (const [corpus, own] of groupBy(clips, (clip) => clip.corpus)) {
    const { partOf, note } = byList(corpus, own) ?? byDraw(corpus, own);
    for (const clip of own) parts[partOf(clip)].push(clip.id);
    notes.push(`${corpus}: ${note}`);
  }
  const split = { name: "held-out speakers", description: notes.join("; "), ...parts };
  assertSpeakersApart(split, clips);
  return split;
}

/**
 * Proves that no speaker of the test part is in another part. Speakers of different corpora are different people.
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

type PartName = "train" | "validation" | "test";

interface Rule {
  partOf: (clip: Clip) => PartName;
  note: string;
}

function byList(corpus: string, clips: readonly Clip[]): Rule | undefined {
  const held = HELD_OUT[corpus];
  if (!held) return undefined;
  const { test, validation } = held;
  const words =
    validation === "words" ? everyFifthWord(clips.filter((clip) => !test.includes(clip.speaker))) : new Set();
  const partOf = (clip: Clip): PartName => {
    if (test.includes(clip.speaker)) return "test";
    const held = validation === "words" ? words.has(clip.sentenceId) : validation.includes(clip.speaker);
    return held ? "validation" : "train";
  };
  const found = new Set(clips.map(partOf));
  if (found.size < 3) return undefined;
  const heldForValidation =
    validation === "words" ? "one word in five of the other speaker" : short(validation);
  return {
    partOf,
    note: `test ${short(test)}, validation ${heldForValidation} (${held.source})`,
  };
}

function byDraw(corpus: string, clips: readonly Clip[]): Rule {
  const speakers = [...new Set(clips.map((clip) => clip.speaker))].sort();
  if (speakers.length < 3) {
    throw new UserError(
      `${corpus} has clips of ${speakers.length} speaker${speakers.length === 1 ? "" : "s"}: ` +
        "a split by speakers needs at least three (training, validation, test)",
    );
  }
  const share = Math.ceil(speakers.length / 5);
  const drawn = random(`${corpus}/held-out`).shuffle(speakers);
  const test = drawn.slice(0, share).sort();
  const validation = drawn.slice(share, 2 * share).sort();
  return {
    partOf: (clip) =>
      test.includes(clip.speaker) ? "test" : validation.includes(clip.speaker) ? "validation" : "train",
    note: `test ${short(test)}, validation ${short(validation)} (drawn)`,
  };
}

function everyFifthWord(clips: readonly Clip[]): Set<string | undefined> {
  const words = [...new Set(clips.map((clip) => clip.sentenceId))].sort();
  return new Set(words.filter((_, i) => i % 5 === 2));
}

function short(speakers: readonly string[]): string {
  return speakers.length <= 6 ? speakers.join(" ") : `${speakers.length} speakers`;
}

function numbers(text: string): string[] {
  return text.split(" ");
}
