import fc from "fast-check";
import { expect, test } from "vitest";
import type { Clip } from "../../lib/corpora/clip.js";
import { savee } from "../../lib/corpora/savee.js";
import { parseGrid } from "../../lib/experiments/grid.js";
import { firstRunsOf, planGrid, planOf, shardOf } from "../../lib/experiments/plan.js";

const CLIPS: Clip[] = savee.expectedIds().map((id) => {
  const name = savee.parse(`${id.slice("savee/".length)}.wav`)!;
  return { ...name, path: "", synthetic: false };
});

const grid = (block: object) =>
  parseGrid({ name: "g", runs: [{ protocols: ["savee/loso"], models: ["cnn"], ...block }] });

test("a run for each fold, all named differently, whatever the order of the clips", () => {
  const runs = planGrid(grid({ seeds: [1, 2] }), CLIPS);
  expect(runs.map(({ fold, settings }) => `${fold.name} ${settings.training.seed}`)).toEqual([
    ...["1 1", "2 1", "3 1", "4 1", "1 2", "2 2", "3 2", "4 2"],
  ]);
  const names = runs.map(({ name }) => name);
  expect(new Set(names).size).toBe(8);
  expect(names[0]).toMatch(/^savee-loso-1-cnn-[0-9a-f]{12}$/);
  expect(planGrid(grid({ seeds: [1, 2] }), [...CLIPS].reverse()).map(({ name }) => name)).toEqual(names);
  const both = parseGrid({ ...grid({}), runs: [grid({}).runs[0], { ...grid({}).runs[0], folds: ["2"] }] });
  expect(planGrid(both, CLIPS).length).toBe(4);
});

test("runs of folds that choose together wait for the first training of every fold, each once", () => {
  const protocols = ["savee/speaker-sentence"];
  const runs = planGrid(grid({ protocols, folds: [1, 2], models: ["linear"] }), CLIPS);
  const first = firstRunsOf(runs);
  expect(first.length).toBe(24);
  expect(new Set(first.map(({ fold }) => fold.name)).size).toBe(24);
  expect(first.every(({ settings }) => settings.score === "none")).toBe(true);
  expect(firstRunsOf([...runs, ...first]).map(({ name }) => name)).toEqual(first.map(({ name }) => name));
  expect(firstRunsOf(planGrid(grid({}), CLIPS))).toEqual([]);
});

test("folds, protocols and targets that are not there are named", () => {
  expect(() => planGrid(grid({ folds: [9] }), CLIPS)).toThrow('savee/loso@1 has no fold "9": there are 1, 2');
  expect(() => planGrid(grid({ protocols: ["savee/x"] }), CLIPS)).toThrow("no protocol");
  expect(() => planGrid(grid({ targets: ["perceived"] }), CLIPS)).toThrow("tabulatedVotes.csv");
});

test("the perceived emotion takes the place of the intended one, and clips without one are left out", () => {
  const half = CLIPS.filter((_, i) => i % 2 === 0);
  const heard = new Map(half.map(({ id }) => [id, "neutral" as const]));
  const plan = planOf("savee/loso", "perceived", CLIPS, heard);
  expect(plan.clips.map(({ id }) => id).sort()).toEqual(half.map(({ id }) => id).sort());
  expect(plan.classes).toEqual(["neutral"]);
});

test("shards are disjoint, and together they are all", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string()), fc.integer({ min: 1, max: 9 }), (names, n) => {
      const runs = names.map((name) => ({ name }));
      const dealt = Array.from({ length: n }, (_, i) => shardOf(runs, `${i + 1}/${n}`));
      expect(
        dealt
          .flat()
          .map(({ name }) => name)
          .sort(),
      ).toEqual([...names].sort());
      const sizes = dealt.map(({ length }) => length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
    { seed: 1 },
  );
  for (const wrong of ["0/3", "4/3", "1", "1/0", "a/b", "1/2/3", "-1/2"]) {
    expect(() => shardOf([], wrong)).toThrow(`--shard ${wrong}: it takes i/n`);
  }
});
