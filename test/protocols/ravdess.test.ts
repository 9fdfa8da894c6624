import { expect, test } from "vitest";
import { emobox, ravdess7 } from "../../lib/protocols/ravdess.js";
import { fixture } from "../features/fixture.js";
import { CLIPS, emotionsOf, groupsOf, sizesOf } from "./published.js";

interface PublishedFold {
  test: string[];
  clips: { train: number; test: number };
  testEmotions: Record<string, number>;
}

const published = fixture<{ ravdess: PublishedFold[] }>("splits/emobox").ravdess;

test("the test parts are EmoBox's, to the speaker and the number of clips of each emotion", () => {
  const plan = emobox.plan(CLIPS);
  expect(plan.folds.map((fold) => groupsOf(fold.test, "speaker"))).toEqual(
    published.map((fold) => fold.test),
  );
  plan.folds.forEach((fold, i) => {
    const { clips, testEmotions } = published[i]!;
    expect([fold.train.length + fold.validation.length, fold.test.length]).toEqual([clips.train, clips.test]);
    expect(Object.values(emotionsOf(plan, fold.test)).sort()).toEqual(Object.values(testEmotions).sort());
  });
});

test("fold i validates on the test speakers of fold i + 1, the last on those of the first", () => {
  const { folds } = emobox.plan(CLIPS);
  folds.forEach((fold, i) => {
    expect(fold.validation).toEqual(folds[(i + 1) % 6]!.test);
    expect(sizesOf(fold)).toEqual([960, 240, 240]);
  });
});

test("eight classes, or seven with calm in neutral, in the same parts", () => {
  const [eight, seven] = [emobox.plan(CLIPS), ravdess7.plan(CLIPS)];
  expect(eight.classes.length).toBe(8);
  expect(seven.classes).toEqual(eight.classes.slice(0, 7));
  expect(seven.folds).toEqual(eight.folds);
  expect(emotionsOf(seven, seven.folds[0]!.test).neutral).toBe(48);
});
