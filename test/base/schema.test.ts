import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import {
  factsOf,
  list,
  nearest,
  number,
  oneOf,
  parseSettings,
  partial,
  problemsBy,
  problemsOf,
  problemText,
  refuse,
  rule,
  show,
  strict,
  text,
  whole,
  yesNo,
} from "../../lib/base/schema.js";

const ENTRIES = {
  name: text("A name."),
  kind: v.optional(oneOf("A kind.", ["small", "large"]), "small"),
  count: v.optional(whole("How many.", 1, 9, { unit: "clips", usual: 2 })),
  rate: v.optional(number("A rate.", { above: 0 })),
  floor: v.optional(v.nullable(number("A floor.", { from: 0, to: 1 }))),
  on: v.optional(yesNo("Whether.", false)),
  parts: v.optional(
    list(
      "Parts.",
      strict("A part.", { size: whole("Its size.", 0, 5), colour: v.optional(text("Its colour.")) }),
    ),
  ),
  either: v.optional(
    v.union([oneOf("By name.", ["red", "green"]), strict("By numbers.", { hue: whole("Hue.", 0, 360) })]),
  ),
};
const schema = strict("An example.", ENTRIES, { counts: 'give it as "count"' });
const problems = (value: unknown) => problemsOf(schema, value, "the example");

test("what is right is taken as it is, with the defaults of what is left out", () => {
  expect(parseSettings(schema, { name: "a" })).toEqual({ name: "a", kind: "small" });
  const full = {
    ...{ name: "a", kind: "large", count: 3, rate: 1e300, floor: null, on: true, either: { hue: 3 } },
    parts: [{ size: 5, colour: "red" }],
  };
  expect(parseSettings(schema, full)).toEqual(full);
});

test.each<[unknown, ...string[]]>([
  [{}, "name is missing: it takes a text"],
  [{ name: " " }, 'name is " ": it takes a text'],
  [{ name: "a", kind: "smal" }, 'kind is "smal": it takes small, large; did you mean "small"?'],
  [{ name: "a", kind: "tiny" }, 'kind is "tiny": it takes small, large'],
  [{ name: "a", count: 0.5 }, "count is 0.5: it takes a whole number from 1 to 9 clips"],
  [{ name: "a", count: "3" }, 'count is "3": it takes a whole number from 1 to 9 clips'],
  [{ name: "a", rate: 0 }, "rate is 0: it takes a number above 0"],
  [{ name: "a", rate: Number.POSITIVE_INFINITY }, "rate is Infinity: it takes a number above 0"],
  [{ name: "a", floor: Number.NaN }, "floor is NaN: it takes a number from 0 to 1 or null"],
  [{ name: "a", on: 1 }, "on is 1: it takes true or false"],
  [{ name: "a", parts: [] }, "parts is []: it takes a list of at least one object with size, colour"],
  [{ name: "a", parts: [[]] }, "parts[0] is []: it takes an object with size, colour"],
  [
    { name: "a", either: "gren" },
    'either is "gren": it takes red, green, or an object with hue; did you mean "green"?',
  ],
  [{ name: "a", either: { hue: -1 } }, "either.hue is -1: it takes a whole number from 0 to 360"],
  [{ name: "a", either: { hue: 1, hues: 1 } }, 'either.hues is unknown: there are hue; did you mean "hue"?'],
  [{ name: "a", counts: 3 }, 'counts: give it as "count"'],
  [[], "the example is []: it takes an object with name, kind, count, rate, floor, on, parts, either"],
  [null, "the example is null: it takes an object with name, kind, count, rate, floor, on, parts, either"],
  [
    { parts: [{ size: 1, color: "red" }, { siez: 6 }], zzz: 1 },
    "name is missing: it takes a text",
    'parts[0].color is unknown: there are size, colour; did you mean "colour"?',
    "parts[1].size is missing: it takes a whole number from 0 to 5",
    'parts[1].siez is unknown: there are size, colour; did you mean "size"?',
    "zzz is unknown: there are name, kind, count, rate, floor, on, parts, either",
  ],
])("all that is wrong with %j is named", (value, ...expected) => {
  expect(problems(value)).toEqual(expected);
});

test("whatever it is, it is right or told why it is not, and every unknown key is named", () => {
  const keys = fc.constantFrom(...Object.keys(ENTRIES), "counts", "x", "nmae");
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.dictionary(keys, fc.anything())), (value) => {
      const lines = problems(value);
      expect(v.is(schema, value)).toBe(lines.length === 0);
      for (const one of lines) expect(one).not.toMatch(/^Invalid|undefined|\[object/);
      if (value === null || typeof value !== "object" || Array.isArray(value)) return;
      for (const key of ["counts", "x", "nmae"].filter((one) => Object.hasOwn(value, one)))
        expect(lines.some((one) => one.startsWith(key))).toBe(true);
    }),
    { numRuns: 500, seed: 1 },
  );
});

