import { expect, test } from "vitest";
import { fromRows } from "../../lib/base/matrix.js";
import type { Clip } from "../../lib/corpora/clip.js";
import type { FeatureTable } from "../../lib/features/feature-table.js";
import { rowsOfClips } from "../../lib/features/table-clips.js";

const clip = (id: string, path: string): Clip => ({
  ...{ id, path, corpus: id.slice(0, id.indexOf("/")), speaker: "s" },
  ...{ emotion: "anger", label: "", synthetic: false },
});

const table = (rows: Record<string, number>, ids = Object.keys(rows)): FeatureTable => ({
  ...{
    name: "t.csv",
    ids,
    lines: ids.map((_, i) => i + 2),
    digest: "",
    columns: ["f"],
    leftOut: ["end (labels or places by name)"],
  },
  matrix: fromRows(Object.values(rows).map((value) => [value])),
});

const CLIPS = [
  clip("savee/DC_a01", "/x/Savee/DC_a01.wav"),
  clip("tess/OAF_back_angry", "/x/OA_back_angry.wav"),
];
const found = (of: FeatureTable) => rowsOfClips(CLIPS, of).matrices.map(({ data }) => data[0]);

test.each([
  ["ids", { "tess/OAF_back_angry": 2, "savee/DC_a01": 1 }],
  ["ids without corpus", { DC_a01: 1, OAF_back_angry: 2 }],
  ["paths", { "/x/Savee/DC_a01": 1, "/x/OA_back_angry": 2 }],
  ["files of another machine", { "D:/Savee/DC_a01": 1, "D:/OA_back_angry": 2 }],
  ["files of which the corpus is called otherwise", { "D:/Savee/DC_a01": 1, "D:/OAF_back_angry": 2 }],
])("rows are found by %s", (_, rows) => {
  expect(found(table(rows))).toEqual([1, 2]);
});

test("an id says more than the name of a file, and what is not used is counted", () => {
  const { matrices, notes } = rowsOfClips(
    CLIPS,
    table({ "own/DC_a01": 7, "savee/DC_a01": 1, OAF_back_angry: 2, other: 3 }),
  );
  expect(matrices.map(({ data }) => data[0])).toEqual([1, 2]);
  expect(matrices[0]).toMatchObject({ rows: 1, cols: 1 });
  expect(notes).toEqual([
    "t.csv: left out end (labels or places by name)",
    "t.csv: 2 rows of other clips ignored",
  ]);
});

test("a column that has a value for all clips of a class and for no other is a label in disguise", () => {
  const emotions = ["anger", "fear", "neutral"];
  const clips = Array.from({ length: 30 }, (_, i) => ({
    ...clip(`own/${i}`, `/x/${i}.wav`),
    emotion: emotions[i % 3]!,
  }));
  const of = (value: (i: number) => number) =>
    table(Object.fromEntries(clips.map(({ id }, i) => [id, value(i)])));
  // A code of the classes, and a mark of one of them.
  for (const value of [(i: number) => i % 3, (i: number) => Number(i % 3 === 1)])
    expect(() => rowsOfClips(clips, of(value))).toThrow(
      /f is \d for every clip of \w+ and for no other: that is a label/,
    );
  expect(
    rowsOfClips(
      clips,
      of((i) => (i < 3 ? 7 : i % 3)),
    ).matrices.length,
  ).toBe(30);
  expect(
    rowsOfClips(
      clips,
      of((i) => i),
    ).matrices.length,
  ).toBe(30);
});

test("a clip without a row is named, with what to do", () => {
  expect(() => found(table({ DC_a01: 1 }))).toThrow(
    "t.csv has no row for 1 of 2 clips: tess/OAF_back_angry; add them (by id, or by file name), or use only the corpora that it has",
  );
  const many = Array.from({ length: 9 }, (_, i) => clip(`own/${i}`, `/${i}.wav`));
  expect(() => rowsOfClips(many, table({ a: 1 }))).toThrow(
    "no row for any of the 9 clips (a is its first): a column id or file has to name them",
  );
});

test("two rows of a clip must be equal", () => {
  const rows = { "a/DC_a01": 1, "b/DC_a01": 1, OAF_back_angry: 2 };
  expect(found(table(rows))).toEqual([1, 2]);
  expect(() => found(table({ ...rows, "b/DC_a01": 3 }))).toThrow(
    "t.csv: savee/DC_a01 has two different rows, in lines 2 and 3: keep one of them",
  );
});

test("a row cannot be of two clips", () => {
  const twins = [clip("one/a", "/one/a.wav"), clip("two/a", "/two/a.wav")];
  expect(() => rowsOfClips(twins, table({ "a.b/a": 1 }))).toThrow(
    "t.csv: line 2 may be one/a or two/a: use full ids in the table",
  );
  expect(rowsOfClips(twins, table({ "one/a": 1, "two/a": 2 })).matrices.length).toBe(2);
});
