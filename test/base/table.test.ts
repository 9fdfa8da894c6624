import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { expect, test } from "vitest";
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
