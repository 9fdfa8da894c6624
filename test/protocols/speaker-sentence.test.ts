import { expect, test } from "vitest";
import { auditSplit } from "../../lib/protocols/audit.js";
import { groupOf } from "../../lib/protocols/groups.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { SPEAKER_SENTENCE } from "../../lib/protocols/speaker-sentence.js";
import type { Split } from "../../lib/protocols/types.js";
import { CLIPS, emotionsOf, groupsOf, sizesOf } from "./published.js";

const planOf = (corpus: string) => protocolNamed(`${corpus}/speaker-sentence`).plan(CLIPS);
const clipOf = new Map(CLIPS.map((clip) => [clip.id, clip]));
const samples = new Map(CLIPS.map(({ id }) => [id, id]));

/** [test, validation] speakers and sentences of a fold. */
const sides = (fold: Split) =>
  (["test", "validation"] as const).map((part) =>
    (["speaker", "sentence"] as const).map((group) => groupsOf(fold[part], group)),
  );

test("five protocols, each of which passes its audit in every fold", () => {
  expect(SPEAKER_SENTENCE.map(({ name }) => name.split("/")[0])).toEqual([
    ...["ravdess", "tess", "savee", "cremad", "combined"],
  ]);
  for (const protocol of SPEAKER_SENTENCE) {
    const plan = protocol.plan(CLIPS);
    for (const fold of plan.folds) {
      expect(auditSplit(plan, fold, samples).passed).toBe(true);
      const heard = [...fold.train, ...fold.validation, ...(fold.refit ?? [])];
      for (const group of ["speaker", "sentence"] as const) {
        const known = new Set(heard.map((id) => groupOf(clipOf.get(id)!, group)));
        expect(fold.test.filter((id) => known.has(groupOf(clipOf.get(id)!, group)))).toEqual([]);
      }
    }
  }
});

test("RAVDESS: twelve folds; every clip tested once, calm kept; validation says what trains", () => {
  const plan = planOf("ravdess");
  expect(plan.folds.length).toBe(12);
  expect(plan.classes.length).toBe(8);
  expect(plan.folds.flatMap((fold) => fold.test).sort()).toEqual(plan.clips.map(({ id }) => id));
  for (const fold of plan.folds) {
    expect(sizesOf(fold)).toEqual([480, 120, 120]);
    expect(fold.refit).toBeUndefined();
    expect(groupsOf(fold.validation, "sentence")).toEqual(groupsOf(fold.train, "sentence"));
  }
});

test("TESS: ten folds of 40 words; the speaker that trains validates by other words", () => {
  const plan = planOf("tess");
  expect(plan.folds.length).toBe(10);
  expect(plan.folds.flatMap((fold) => fold.test).length).toBe(2800);
  for (const fold of plan.folds) {
    expect(sizesOf(fold)).toEqual([3 * 280, 280, 280]);
    expect(groupsOf(fold.validation, "speaker")).toEqual(groupsOf(fold.train, "speaker"));
    const trained = groupsOf(fold.train, "sentence");
    expect(trained.length).toBe(120);
    expect(groupsOf(fold.validation, "sentence").filter((word) => trained.includes(word))).toEqual([]);
  }
});

test("SAVEE: 24 folds of 20 clips; common sentences are spread, and every part has all emotions", () => {
  const plan = planOf("savee");
  expect(plan.together).toBe(true);
  expect(plan.folds.length).toBe(24);
  expect(plan.folds.flatMap((fold) => fold.test).sort()).toEqual(plan.clips.map(({ id }) => id));
  for (const fold of plan.folds) {
    expect(sizesOf(fold)).toEqual([160, 20, 20]);
    // Of three speakers that are not tested 100 clips each say other sentences.
    expect(fold.refit!.length).toBe(300 - 160 - 20);
    const { neutral, ...others } = emotionsOf(plan, fold.test);
    expect(neutral).toBe(5);
    for (const count of Object.values(others)) expect([2, 3]).toContain(count);
    expect(Object.keys(others).length).toBe(6);
    const common = groupsOf(fold.test, "sentence").filter((name) => /^0\d$/.test(name));
    expect(common.length).toBeLessThanOrEqual(1);
  }
  const [[tested], [judged]] = sides(plan.folds[0]!) as [string[][], string[][]];
  expect([tested, judged]).toEqual([["JE"], ["JK"]]);
});

test("CREMA-D: audEERING's 17 speakers, each of their clips once, in four folds of three sentences", () => {
  const plan = planOf("cremad");
  expect(plan.folds.map((fold) => groupsOf(fold.test, "sentence").join(" "))).toEqual([
    ...["DFA IEO IOM", "ITH ITS IWL", "IWW MTI TAI", "TIE TSI WSI"],
  ]);
  const published = protocolNamed("cremad/audeering").plan(CLIPS).folds[0]!;
  expect(plan.folds.flatMap((fold) => fold.test).sort()).toEqual(published.test);
  plan.folds.forEach((fold, i) => {
    const [[, next]] = sides(plan.folds[(i + 1) % 4]!) as [string[][]];
    expect(groupsOf(fold.validation, "sentence")).toEqual(next);
    expect(groupsOf(fold.validation, "speaker").length).toBe(18);
    expect(groupsOf(fold.train, "speaker").length).toBe(56);
  });
});

test("combined: two folds by halves of every corpus's sentences, of which the test clips are those of one fold", () => {
  const plan = planOf("combined");
  expect(plan.folds.length).toBe(2);
  const whole = protocolNamed("combined/speaker-independent").plan(CLIPS).folds[0]!;
  expect(plan.folds.flatMap((fold) => fold.test).sort()).toEqual(whole.test);
  for (const fold of plan.folds) {
    for (const part of ["train", "validation"] as const) {
      const own = new Set(whole[part]);
      expect(fold[part].every((id) => own.has(id))).toBe(true);
    }
    expect(Object.keys(emotionsOf(plan, fold.test)).length).toBe(7);
    for (const corpus of ["ravdess", "tess", "savee", "cremad"])
      expect(fold.test.some((id) => id.startsWith(corpus))).toBe(true);
  }
});

test("a corpus that lacks a speaker is refused by name", () => {
  const some = CLIPS.filter(({ corpus, speaker }) => corpus !== "savee" || speaker !== "KL");
  expect(() => protocolNamed("savee/speaker-sentence").plan(some)).toThrow(/no clips of KL/);
});
