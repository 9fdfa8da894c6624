import { expect, test } from "vitest";
import { UsageError, UserError } from "../../lib/base/errors.js";
import { grouped } from "../../lib/protocols/grouped.js";
import { CLIPS, groupsOf, ownClip, sizesOf } from "./published.js";

/** scikit-learn 1.9.1, `GroupKFold(k)` on groups s00, s01, ... of these sizes, none of which is another's. */
const SIZES = [17, 3, 10, 9, 21, 5, 2, 13, 8, 1, 11];
const SKLEARN: Record<number, string> = {
  3: "s01 s03 s04 | s00 s02 s05 s06 | s07 s08 s09 s10",
  4: "s04 s05 | s00 s08 | s03 s06 s07 s09 | s01 s02 s10",
  5: "s04 | s00 s01 | s05 s06 s07 | s08 s09 s10 | s02 s03",
};

const OWN = SIZES.flatMap((size, i) =>
  Array.from({ length: size }, (_, k) => ownClip(`${i}-${k}`, `s${String(i).padStart(2, "0")}`)),
);

test.each([3, 4, 5])(
  "version 1: %d folds have the groups that scikit-learn's have; the next one validates",
  (count) => {
    const { folds } = grouped("own", `folds=${count}`, 1).plan(OWN);
    const speakers = (ids: readonly string[]) =>
      [...new Set(OWN.filter(({ id }) => ids.includes(id)).map(({ speaker }) => speaker))].join(" ");
    expect(folds.map((fold) => speakers(fold.test)).join(" | ")).toBe(SKLEARN[count]);
    folds.forEach((fold, i) => {
      expect(fold.validation).toEqual(folds[(i + 1) % count]!.test);
    });
  },
);

test("version 2: every class is in every part where speakers allow it; where they do not, it is said", () => {
  // Of ten speakers four are ever bored, and one is ever afraid.
  const clips = Array.from({ length: 10 }, (_, s) => s).flatMap((s) =>
    ["anger", "anger", s < 4 ? "boredom" : "anger", s === 9 ? "fear" : "anger"].map((emotion, i) =>
      ownClip(`${s}-${i}`, `s${s}`, { emotion }),
    ),
  );
  const { folds, classes } = grouped("own", "folds=4").plan(clips);
  expect(classes).toEqual(["anger", "fear", "boredom"]);
  const emotions = (ids: readonly string[]) =>
    new Set(clips.filter(({ id }) => ids.includes(id)).map(({ emotion }) => emotion));
  for (const fold of folds) {
    for (const part of ["train", "validation", "test"] as const)
      expect(emotions(fold[part])).toContain("boredom");
    const without = ["train", "validation", "test"].filter(
      (part) => !emotions(fold[part as "test"]).has("fear"),
    );
    expect(fold.description.replace(/^.*?; /, "")).toBe(
      without.map((part) => `no fear in ${part}`).join(", "),
    );
  }
  // The draw of version 1 knows nothing of classes.
  expect(grouped("own", "folds=4", 1).plan(clips).folds[0]!.description).not.toContain("no ");
  expect(() => grouped("own", "group=speaker,sentence", 1)).toThrow(/no version 1/);
});

test("groups of one size are drawn, so that a pattern in their names does not decide", () => {
  const { folds } = grouped("ravdess", "folds=4").plan(CLIPS);
  for (const fold of folds) {
    expect(sizesOf(fold)).toEqual([720, 360, 360]);
    // Odd actors are men, even ones women.
    expect(groupsOf(fold.test, "sex")).toEqual(["female", "male"]);
  }
});

test("by any of the metadata", () => {
  const plan = grouped("cremad", "group=age&folds=3").plan(CLIPS);
  expect(plan.apart).toEqual(["age"]);
  const [one, two] = plan.folds.map((fold) => groupsOf(fold.test, "age"));
  expect(one!.filter((age) => two!.includes(age))).toEqual([]);
});

