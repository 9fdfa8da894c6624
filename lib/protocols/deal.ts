import { random } from "../base/random.js";
import type { Clip } from "../corpora/clip.js";
import { classesOf } from "../corpora/registry.js";

/** Maximum number of draws, to get every class into as many folds as possible. */
const DRAWS = 100;

/**
 * Deals groups, such as speakers, into folds with similar class shares: scikit-learn's `StratifiedGroupKFold`, with ties in
 * random order. Groups with the most uneven classes come first, and each goes to the fold that leaves the shares of the
 * classes most even. Of up to 100 draws the first is taken that has every class in as many folds as its groups allow, else
 * the one that comes nearest.
 *
 * @param groups for each group the number of clips of each class, always in the same order of classes
 * @param count number of folds, at most the number of groups
 * @param seed names the draw
 * @returns the groups of each fold
 * @example deal(new Map([["a", [2, 1]], ["b", [1, 2]], ["c", [2, 2]]]), 3, "own/speaker")
 */
export function deal(
  groups: ReadonlyMap<string, readonly number[]>,
  count: number,
  seed: string,
): Set<string>[] {
  const names = [...groups.keys()].sort();
  const rng = random(seed);
  let best: { folds: Set<string>[]; covered: number } | undefined;
  const most = coverable(groups, count);
  for (let draw = 0; draw < DRAWS && (best?.covered ?? -1) < most; draw++) {
    const folds = dealInOrder(groups, rng.shuffle(names), count);
    const covered = coveredBy(groups, folds);
    if (!best || covered > best.covered) best = { folds, covered };
  }
  return best!.folds;
}

/** For each group of clips the number of clips of each class, in the order of `classesOf`. */
export function classCounts(clips: readonly Clip[], keyOf: (clip: Clip) => string): Map<string, number[]> {
  const classes = classesOf(clips);
  const groups = new Map<string, number[]>();
  for (const clip of clips) {
    const counts = groups.get(keyOf(clip)) ?? classes.map(() => 0);
    counts[classes.indexOf(clip.emotion)]!++;
    groups.set(keyOf(clip), counts);
  }
  return groups;
}

/**
 * `deal` for one order of the groups.
 *
 * @param order of the groups, which breaks ties
 */
export function dealInOrder(
  groups: ReadonlyMap<string, readonly number[]>,
  order: readonly string[],
  count: number,
): Set<string>[] {
  const totals = sumOf([...groups.values()]);
  const folds = Array.from({ length: count }, () => ({
    names: new Set<string>(),
    counts: totals.map(() => 0),
    clips: 0,
  }));
  const uneven = (name: string) => deviation(groups.get(name)!);
  for (const name of [...order].sort((a, b) => uneven(b) - uneven(a))) {
    const own = groups.get(name)!;
    let best = { fold: folds[0]!, value: Number.POSITIVE_INFINITY, clips: Number.POSITIVE_INFINITY };
    for (const fold of folds) {
      const value = unevenness(
        folds.map((one) => (one === fold ? sumOf([one.counts, own]) : one.counts)),
        totals,
      );
      const { clips } = fold;
      const equal = Math.abs(value - best.value) <= 1e-8 + 1e-5 * Math.abs(best.value);
      if (value < best.value || (equal && clips < best.clips)) best = { fold, value, clips };
    }
    best.fold.names.add(name);
    best.fold.counts = sumOf([best.fold.counts, own]);
    best.fold.clips += own.reduce((a, b) => a + b, 0);
  }
  return folds.map(({ names }) => names);
}

/** The mean over the classes of the standard deviation over the folds of the class's share. */
function unevenness(counts: readonly (readonly number[])[], totals: readonly number[]): number {
  const each = totals.map((total, c) => deviation(counts.map((own) => own[c]! / Math.max(total, 1))));
  return each.reduce((a, b) => a + b, 0) / each.length;
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

function sumOf(rows: readonly (readonly number[])[]): number[] {
  return rows[0]!.map((_, c) => rows.reduce((sum, row) => sum + row[c]!, 0));
}

/** Number of pairs of a class and a fold that are possible: for each class one fold per group that has it, at most all. */
function coverable(groups: ReadonlyMap<string, readonly number[]>, count: number): number {
  const all = [...groups.values()];
  return sumOf(all.map((own) => own.map((clips) => Number(clips > 0)))).reduce(
    (sum, having) => sum + Math.min(having, count),
    0,
  );
}

/** Number of pairs of a class and a fold that has it. */
function coveredBy(
  groups: ReadonlyMap<string, readonly number[]>,
  folds: readonly ReadonlySet<string>[],
): number {
  return folds.reduce((sum, fold) => {
    if (fold.size === 0) return sum;
    return sum + sumOf([...fold].map((name) => groups.get(name)!)).filter((clips) => clips > 0).length;
  }, 0);
}
