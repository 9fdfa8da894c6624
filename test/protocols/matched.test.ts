import { expect, test } from "vitest";
import { groupOf } from "../../lib/protocols/groups.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { SPEAKER_SENTENCE } from "../../lib/protocols/speaker-sentence.js";
import type { Plan } from "../../lib/protocols/types.js";
import { CLIPS, groupsOf } from "./published.js";

const NAMES = [
  ...SPEAKER_SENTENCE.map(({ name }) => name),
  "grouped/savee?group=speaker,sentence&folds=3",
  "grouped/cremad?group=speaker,sentence&folds=3",
];
const twinOf = (name: string) => protocolNamed(`${name}${name.includes("?") ? "&" : "?"}match`);

/** How many clips of each speaker and class. */
function kinds({ clips }: Plan, ids: readonly string[]): Record<string, number> {
  const own = new Set(ids);
  const counts: Record<string, number> = {};
  for (const clip of clips) {
    if (!own.has(clip.id)) continue;
    const key = `${groupOf(clip, "speaker")} ${clip.emotion}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

test.each(NAMES)(
  "%s: its twin tests and validates by the same clips and trains on as many of each kind",
  (name) => {
    const strict = protocolNamed(name).plan(CLIPS);
    const plan = twinOf(name).plan(CLIPS);
    expect(plan.classes).toEqual(strict.classes);
    expect(plan.together).toBe(strict.together);
    expect(plan.folds.length).toBe(strict.folds.length);
    plan.folds.forEach((fold, i) => {
      const other = strict.folds[i]!;
      expect([fold.test, fold.validation]).toEqual([other.test, other.validation]);
      for (const list of ["train", "refit"] as const)
        expect(kinds(plan, fold[list] ?? [])).toEqual(kinds(strict, other[list] ?? []));
    });
    expect(plan.apart).toEqual(["speaker"]);
  },
);

test("it hears the sentences of the test part, by others than the test speakers", () => {
  const plan = twinOf("savee/speaker-sentence").plan(CLIPS);
  for (const fold of plan.folds) {
    const trained = groupsOf([...fold.train, ...fold.refit!], "sentence");
    const shared = groupsOf(fold.test, "sentence").filter((one) => trained.includes(one));
    expect(shared.length).toBeGreaterThan(5);
    expect(groupsOf(fold.train, "speaker")).not.toContain(groupsOf(fold.test, "speaker")[0]);
  }
});

test("what it draws is the same everywhere: it is drawn by the names alone", () => {
  const [fold] = twinOf("ravdess/speaker-sentence").plan(CLIPS).folds;
  const [again] = twinOf("ravdess/speaker-sentence").plan([...CLIPS].reverse()).folds;
  expect(again).toEqual(fold);
  // Drawn once and for all.
  expect(fold!.train.slice(0, 3)).toEqual([
    "ravdess/03-01-01-01-01-01-02",
    "ravdess/03-01-01-01-01-01-07",
    "ravdess/03-01-01-01-01-01-08",
  ]);
});
