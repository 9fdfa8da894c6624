import { UsageError, UserError } from "../base/errors.js";
import { random } from "../base/random.js";
import { byText, plural } from "../base/text.js";
import type { Calm, Clip } from "../corpora/clip.js";
import { classCounts, deal } from "./deal.js";
import { crossing, define, lacking, short } from "./define.js";
import { groupOf } from "./groups.js";
import { matched } from "./matched.js";
import { assertCorpus, calmOf, isSet, queryOf } from "./query.js";
import { SPEAKER_SENTENCE } from "./speaker-sentence.js";
import { type Fold, GROUPS, type Group, type Protocol } from "./types.js";

/**
 * Grouped k-fold of any corpus by any of its metadata. Groups are dealt by `deal`, so that folds have similar class shares.
 * (In version 1 they go, largest first, to the fold with the fewest clips, as in scikit-learn's `GroupKFold`; a fold may then
 * lack a class.) The next fold validates. With two groups, as `speaker,sentence`, folds are crossed: `folds` times `folds`,
 * each clip is tested once, and clips that share only one of the two with the test part are in no part.
 *
 * @param corpus its name, also one of a manifest
 * @param query `group=speaker&folds=5&calm=merge`, any of which may be left out; `match` with two groups
 * @param version 2, or 1 to reproduce older runs
 * @throws {UsageError} for an invalid setting
 */
export function grouped(corpus: string, query?: string, version: 1 | 2 = 2): Protocol {
  const settings = queryOf(`grouped/${corpus}`, query, ["group", "folds", "calm", "match"]);
  const apart = groupsNamed(settings.group);
  const count = foldsOf(settings.folds);
  const calm = calmOf(`grouped/${corpus}`, settings.calm);
  assertCorpus(corpus, "grouped/CORPUS?group=speaker&folds=5");
  const twin = isSet(`grouped/${corpus}`, "match", settings.match);
  if (twin && apart.join() !== "speaker,sentence")
    throw new UsageError(`match needs group=speaker,sentence: it draws other sentences of the same speakers`);
  if (version === 1 && apart.length > 1)
    throw new UsageError(`grouped/${corpus} with two groups has no version 1: leave the version out`);
  const protocol = protocolOf({ corpus, apart, count, calm, version });
  return twin ? matched(protocol) : protocol;
}

interface Settings {
  corpus: string;
  apart: readonly Group[];
  count: number;
  calm: Calm;
  version: 1 | 2;
}

function protocolOf({ corpus, apart, count, calm, version }: Settings): Protocol {
  const name = `grouped/${corpus}?group=${apart}&folds=${count}${calm === "merge" ? "" : `&calm=${calm}`}`;
  const crossed = apart.length > 1;
  return define(
    {
      ...{ name, version, source: "fixed here", corpora: [corpus], calm },
      description: crossed
        ? `${corpus} in ${count} times ${count} folds by ${apart.join(" and ")}; the next fold by both validates; all folds choose together`
        : `${corpus} in ${count} folds by ${apart[0]}; the next fold validates`,
      ...{ apart, validationApart: apart, leaky: false },
      // A fold's validation part is one clip in `folds` times `folds`.
      ...(crossed && { together: true }),
    },
    (clips) => {
      const dealt = apart.map((group) => {
        const groups = groupsOf(clips, group, name);
        assertEnough(groups.size, count, name, group);
        return version === 1 ? byClips(groups, count, name) : deal(groups, count, `${name}/${group}`);
      });
      return cellsOf(dealt).flatMap((cell): Fold[] => {
        const next = cell.map((i) => (i + 1) % count);
        const among = (at: readonly number[]) =>
          apart.map((group, g) => (clip: Clip) => dealt[g]![at[g]!]!.has(groupOf(clip, group)!));
        const words = (at: readonly number[]) =>
          dealt.map((folds, g) => short([...folds[at[g]!]!].map(plain).sort(byText), apart[g])).join(", ");
        const test = among(cell);
        // If not every speaker says every sentence, a test fold may be empty.
        if (!clips.some((clip) => test.every((one) => one(clip)))) return [];
        const placeOf = crossing(test, among(next));
        const parts = `test ${words(cell)}${crossed ? ";" : ","} validation ${words(next)}`;
        return [{ description: version === 1 ? parts : `${parts}${lacking({ placeOf }, clips)}`, placeOf }];
      });
    },
  );
}

/** Every combination of a fold of each group, the last group varying fastest. */
function cellsOf(dealt: readonly (readonly unknown[])[]): number[][] {
  return dealt.reduce<number[][]>(
    (cells, folds) => cells.flatMap((cell) => folds.map((_, i) => [...cell, i])),
    [[]],
  );
}

/** One group, or two different ones in the order of `GROUPS`. */
function groupsNamed(text: string = "speaker"): Group[] {
  const names = text.split(",");
  const groups = GROUPS.filter((name) => names.includes(name));
  if (groups.length === names.length && groups.length <= 2) return groups;
  throw new UsageError(`group is "${text}": it takes ${GROUPS.join(", ")}, or two of them: speaker,sentence`);
}

function foldsOf(text: string = "5"): number {
  const folds = Number(text);
  if (Number.isInteger(folds) && folds >= 3 && folds <= 1000) return folds;
  throw new UsageError(`folds is "${text}": it takes a whole number of at least 3 (train, validation, test)`);
}

/** Each group with the number of its clips of each class. */
function groupsOf(clips: readonly Clip[], group: Group, name: string): Map<string, number[]> {
  const without = clips.filter((clip) => groupOf(clip, group) === undefined);
  if (without.length > 0) {
    throw new UserError(
      `${name}: the ${group} of ${without.length} clips is not known, for example of ${without[0]!.id}: ` +
        "give it in the manifest, or split by something else",
    );
  }
  return classCounts(clips, (clip) => groupOf(clip, group)!);
}

function assertEnough(groups: number, count: number, name: string, group: Group): void {
  if (groups >= count) return;
  throw new UserError(
    `${name}: there are only ${plural(groups, "group")} for ${count} folds by ${group}: ${remedyFor(name, groups, group)}`,
  );
}

function remedyFor(name: string, groups: number, group: Group): string {
  if (groups >= 3) return "take fewer folds";
  const strict = SPEAKER_SENTENCE.find(({ corpora: [corpus] }) => name.startsWith(`grouped/${corpus}?`));
  const own = group === "sentence" && strict ? `take ${strict.name}, ` : "";
  return `a fold needs three (train, validation, test): ${own}split by something else, or add clips of more groups`;
}

/** The rule of version 1: largest first, ties in an order drawn with a fixed seed, to the fold with the fewest clips. */
function byClips(groups: ReadonlyMap<string, readonly number[]>, count: number, name: string): Set<string>[] {
  const sizes = [...groups].map(([key, counts]): [string, number] => [
    key,
    counts.reduce((a, b) => a + b, 0),
  ]);
  const folds = Array.from({ length: count }, () => ({ clips: 0, groups: new Set<string>() }));
  const drawn = random(name).shuffle(sizes.sort(([a], [b]) => byText(a, b)));
  for (const [group, size] of drawn.sort(([, a], [, b]) => b - a)) {
    const lightest = folds.reduce((best, fold) => (fold.clips < best.clips ? fold : best));
    lightest.groups.add(group);
    lightest.clips += size;
  }
  return folds.map((fold) => fold.groups);
}

/** The group's name without the corpus. */
function plain(group: string): string {
  return group.slice(group.indexOf("/") + 1);
}
