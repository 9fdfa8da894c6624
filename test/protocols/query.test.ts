import fc from "fast-check";
import { expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import { assertCorpus, calmOf, queryOf } from "../../lib/protocols/query.js";

test("settings by name; one that is not known is named with those that are", () => {
  expect(queryOf("p", "folds=3&group=sex", ["group", "folds"])).toEqual({ folds: "3", group: "sex" });
  expect(queryOf("p", undefined, ["group"])).toEqual({});
  expect(() => queryOf("p", "fold=3", ["group", "folds"])).toThrow(
    'p has no setting "fold": it takes group, folds',
  );
  expect(() => calmOf("p", "x")).toThrow("merge, drop, keep");
});

test("any text gives known settings or wrong usage", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        for (const key of Object.keys(queryOf("p", text, ["folds"]))) expect(key).toBe("folds");
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
      }
    }),
    { seed: 1 },
  );
});

test("a corpus is a word of small letters", () => {
  assertCorpus("emo_db-2", "given/CORPUS");
  for (const name of ["", "Savee", "2nd", "a/b"])
    expect(() => assertCorpus(name, "given/CORPUS")).toThrow(
      `"${name}" is not the name of a corpus: use for example given/CORPUS`,
    );
});
