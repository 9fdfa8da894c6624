import { UsageError, UserError } from "../base/errors.js";
import { groupBy } from "../base/group.js";
import { random } from "../base/random.js";
import { byText } from "../base/text.js";
import type { Calm, Clip } from "../corpora/clip.js";
import { crossing, define, short } from "./define.js";
import { groupOf } from "./groups.js";
import { matched } from "./matched.js";
import { calmOf, queryOf } from "./query.js";
import { type Fold, GROUPS, type Group, type Protocol } from "./types.js";

/**
 * Grouped k-fold of any corpus by any of its metadata: groups go, largest first and equals in an order drawn once and for
 * all, to the fold that has the fewest clips (as scikit-learn's `GroupKFold` does). The next fold validates. By two things
 * at once, as `speaker,sentence`, folds are crossed: `folds` times `folds`, each clip tested once, and what shares but one
 * of them with the test is in no part.
 *
 * @param corpus its name, also of a manifest
 * @param query `group=speaker&folds=5&calm=merge`, any of which may be left out; `match` with two groups
 * @throws {UsageError} for a setting that makes no sense
 */
export function grouped(corpus: string, query?: string): Protocol {
  const settings = queryOf(`grouped/${corpus}`, query, ["group", "folds", "calm", "match"]);
  const apart = groupsNamed(settings.group);
  const count = foldsOf(settings.folds);
  const calm = calmOf(`grouped/${corpus}`, settings.calm);
  if (!/^[a-z][a-z0-9_-]*$/.test(corpus)) {
    throw new UsageError(`"${corpus}" is no corpus: grouped/CORPUS?group=speaker&folds=5, for example`);
  }
  const twin = settings.match !== undefined;
  if (twin && apart.join() !== "speaker,sentence")
    throw new UsageError(`match is of group=speaker,sentence: it draws other sentences of the same speakers`);
  const protocol = protocolOf(corpus, apart, count, calm);
  return twin ? matched(protocol) : protocol;
}

function protocolOf(corpus: string, apart: readonly Group[], count: number, calm: Calm): Protocol {
  const name = `grouped/${corpus}?group=${apart}&folds=${count}${calm === "merge" ? "" : `&calm=${calm}`}`;
  const crossed = apart.length > 1;
  return define(
    {
      ...{ name, version: 1, source: "fixed here", corpora: [corpus], calm },
      description: crossed
        ? `${corpus} in ${count} times ${count} folds by ${apart.join(" and ")}; the next fold by both validates; all folds choose together`
        : `${corpus} in ${count} folds by ${apart[0]}; the next fold validates`,
      ...{ apart, validationApart: apart, leaky: false },
      // A fold's validation part is one clip in `folds` times `folds`.
      ...(crossed && { together: true }),
    },
    (clips) => {
      const dealt = apart.map((group) => deal(groupsOf(clips, group, name), count, name, group));
      return cellsOf(dealt).flatMap((cell): Fold[] => {
        const next = cell.map((i) => (i + 1) % count);
        const among = (at: readonly number[]) =>
          apart.map((group, g) => (clip: Clip) => dealt[g]![at[g]!]!.has(groupOf(clip, group)!));
        const words = (at: readonly number[]) =>
          dealt.map((folds, g) => short([...folds[at[g]!]!].map(plain).sort(byText), apart[g])).join(", ");
        const test = among(cell);
        // Where not everybody says everything, nobody of a test fold's speakers may say its sentences.
        if (!clips.some((clip) => test.every((one) => one(clip)))) return [];
        return [
          {
            description: `test ${words(cell)}${crossed ? ";" : ","} validation ${words(next)}`,
            placeOf: crossing(test, among(next)),
          },
        ];
      });
    },
  );
}

/** Every combination of a fold of each group, the last one going round first. */
function cellsOf(dealt: readonly (readonly unknown[])[]): number[][] {
  return dealt.reduce<number[][]>(
    (cells, folds) => cells.flatMap((cell) => folds.map((_, i) => [...cell, i])),
    [[]],
  );
}

/** One group, or two different ones in the order of {@link GROUPS}. */
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

/** Each group with the number of its clips. */
function groupsOf(clips: readonly Clip[], group: Group, name: string): [string, number][] {
  const without = clips.filter((clip) => groupOf(clip, group) === undefined);
  if (without.length > 0) {
    throw new UserError(
      `${name}: the ${group} of ${without.length} clips is not known, of ${without[0]!.id} for example: ` +
        "give it in the manifest, or split by something else",
    );
  }
  return [...groupBy(clips, (clip) => groupOf(clip, group)!)].map(([key, own]) => [key, own.length]);
}

function deal(groups: readonly [string, number][], count: number, name: string, group: Group): Set<string>[] {
  if (groups.length < count) {
    throw new UserError(
      `${name}: there are only ${groups.length} groups for ${count} folds by ${group}: ${groups.length < 3 ? "split by something else" : "take fewer folds"}`,
    );
  }
  const folds = Array.from({ length: count }, () => ({ clips: 0, groups: new Set<string>() }));
  const drawn = random(name).shuffle([...groups].sort(([a], [b]) => byText(a, b)));
  for (const [group, size] of drawn.sort(([, a], [, b]) => b - a)) {
    const lightest = folds.reduce((best, fold) => (fold.clips < best.clips ? fold : best));
    lightest.groups.add(group);
    lightest.clips += size;
  }
  return folds.map((fold) => fold.groups);
}

/** Without the corpus. */
function plain(group: string): string {
  return group.slice(group.indexOf("/") + 1);
}
