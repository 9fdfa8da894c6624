import { expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { clipNames, type PredictedRow, referee } from "../../lib/protocols/referee.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { CLIPS, ownClip } from "./published.js";

const plan = protocolNamed("savee/loso").plan(CLIPS);
const rowsOf = (ids: readonly string[], more: Partial<PredictedRow> = {}): PredictedRow[] =>
  ids.map((clip, i) => ({ line: i + 2, clip, probabilities: [1, 0, 0, 0, 0, 0, 0], ...more }));
const [first, second] = plan.folds as [(typeof plan.folds)[number], (typeof plan.folds)[number]];

test("without a fold a row counts in the fold that tests its clip; what is missing is told fold by fold", () => {
  const { answers, missing, ignored } = referee(
    plan,
    rowsOf([...first.test, ...second.test.slice(1)]),
    "p.csv",
  );
  expect([...answers.get("1")!.keys()].sort()).toEqual(first.test);
  expect(missing.get("1")).toEqual([]);
  expect(missing.get("2")).toEqual([second.test[0]]);
  expect(missing.get("3")!.length).toBe(120);
  expect(ignored).toBe(0);
});

test("clips go by id, by id without the corpus, and by file name with folders and ending", () => {
  const name = clipNames(CLIPS);
  for (const text of ["savee/DC_a01", "DC_a01", "DC_a01.wav", "/data/x/DC_a01.wav", "C:\\data\\DC_a01.WAV"])
    expect(name(text)).toBe("savee/DC_a01");
  expect(name("DC_a99")).toBeUndefined();
  // Two corpora of one's own may use one name.
  const both = clipNames([ownClip("a", "s"), { ...ownClip("a", "s"), id: "other/a", corpus: "other" }]);
  expect(both("a")).toBeUndefined();
  expect(both("other/a")).toBe("other/a");
});

test("a clip that its fold trains on is refused; one of its validation counts for nothing", () => {
  const trained = rowsOf([first.train[0]!], { fold: "1" });
  expect(() => referee(plan, trained, "p.csv")).toThrow(UserError);
  expect(() => referee(plan, trained, "p.csv")).toThrow(
    /p\.csv: 1 row of clips that their fold trains on \(line 2: savee\/\S+ in fold 1\)/,
  );
  expect(referee(plan, rowsOf([first.validation[0]!], { fold: "1" }), "p.csv").ignored).toBe(1);
  // What waits for a refit is trained on as well.
  const strict = protocolNamed("savee/speaker-sentence").plan(CLIPS);
  const waiting = rowsOf([strict.folds[0]!.refit![0]!], { fold: "1" });
  expect(() => referee(strict, waiting, "p.csv")).toThrow(/trains on/);
});

test("unknown clips and folds, and two answers to a clip, are named with their lines", () => {
  expect(() => referee(plan, rowsOf(["savee/XX_a01"]), "p.csv")).toThrow(
    /1 row with a clip that savee\/loso@1 does not have \(line 2: savee\/XX_a01\)/,
  );
  expect(() => referee(plan, rowsOf([first.test[0]!], { fold: "9" }), "p.csv")).toThrow(
    /1 row with a fold that .*the folds are 1, 2, 3, 4/,
  );
  expect(() => referee(plan, rowsOf([first.test[0]!, first.test[0]!]), "p.csv")).toThrow(
    /1 clip with two predictions \(line 3/,
  );
  expect(() => referee(plan, rowsOf(Array.from({ length: 9 }, (_, i) => `x${i}`)), "p.csv")).toThrow(
    /9 rows .*, \.\.\.\)/,
  );
});
