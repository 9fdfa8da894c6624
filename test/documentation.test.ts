import { describe, expect, test } from "vitest";
import { factsOf } from "../lib/base/schema.js";
import { gridSchema } from "../lib/experiments/grid.js";
import { TRAINING_ENTRIES } from "../lib/training/settings.js";
import { distinct, examplesIn, examplesOf, programOf, publicNames } from "./documentation.js";
import { NAME } from "./package.js";

const names = publicNames();

test("the main entry has about sixty names", () => {
  const main = names.filter(({ entry }) => entry === NAME);
  expect(main.length).toBeLessThanOrEqual(65);
});

test("every public name has a docstring", () => {
  const without = distinct(names).filter(({ doc }) => doc === "");
  expect(without.map(({ name, file, line }) => `${name} (${file}:${line})`)).toEqual([]);
});

test("every public value has an example", () => {
  const without = distinct(names).filter(({ isValue, doc }) => isValue && examplesIn(doc).length === 0);
  expect(without.map(({ name, file, line }) => `${name} (${file}:${line})`)).toEqual([]);
});

test("every key of a block and of a training is in the docstring of its type", () => {
  const docOf = (name: string) => names.find((own) => own.name === name)!.doc;
  const block = factsOf(factsOf(factsOf(gridSchema).entries!.runs!).item!).entries!;
  for (const key of Object.keys(block)) expect(docOf("BlockInput")).toContain(`- \`${key}\``);
  for (const key of Object.keys(TRAINING_ENTRIES)) expect(docOf("TrainingSettings")).toContain(`\`${key}\``);
});

test("no name means two things", () => {
  const places = new Map<string, Set<string>>();
  for (const { name, file, line } of names)
    places.set(name, (places.get(name) ?? new Set()).add(`${file}:${line}`));
  expect([...places].filter(([, own]) => own.size > 1).map(([name]) => name)).toEqual([]);
});

describe("examples", () => {
  test("of a comment, up to the next tag", () => {
    const doc = "What it is.\n\n@example one(1);\n@throws {Error} never\n@example\ntwo();\ntwo();";
    expect(examplesIn(doc)).toEqual(["one(1);", "two();\ntwo();"]);
  });

  test("as a program: with the imports of public names, and values that are checked", () => {
    const code = 'import { join } from "node:path";\nconst a = join("x", "y");\nuarOf(a, 1); // => 0.5';
    const program = programOf([{ name: "uarOf", entry: NAME, place: "lib/x.ts:1", code }], names);
    expect(program).toContain('import { join } from "node:path";\n');
    expect(program).toContain('import { uarOf } from "speech-emotion-workbench/evaluation";');
    expect(program).toContain("same(uarOf(a, 1), 0.5);");
  });

  test("there are some for every entry", () => {
    const entries = new Set(names.map(({ entry }) => entry));
    expect(new Set(examplesOf(names).map(({ entry }) => entry))).toEqual(entries);
  });
});
