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
