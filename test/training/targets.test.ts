import fc from "fast-check";
import { expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import type { Clip } from "../../lib/corpora/clip.js";
import { heldOutSpeakers } from "../../lib/protocols/split.js";
import { targetsOf } from "../../lib/training/targets.js";
import { trainFold } from "../../lib/training/train.js";
import { CLASSES, SETTINGS, speech } from "./speech.js";

const soft = { softLabels: true };

test("the shares of the votes; without softLabels the class alone", () => {
  const clips: Pick<Clip, "votes">[] = [
    { votes: { anger: 3, neutral: 1 } },
    { votes: { boredom: 2, sadness: 1 } },
    {},
  ];
  expect(targetsOf(clips, [0, 1, 2], CLASSES, soft)).toEqual([
    [0.75, 0, 0.25],
    [0, 1, 0],
    [0, 0, 1],
  ]);
  expect(targetsOf(clips, [0, 1, 2], CLASSES, {})[0]).toEqual([1, 0, 0]);
});

test("any votes make probabilities", () => {
  const vote = fc.dictionary(fc.constantFrom(...CLASSES, "boredom"), fc.nat(50));
  fc.assert(
    fc.property(fc.array(vote), fc.nat(2), (votes, label) => {
      const clips = [{ votes: { anger: 2 } }, ...votes.map((votes) => ({ votes }))];
      for (const row of targetsOf(
        clips,
        clips.map(() => label),
        CLASSES,
        soft,
      )) {
        expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
        expect(Math.min(...row)).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});

test("where nobody voted, or one rater a clip, there is nothing soft", () => {
  const targets = () => targetsOf([{}, { votes: { anger: 1 } }], [0, 0], CLASSES, soft);
  expect(targets).toThrow(UsageError);
  expect(targets).toThrow("no training clip has several raters");
});

test("a network becomes as sure as its raters were", async () => {
  const features = speech(240, 4);
  const clips = features.clips.map((clip) => {
    const next = CLASSES[(CLASSES.indexOf(clip.emotion as (typeof CLASSES)[number]) + 1) % 3]!;
    return { ...clip, votes: { [clip.emotion]: 7, [next]: 3 } };
  });
  const split = heldOutSpeakers(clips);
  const settings = { ...SETTINGS, epochs: 15 };
  const sure = async (partial: object) => {
    const trained = await trainFold(
      { ...features, clips },
      split,
      CLASSES,
      { ...settings, ...partial },
      { quiet: true },
    );
    const { probabilities, truth, metrics } = trained.validation;
    expect(metrics.uar).toBeGreaterThan(0.9);
    return truth.reduce((sum, label, i) => sum + probabilities[3 * i + label]!, 0) / truth.length;
  };
  expect(await sure({})).toBeGreaterThan(0.85);
  expect(Math.abs((await sure(soft)) - 0.7)).toBeLessThan(0.08);
});
