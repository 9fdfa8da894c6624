import { expect, test } from "vitest";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { ALL_CLIPS, groupsOf } from "./published.js";

const planOf = (name: string) => protocolNamed(name).plan(ALL_CLIPS);
const of = (corpus: string, ids: readonly string[]) => ids.filter((id) => id.startsWith(`${corpus}/`));

test.each([
  ...["cremad/audeering", "ravdess/emobox", "savee/loso"],
  ...["emodb/loso", "emovo/loso", "urdu/speakers"],
])("%s+others tests and validates as without them, and trains on what it trained on and more", (name) => {
  const [plain, more] = [planOf(name), planOf(`${name}+others`)];
  expect(more.classes).toEqual(plain.classes);
  expect(more.folds.length).toBe(plain.folds.length);
  const own = name.split("/")[0]!;
  more.folds.forEach((fold, i) => {
    expect(fold.test).toEqual(plain.folds[i]!.test);
    expect(fold.validation).toEqual(plain.folds[i]!.validation);
    expect(of(own, fold.train)).toEqual(plain.folds[i]!.train);
  });
});

test("all clips of the others train that have one of the classes", () => {
  const counts = (name: string) => {
    const { train } = planOf(name).folds[0]!;
    return ["ravdess", "tess", "savee", "cremad"].map((corpus) => of(corpus, train).length);
  };
  expect(counts("savee/loso+others")).toEqual([1440, 2800, 240, 7442]);
  // RAVDESS keeps its calm apart from neutral; the others have no calm.
  expect(counts("ravdess/emobox+others").slice(1)).toEqual([2800, 480, 7442]);
  // CREMA-D has no surprise: 192 clips of RAVDESS, 400 of TESS and 60 of SAVEE stay out.
  expect(counts("cremad/audeering+others").slice(0, 3)).toEqual([1440 - 192, 2800 - 400, 480 - 60]);
});

test("the corpora in other languages take the four beside them, and their own boredom", () => {
  const plan = planOf("emodb/loso+others");
  expect(plan.classes.at(-1)).toBe("boredom");
  // Nobody else has boredom, and EMO-DB no surprise.
  const { train } = plan.folds[0]!;
  expect(["ravdess", "tess", "savee", "cremad"].map((corpus) => of(corpus, train).length)).toEqual([
    1440 - 192,
    2800 - 400,
    480 - 60,
    7442,
  ]);
  expect(of("emovo", train)).toEqual([]);
});

test("TESS asks strangers, besides a fifth of its words", () => {
  const plan = planOf("tess/cross-speaker+others");
  const plain = planOf("tess/cross-speaker");
  plan.folds.forEach((fold, i) => {
    expect(fold.test).toEqual(plain.folds[i]!.test);
    expect(of("tess", fold.validation)).toEqual(plain.folds[i]!.validation);
    expect(groupsOf(of("cremad", fold.validation), "speaker").length).toBe(18);
    expect(groupsOf(of("savee", fold.validation), "speaker")).toEqual(["JK"]);
    expect(groupsOf(of("cremad", fold.train), "speaker").length).toBe(73);
  });
  expect([plan.validationApart, plan.validationApartIn]).toEqual([["speaker"], { tess: ["sentence"] }]);
});