test("a name says the same whatever the order of its settings", () => {
  expect(grouped("tess", "folds=3&group=sentence").name).toBe("grouped/tess?group=sentence&folds=3");
  expect(grouped("tess").name).toBe("grouped/tess?group=speaker&folds=5");
  expect(grouped("ravdess", "calm=keep").name).toBe("grouped/ravdess?group=speaker&folds=5&calm=keep");
});

test("by speaker and sentence folds are crossed: each clip is tested once, and nothing is shared with the test", () => {
  const plan = grouped("savee", "group=sentence,speaker&folds=4").plan(CLIPS);
  expect(plan.protocol).toBe("grouped/savee?group=speaker,sentence&folds=4@2");
  expect(plan.together).toBe(true);
  expect(plan.folds.length).toBe(16);
  expect(plan.folds.flatMap((fold) => fold.test).sort()).toEqual(plan.clips.map(({ id }) => id));
  for (const { train, validation, test: held, refit } of plan.folds)
    for (const group of ["speaker", "sentence"] as const) {
      const heard = groupsOf([...train, ...validation, ...refit!], group);
      expect(groupsOf(held, group).filter((one) => heard.includes(one))).toEqual([]);
      const trained = groupsOf(train, group);
      expect(groupsOf(validation, group).filter((one) => trained.includes(one))).toEqual([]);
    }
});

test("where nobody of a fold's speakers says its sentences, there is no such fold", () => {
  // Each speaker says a sentence of their own and three that all say.
  const clips = ["a", "b", "c", "d", "e", "f"].flatMap((speaker) =>
    [speaker, "x", "y", "z"].map((sentence) =>
      ownClip(`${speaker}${sentence}`, speaker, { sentence, repetition: 1 }),
    ),
  );
  const plan = grouped("own", "group=speaker,sentence&folds=3").plan(clips);
  const tested = plan.folds.flatMap((fold) => fold.test).sort();
  expect(tested).toEqual(plan.clips.map(({ id }) => id));
  expect(plan.folds.length).toBeLessThanOrEqual(9);
});

test("the matched twin has a name of its own, and takes speakers and sentences", () => {
  const twin = grouped("tess", "group=speaker,sentence&folds=5&match");
  expect(twin.name).toBe("grouped/tess?group=speaker,sentence&folds=5&match");
  expect(() => grouped("tess", "match")).toThrow(/match needs group=speaker,sentence/);
});

test("two sentences are too few to cross, and so it is said", () => {
  const clips = ["a", "b", "c"].flatMap((speaker) =>
    ["x", "y"].map((sentence) => ownClip(`${speaker}${sentence}`, speaker, { sentence })),
  );
  expect(() => grouped("own", "group=speaker,sentence&folds=3").plan(clips)).toThrow(
    /only 2 groups for 3 folds by sentence: a fold needs three.*: split by something else, or add clips/,
  );
});

test("a corpus with a protocol of its own for two sentences is sent there; match takes no value", () => {
  expect(() => grouped("ravdess", "group=speaker,sentence&folds=4").plan(CLIPS)).toThrow(
    /take ravdess\/speaker-sentence, split by something else/,
  );
  expect(() => grouped("tess", "group=speaker,sentence&match=no")).toThrow(
    /match takes no value, but has "no"/,
  );
});

test.each([
  ...["folds=2", "folds=x", "folds=3.5", "folds=", "group=emotion", "k=3", "calm=x"],
  ...["group=speaker,emotion", "group=speaker,speaker", "group=speaker,sentence,sex", "group="],
])("%s is wrong usage", (query) => {
  expect(() => grouped("tess", query)).toThrow(UsageError);
});

test("a name that is no corpus's is wrong usage", () => {
  expect(() => grouped("", "folds=3")).toThrow(UsageError);
});

test("too few groups, or metadata that are not there, are named", () => {
  expect(() => grouped("savee", "folds=5").plan(CLIPS)).toThrow("only 4 groups for 5 folds");
  const ages = () => grouped("savee", "group=age").plan(CLIPS);
  expect(ages).toThrow(UserError);
  expect(ages).toThrow(/age of 480 clips is not known, for example of savee\/DC_a01/);
});
