import { expect, test } from "vitest";
import { loso } from "../../lib/protocols/savee.js";
import { fixture } from "../features/fixture.js";
import { CLIPS, groupsOf, sizesOf } from "./published.js";

const published = fixture<{ savee: { test: string[] }[] }>("splits/emobox").savee;

test("the folds are EmoBox's, in its order; the next speaker validates", () => {
  const { folds } = loso.plan(CLIPS);
  expect(folds.map((fold) => groupsOf(fold.test, "speaker"))).toEqual(published.map((fold) => fold.test));
  const next = { DC: "JE", JE: "JK", JK: "KL", KL: "DC" };
  for (const fold of folds) {
    const [held] = groupsOf(fold.test, "speaker");
    expect(groupsOf(fold.validation, "speaker")).toEqual([next[held as keyof typeof next]]);
    expect(sizesOf(fold)).toEqual([240, 120, 120]);
  }
});
