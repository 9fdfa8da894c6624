import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { expect, test } from "vitest";
import { setNotebookHost } from "../../lib/base/notebook.js";
import { csvLine, formatCsv, formatTable } from "../../lib/base/table.js";

test("a table aligns names left and numbers right", () => {
  const text = formatTable(
    ["model", "UAR"],
    [
      ["cnn", 52.1],
      ["majority", "7.0"],
      ["none", undefined],
    ],
  );
  expect(text.split("\n")).toEqual([
    "model      UAR",
    "────────  ────",
    "cnn       52.1",
    "majority   7.0",
    "none         -",
  ]);
});

test("a table that is too wide wraps its text, numbers stay whole", () => {
  const rows = [
    ["recordings/session-2024/a long name.wav", 12.5, "the C core as WebAssembly, part of the package"],
    ["b.wav", 1.25, "yes"],
  ];
  expect(formatTable(["file", "seconds", "why"], rows, { width: 48 }).split("\n")).toEqual([
    "file                seconds  why",
    "──────────────────  ───────  ───────────────────",
    "recordings/            12.5  the C core as",
    "session-2024/a               WebAssembly, part",
    "long name.wav                of the package",
    "b.wav                  1.25  yes",
  ]);
});

test("the width is that of the terminal; piped output and cells of notebooks are as wide as they are", () => {
  const made = () => formatTable(["file", "why"], [["a.wav", "word ".repeat(30)]]).split("\n");
  const { isTTY, columns } = process.stdout;
  try {
    Object.assign(process.stdout, { isTTY: false, columns: 40 });
    expect(made()).toHaveLength(3);
    Object.assign(process.stdout, { isTTY: true });
    expect(Math.max(...made().map(({ length }) => length))).toBeLessThanOrEqual(40);
    setNotebookHost({ display: () => {}, cell: 1 });
    expect(made()).toHaveLength(3);
  } finally {
    setNotebookHost(undefined);
    Object.assign(process.stdout, { isTTY, columns });
  }
});

test("columns that do not fit follow below, with the first one again", () => {
  const names = ["anger", "disgust", "happiness", "neutral"];
  const text = formatTable(["file", ...names], [["a.wav", 1.5, 2.5, 3.5, 4.5]], { width: 26 });
  expect(text.split("\n")).toEqual([
    ...["file   anger  disgust", "─────  ─────  ───────", "a.wav    1.5      2.5", ""],
    ...["file   happiness  neutral", "─────  ─────────  ───────", "a.wav        3.5      4.5"],
  ]);
});

test("one space between columns, where that saves a further table", () => {
  const text = formatTable(["part", "clips", "F1 weighted"], [["test", 12, "75.0"]], { width: 19 });
  expect(text.split("\n")).toEqual([
    "part clips       F1",
    "           weighted",
    "──── ───── ────────",
    "test    12     75.0",
  ]);
});

test("signs that are two wide are counted so; control characters are shown", () => {
  const text = formatTable(
    ["file", "s"],
    [
      ["怒り.wav", 1],
      ["cafe\u0301", 2],
      ["a\nb\u001b[2J", 3],
      ["c\u007f", 4],
    ],
  );
  expect(text.split("\n").slice(1)).toEqual([
    "─────────────  ─",
    "怒り.wav       1",
    "cafe\u0301           2",
    "a\\nb\\u001b[2J  3",
    "c\\u007f        4",
  ]);
});

/** The columns of a table's text: what stands above and below each part of its rule, without spaces. */
function columnsIn(text: string): string[] {
  return text.split("\n\n").flatMap((block) => {
    const lines = block.split("\n");
    const rule = lines.find((line) => /^─[─ ]*$/.test(line))!;
    return [...rule.matchAll(/─+/g)].map(({ 0: { length }, index }) =>
      lines
        .filter((line) => line !== rule)
        .map((line) => line.slice(index, index + length))
        .join("")
        .replaceAll(" ", ""),
    );
  });
}

test("whatever the cells, no line is wider than the terminal and nothing is lost", () => {
  const letters = [..."abcxyz0123 -/_.,"];
  const text = fc.string({ unit: fc.constantFrom(...letters), maxLength: 70 }).map((rest) => `x${rest}`);
  const cell = fc.oneof(text, fc.integer({ min: -999, max: 99_999 }));
  const table = fc.integer({ min: 1, max: 9 }).chain((columns) => {
    const row = fc.array(cell, { minLength: columns, maxLength: columns });
    const header = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: columns, maxLength: columns });
    return fc.tuple(header, fc.array(row, { maxLength: 5 }));
  });
  fc.assert(
    fc.property(table, fc.integer({ min: 60, max: 140 }), ([header, rows], width) => {
      const made = formatTable(header, rows, { width });
      for (const line of made.split("\n")) expect(line.length).toBeLessThanOrEqual(width);
      const wanted = header.map((name, at) =>
        [name, ...rows.map((cells) => cells[at])].join("").replaceAll(" ", ""),
      );
      const [first, ...others] = wanted;
      const found = columnsIn(made);
      expect(found[0]).toBe(first);
      // Further tables begin with the first column again.
      const rest: string[] = [];
      for (const [i, column] of found.slice(1).entries())
        if (column === others[rest.length]) rest.push(column);
        else expect([i, column]).toEqual([i, first]);
      expect(rest).toEqual(others);
    }),
  );
});

test("csv-parse reads back every field", () => {
  const rows = fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.string()));
  fc.assert(
    fc.property(rows, (values) => {
      const parsed = parse(formatCsv(["a", "b"], values), { record_delimiter: "\n" });
      expect(parsed).toEqual([["a", "b"], ...values]);
    }),
  );
});

test("a cell with outer blanks is quoted, so that readers keep them", () => {
  expect(csvLine([" a", "b ", "c d", 1, null])).toBe('" a","b ",c d,1,\n');
});
