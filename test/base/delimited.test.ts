import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDelimited, readDelimited } from "../../lib/base/delimited.js";
import { UserError } from "../../lib/base/errors.js";

const read = (text: string) => parseDelimited(text, "a.csv");

test("a separator is found from the header, whatever cells have in them", () => {
  expect(read("a;b;c\n1,5;2;3\n").rows).toEqual([{ line: 2, cells: ["1,5", "2", "3"] }]);
  expect(read('"a,x";b\n1;2\n')).toEqual({ header: ["a,x", "b"], rows: [{ line: 2, cells: ["1", "2"] }] });
  expect(read("a\tb\n1\t\n").rows[0]!.cells).toEqual(["1", ""]);
  expect(read("sep=|\r\na|b\r\n1|2").rows).toEqual([{ line: 3, cells: ["1", "2"] }]);
  expect(read("a\n1\n").rows[0]!.cells).toEqual(["1"]);
  expect(read("")).toEqual({ header: [], rows: [] });
});

test("blanks around cells are left out unless they are quoted; quotes within a cell are text", () => {
  expect(read('a, b ,c\n 1 , " 2 " ,5" nail\n').rows[0]!.cells).toEqual(["1", " 2 ", '5" nail']);
});

test("a record that ends early has empty cells; one that goes on has none but empty ones", () => {
  expect(read("a,b,c\n1\n1,2,3,,\n").rows.map(({ cells }) => cells)).toEqual([
    ["1", "", ""],
    ["1", "2", "3"],
  ]);
  expect(() => read("a,b\n\n1,2,3\n")).toThrow(
    "a.csv is not valid CSV: line 3 has 3 cells, the header has 2: quote cells",
  );
});

test("quotes that are wrong are named by the line on which they begin", () => {
  expect(() => read('a,b\n1,2\n3,"x\n\n')).toThrow("line 3: a quote is never closed");
  expect(() => read('a,b\n"1\n" x,2\n')).toThrow("line 2: text follows a closing quote");
});

test("a file that is not there, or is no text, is named", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ser-delimited-"));
  try {
    const path = join(folder, "a.csv");
    await expect(readDelimited(path, "the list")).rejects.toThrow(
      `cannot read the list ${path}: no such file`,
    );
    await writeFile(path, new Uint8Array([0x61, 0x80]));
    await expect(readDelimited(path)).rejects.toThrow(/not UTF-8 text; save it as CSV UTF-8/);
    await writeFile(path, Buffer.from("\ufeffä,b\n1,2\n", "utf16le"));
    expect((await readDelimited(path)).header).toEqual(["ä", "b"]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

// Cells of anything, lines and quotes among it.
const cell = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.string({ unit: fc.constantFrom("a", '"', ",", ";", "\t", "\n", "\r", " ", "é", "€") }),
);

test("any table is read back as it was written, with any separator, line ends, mark and quotes", () => {
  fc.assert(
    fc.property(
      fc.record({
        rows: fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { maxLength: 5 }),
        separator: fc.constantFrom(",", ";", "\t"),
        ends: fc.array(fc.constantFrom("\n", "\r\n", "\r"), { minLength: 6, maxLength: 6 }),
        mark: fc.boolean(),
        named: fc.boolean(),
        quoteAll: fc.boolean(),
        last: fc.boolean(),
      }),
      ({ rows, separator, ends, mark, named, quoteAll, last }) => {
        const written = (text: string) =>
          quoteAll || text !== text.trim() || /[",;\t\r\n]/.test(text)
            ? `"${text.replaceAll('"', '""')}"`
            : text;
        // A line end of CR before one of LF would be one of CRLF.
        const lines = [["id", "path", "emotion"], ...rows].map((cells) => cells.map(written).join(separator));
        const end = (i: number) => (lines[i + 1] === "" || i === lines.length - 1 ? "\n" : ends[i]!);
        const body = lines.map((text, i) => (last || i < lines.length - 1 ? text + end(i) : text)).join("");
        const text = `${mark ? "\ufeff" : ""}${named ? `sep=${separator}\r\n` : ""}${body}`;
        const filled = rows.filter((cells) => cells.some((one) => one.trim() !== ""));
        const { header, rows: back } = read(text);
        expect(header).toEqual(["id", "path", "emotion"]);
        expect(back.map(({ cells }) => cells)).toEqual(filled);
        // Lines are counted as an editor counts them.
        const before = (begin: number) => text.split(/\r\n|\r|\n/).slice(0, begin - 1).length;
        for (const { line } of back) expect(before(line)).toBe(line - 1);
      },
    ),
    { seed: 1, numRuns: 500 },
  );
});

test("any text is a table or refused with the reason", () => {
  const text = fc.string({ unit: fc.constantFrom("a", '"', ",", ";", "\n", "\r", " ", "sep=") });
  fc.assert(
    fc.property(text, (given) => {
      try {
        for (const { cells } of read(given).rows) expect(cells.length).toBe(read(given).header.length);
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
    }),
    { seed: 2, numRuns: 500 },
  );
});
