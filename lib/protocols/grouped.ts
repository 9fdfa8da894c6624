import { UsageError, UserError } from "../base/errors.js";
import { groupBy } from "../base/group.js";
import { random } from "../base/random.js";
import { byText } from "../base/text.js";
import type { Clip } from "../corpora/clip.js";
import { define, parts, short } from "./define.js";
import { groupOf } from "./groups.js";
import { calmOf, queryOf } from "./query.js";
import { GROUPS, type Group, type Protocol } from "./types.js";

/**
 * Grouped k-fold of any corpus by any of its metadata: groups go, largest first and equals in an order drawn once and for
 * all, to the fold that has the fewest clips (as scikit-learn's `GroupKFold` does). The next fold validates.
 *
 * @param corpus its name, also of a manifest
 * @param query `group=speaker&folds=5&calm=merge`, any of which may be left out
 * @throws {UsageError} for a setting that makes no sense
 */
export function grouped(corpus: string, query?: string): Protocol {
  const settings = queryOf(`grouped/${corpus}`, query, ["group", "folds", "calm"]);
  const group = groupNamed(settings.group);
  const count = foldsOf(settings.folds);
  const calm = calmOf(`grouped/${corpus}`, settings.calm);
  if (!/^[a-z][a-z0-9_-]*$/.test(corpus)) {
    throw new UsageError(`"${corpus}" is no corpus: grouped/CORPUS?group=speaker&folds=5, for example`);
  }
  const name = `grouped/${corpus}?group=${group}&folds=${count}${calm === "merge" ? "" : `&calm=${calm}`}`;
  return define(
    {
      name,
      version: 1,
      source: "fixed here",
      description: `${corpus} in ${count} folds by ${group}; the next fold validates`,
      corpora: [corpus],
      calm,
      apart: [group],
      validationApart: [group],
      leaky: false,
    },
    (clips) => {
      const folds = deal(groupsOf(clips, group, name), count, name);
      return folds.map((test, i) => {
        const validation = folds[(i + 1) % count]!;
        const among = (some: ReadonlySet<string>) => (clip: Clip) => some.has(groupOf(clip, group)!);
        const words = (some: ReadonlySet<string>) => short([...some].map(plain).sort(byText));
        return {
          description: `test ${words(test)}, validation ${words(validation)}`,
          partOf: parts(among(test), among(validation)),
        };
      });
    },
  );
}

function groupNamed(text: string = "speaker"): Group {
  const group = GROUPS.find((name) => name === text);
  if (group) return group;
  throw new UsageError(`group is "${text}": it takes ${GROUPS.join(", ")}`);
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

function deal(groups: readonly [string, number][], count: number, name: string): Set<string>[] {
  if (groups.length < count) {
    throw new UserError(
      `${name}: there are only ${groups.length} groups for ${count} folds: take fewer folds`,
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