describe("rules", () => {
  const ruled = v.pipe(
    strict("Two numbers.", { low: number("Low.", { from: 0 }), high: number("High.", { from: 0 }) }),
    rule<{ low: number; high: number }>(({ low, high }, say) => {
      if (low > high) say(`is ${low}: it takes at most high, ${high}`, "low");
      if (low === 3) say("three is unlucky");
    }),
  );
  const both = strict("A list.", { pairs: list("Pairs.", ruled) });

  test("are looked at where all keys are right by themselves, and only there", () => {
    const pairs = [
      { low: 2, high: 1 },
      { low: 3, high: -1 },
      { low: 3, high: 4 },
    ];
    expect(problemsOf(both, { pairs })).toEqual([
      "pairs[0].low is 2: it takes at most high, 1",
      "pairs[1].high is -1: it takes a number of at least 0",
      "pairs[2]: three is unlucky",
    ]);
  });

  test("are told by themselves, too", () => {
    const lines = problemsBy((say) => {
      say("is 3: it takes 2", "a", 0, "b");
      say("no");
    });
    expect(lines).toEqual(["a[0].b is 3: it takes 2", "no"]);
    expect(() => refuse(lines, "file.json")).toThrow(
      new UsageError("file.json has 2 problems:\n  a[0].b is 3: it takes 2\n  no"),
    );
    expect(() => refuse([])).not.toThrow();
  });
});

test("one message names the file and all problems, or the first of very many", () => {
  expect(() => parseSettings(schema, { x: 1 }, "a.json")).toThrow(
    /^a\.json has 2 problems:\n {2}name is missing.*\n {2}x is unknown/,
  );
  expect(() => parseSettings(schema, { name: "a", on: 0 }, "a.json")).toThrow(/^a\.json: on is 0/);
  expect(problemText(["a", "b", "c"], undefined, 2)).toBe("3 problems:\n  a\n  b\n  and 1 more");
});

test("of a partial object no key must be there, and each is looked at as before", () => {
  const some = strict("Some.", partial(ENTRIES));
  expect(parseSettings(some, { count: 3 })).toEqual({ count: 3, kind: "small" });
  expect(problemsOf(some, { count: 0 })).toEqual(problems({ name: "a", count: 0 }));
});

test("facts for help and tables", () => {
  const { entries } = factsOf(schema);
  expect(factsOf(entries!.count!)).toMatchObject({
    ...{ description: "How many.", usual: 2, optional: true, nullable: false },
    ...{ takes: "a whole number from 1 to 9 clips", range: { from: 1, to: 9, whole: true, unit: "clips" } },
  });
  expect(factsOf(entries!.kind!)).toMatchObject({ choices: ["small", "large"], usual: "small" });
  expect(factsOf(entries!.floor!)).toMatchObject({ nullable: true, takes: "a number from 0 to 1 or null" });
  expect(factsOf(entries!.name!)).toMatchObject({ optional: false, usual: undefined });
  expect(factsOf(factsOf(entries!.parts!).item!).description).toBe("A part.");
});

test.each([
  ["modles", ["models", "seeds"], "models"],
  ["weight_decay", ["beta1", "weightDecay"], "weightDecay"],
  ["seed", ["seeds", "speed"], "seeds"],
  ["SAVEE/loso", ["tess/x", "savee/loso"], "savee/loso"],
  ["x", ["models", "seeds"], undefined],
  ["models", [], undefined],
])("nearest to %s of %j is %s", (word, known, expected) => {
  expect(nearest(word, known)).toBe(expected);
});

test("a word is nearest to itself, and one slip does not change that", () => {
  const words = ["protocols", "normalisation", "learningRate", "optimizer"];
  fc.assert(
    fc.property(fc.constantFrom(...words), fc.nat(), fc.constantFrom("a", "z", ""), (word, at, letter) => {
      const i = at % word.length;
      expect(nearest(word.slice(0, i) + letter + word.slice(i + 1), words)).toBe(word);
      expect(nearest(word.slice(0, i) + letter + word.slice(i), words)).toBe(word);
    }),
    { seed: 1 },
  );
});

test("what is endlessly long or deep is told in a moment", () => {
  const long = "x".repeat(1e6);
  expect(nearest(long, ["models", "seeds"])).toBeUndefined();
  const deep: unknown[] = [];
  for (let i = 0, inner = deep; i < 20_000; i++) {
    const next: unknown[] = [];
    inner.push(next);
    inner = next;
  }
  expect(show(deep)).toBe("nested too deeply to be shown");
});
