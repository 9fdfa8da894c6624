import fc from "fast-check";
import { expect, test } from "vitest";
import { classCounts, deal, dealInOrder } from "../../lib/protocols/deal.js";
import { ownClip } from "./published.js";

/** Clips of three classes by eleven speakers. */
const GROUPS = new Map(
  Object.entries({
    ...{ s00: [8, 3, 8], s01: [8, 0, 5], s02: [3, 5, 7], s03: [6, 0, 4], s04: [7, 8, 1], s05: [6, 2, 2] },
    ...{ s06: [1, 3, 5], s07: [8, 1, 8], s08: [7, 8, 1], s09: [0, 5, 4], s10: [1, 5, 4] },
  }),
);

/** scikit-learn 1.9.1, `StratifiedGroupKFold(k)` on these clips. */
const SKLEARN: Record<number, string> = {
  3: "s00 s07 s09 | s01 s06 s08 s10 | s02 s03 s04 s05",
  4: "s01 s02 s09 | s03 s04 s10 | s00 s08 | s05 s06 s07",
  5: "s05 s07 s10 | s01 s09 | s02 s04 | s06 s08 | s00 s03",
};

test.each([3, 4, 5])("%d folds have the groups that scikit-learn's have", (count) => {
  const folds = dealInOrder(GROUPS, [...GROUPS.keys()], count);
  expect(folds.map((fold) => [...fold].sort().join(" ")).join(" | ")).toBe(SKLEARN[count]);
});

test("every group is in one fold, and the draw is the same whatever the order of the groups", () => {
  const group = fc
    .tuple(fc.nat(9), fc.nat(9), fc.nat(9))
    .filter((counts) => counts.some((clips) => clips > 0));
  fc.assert(
    fc.property(
      fc.array(group, { minLength: 3, maxLength: 20 }),
      fc.integer({ min: 3, max: 5 }),
      (counts, wanted) => {
        const count = Math.min(wanted, counts.length);
        const groups = new Map(counts.map((own, i) => [`g${i}`, own]));
        const folds = deal(groups, count, "a test");
        expect(folds.flatMap((fold) => [...fold]).sort()).toEqual([...groups.keys()].sort());
        const names = (all: Set<string>[]) => all.map((fold) => [...fold].sort());
        expect(names(deal(new Map([...groups].reverse()), count, "a test"))).toEqual(names(folds));
      },
    ),
    { seed: 4, numRuns: 50 },
  );
});

test("a class that as many speakers have as there are folds is in every fold", () => {
  for (const seed of ["a", "b", "c", "d"]) {
    // Ten speakers, five of whom are ever afraid.
    const groups = new Map(Array.from({ length: 10 }, (_, i) => [`s${i}`, i % 2 === 0 ? [6, 1] : [7, 0]]));
    for (const fold of deal(groups, 5, seed))
      expect([...fold].some((name) => groups.get(name)![1]! > 0)).toBe(true);
  }
});

test("clips are counted by group and class", () => {
  const clips = [
    ownClip("1", "a", { emotion: "fear" }),
    ownClip("2", "b"),
    ownClip("3", "a", { emotion: "boredom" }),
    ownClip("4", "a", { emotion: "fear" }),
  ];
  // Anger, fear, boredom.
  expect(classCounts(clips, ({ speaker }) => speaker)).toEqual(
    new Map([
      ["a", [0, 2, 1]],
      ["b", [1, 0, 0]],
    ]),
  );
});
