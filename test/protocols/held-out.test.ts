import { expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import { heldOut } from "../../lib/protocols/held-out.js";
import { heldOutSpeakers } from "../../lib/protocols/split.js";
import { CLIPS, ownClip, sizesOf } from "./published.js";

test("any clips, as heldOutSpeakers splits them", () => {
  const own = Array.from({ length: 40 }, (_, i) => ownClip(String(100 + i), `s${i % 10}`));
  const clips = [...own, ...CLIPS.filter(({ corpus }) => corpus === "savee")];
  const plan = heldOut().plan(clips);
  const split = heldOutSpeakers(plan.clips);
  expect(plan.folds.length).toBe(1);
  expect(sizesOf(plan.folds[0]!)).toEqual([24 + 240, 8 + 120, 8 + 120]);
  for (const part of ["train", "validation", "test"] as const) {
    expect(plan.folds[0]![part]).toEqual(split[part]);
  }
});

test("a class that three speakers have is in every part; version 1 drew without regard to it", () => {
  const clips = Array.from({ length: 12 }, (_, s) => s).flatMap((s) =>
    ["anger", "anger", s % 4 === 0 ? "boredom" : "anger"].map((emotion, i) =>
      ownClip(`${s}-${i}`, `s${s}`, { emotion }),
    ),
  );
  const classesIn = (version?: 1 | 2) => {
    const plan = heldOut(undefined, version).plan(clips);
    const [fold] = plan.folds;
    return (["train", "validation", "test"] as const).map(
      (part) =>
        new Set(clips.filter(({ id }) => fold![part].includes(id)).map(({ emotion }) => emotion)).size,
    );
  };
  expect(classesIn()).toEqual([2, 2, 2]);
  expect(classesIn(1)).not.toEqual([2, 2, 2]);
  expect(heldOut().version).toBe(2);
  const [rare] = heldOut().plan(
    clips.map((clip, i) => (i === 0 ? { ...clip, emotion: "fear" } : clip)),
  ).folds;
  expect(rare!.description).toMatch(/; no fear in (train|validation), no fear in (validation|test)/);
});

test("calm is merged unless something else is asked for", () => {
  const ravdess = CLIPS.filter(({ corpus }) => corpus === "ravdess");
  expect(heldOut().plan(ravdess).classes.length).toBe(7);
  const keep = heldOut("calm=keep");
  expect(keep.name).toBe("held-out?calm=keep");
  expect(keep.plan(ravdess).classes.length).toBe(8);
  expect(heldOut("calm=drop").plan(ravdess).clips.length).toBe(1440 - 192);
  expect(heldOut("calm=merge").name).toBe("held-out");
  expect(() => heldOut("calm=no")).toThrow(UsageError);
});
