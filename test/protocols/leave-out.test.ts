import { expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { leaveOut } from "../../lib/protocols/leave-out.js";
import { ALL_CLIPS, groupsOf } from "./published.js";

const protocol = leaveOut({
  ...{ name: "emovo/pairs", corpus: "emovo", source: "a test", description: "three pairs of speakers" },
  groups: [
    ["f1", "m1"],
    ["f2", "m2"],
    ["f3", "m3"],
  ],
});

test("each group is the test once, the next validates, the rest train", () => {
  const { folds } = protocol.plan(ALL_CLIPS);
  const speakers = folds.map(({ train, validation, test: held }) =>
    [held, validation, train].map((ids) => groupsOf(ids, "speaker").join(" ")),
  );
  expect(speakers).toEqual([
    ["f1 m1", "f2 m2", "f3 m3"],
    ["f2 m2", "f3 m3", "f1 m1"],
    ["f3 m3", "f1 m1", "f2 m2"],
  ]);
  expect(folds[0]!.description).toBe("test f1 m1, validation f2 m2");
  expect(protocol).toMatchObject({ corpora: ["emovo"], apart: ["speaker"], validationApart: ["speaker"] });
});

test("all speakers of the corpus have to be there", () => {
  const without = ALL_CLIPS.filter(({ speaker }) => speaker !== "f3");
  expect(() => protocol.plan(without)).toThrow(UserError);
  expect(() => protocol.plan(without)).toThrow(/needs all 6 speakers of emovo.*no clips of f3/);
});
