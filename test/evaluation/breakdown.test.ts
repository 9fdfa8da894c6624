import { expect, test } from "vitest";
import { breakdown, selectClips, uarWithin } from "../../lib/evaluation/breakdown.js";
import { uarInterval } from "../../lib/evaluation/interval.js";
import { answersOf, someAnswers } from "./answers.js";

const scored = answersOf(
  [
    [2, 4],
    [2, 0],
  ],
  [
    [1, 4],
    [1, 0],
  ],
);

test("by speaker, by hand: a group's UAR is over the classes it has", () => {
  const groups = breakdown([scored], [scored.speakers]);
  expect(groups).toMatchObject([
    {
      group: "corpus/00",
      n: 6,
      speakers: 1,
      classesInTruth: ["class 0", "class 1"],
      uar: { estimate: 0.75, perSpeaker: { "corpus/00": 0.75 }, reason: expect.any(String) },
      accuracy: { estimate: 5 / 6 },
    },
    { group: "corpus/01", n: 2, classesInTruth: ["class 0"], uar: { estimate: 0.5 } },
  ]);
});

test("groups of many speakers have intervals; clips of no group are left out", () => {
  const [one, two] = [someAnswers(18, 1), someAnswers(18, 2)];
  const sexes = one.speakers.map((speaker) =>
    speaker === "corpus/00" ? "" : Number(speaker.slice(-1)) % 2 === 0 ? "female" : "male",
  );
  const [female, male, ...rest] = breakdown([one, two], [sexes, sexes], { resamples: 99 });
  expect(rest).toEqual([]);
  expect([female!.group, female!.speakers, male!.group, male!.n]).toEqual(["female", 8, "male", 108]);
  const men = (i: number) => sexes[i] === "male";
  expect(male!.uar).toEqual(uarInterval([selectClips(one, men), selectClips(two, men)], { resamples: 99 }));
  expect(male!.uar).toHaveProperty("low");
});

test("a list of groups of another length is refused", () => {
  expect(() => breakdown([scored], [["female"]])).toThrow("1 groups for 8 clips");
  expect(() => breakdown([scored], [])).toThrow("0 groups for 8 clips");
});

test("UAR within some clips is that of their group", () => {
  const answered = someAnswers(4, 3);
  for (const { group, uar } of breakdown([answered], [answered.speakers]))
    expect(uarWithin(answered, (i) => answered.speakers[i] === group)).toBeCloseTo(uar.estimate, 12);
});
