import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { toRows } from "../../lib/base/matrix.js";
import { formatCsv } from "../../lib/base/table.js";
import { clipKey, clipName, type FeatureTable, readTable } from "../../lib/features/feature-table.js";
import { encodeNpy } from "../../lib/features/npy.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-table-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(text: string | Uint8Array, name = "a.csv"): Promise<FeatureTable> {
  const path = join(folder, name);
  await writeFile(path, text);
  return readTable(path);
}

const refusal = (text: string | Uint8Array, name?: string) =>
  read(text, name).then(
    () => "",
    (error: unknown) => {
      expect(error).toBeInstanceOf(UserError);
      return (error as Error).message.replaceAll(folder, "");
    },
  );

test("openSMILE from Python: file, start and end, then numbers", async () => {
  const table = await read(
    "file,start,end,F0,loudness\n/x/Savee/DC_a01.wav,0 days,0 days 00:00:03.2,31.5,0.25\n/x/Savee/DC_a02.wav,0 days,0 days 00:00:02,-3e-1,1\n",
  );
  expect(table).toMatchObject({ name: "a.csv", ids: ["/x/Savee/DC_a01", "/x/Savee/DC_a02"], lines: [2, 3] });
  expect(toRows(table.matrix)).toEqual([
    [31.5, 0.25],
    [Math.fround(-0.3), 1],
  ]);
  expect(table.leftOut).toEqual(["start, end (labels or places by name)"]);
});

test("SMILExtract: semicolons, names in quotes, a frame time that is always 0", async () => {
  const { ids, matrix, leftOut } = await read(
    "name;frameTime;F0;jitter\n'DC_a01';0.0;1;2\n'DC_a02';0.0;3;2\n",
  );
  expect([ids, toRows(matrix)]).toEqual([
    ["DC_a01", "DC_a02"],
    [[1], [3]],
  ]);
  expect(leftOut).toEqual(["frameTime (labels or places by name)", "jitter (the same in every row)"]);
});

test("nkululeko and pandas: an index without a name; labels, also as numbers, are no features", async () => {
  const header = "\tfile\tx\temotion\tgender\tclass_label\tspeaker\tmood";
  const { ids, matrix, leftOut } = await read(
    `${header}\n0\ta.wav\t5\tanger\tmale\t3\t1\tgood\n1\tb.wav\t6\tfear\tmale\t2\t1\tbad\n`,
  );
  expect([ids, toRows(matrix)]).toEqual([
    ["a", "b"],
    [[5], [6]],
  ]);
  expect(leftOut).toEqual([
    "a column without a name, emotion, gender, class_label, speaker (labels or places by name)",
    "mood (no numbers)",
  ]);
});

test("as Excel saves a table: a line sep=, rows of separators, Unicode text", async () => {
  const rows = [[5], [6]];
  expect(toRows((await read("sep=;\r\nid;x;\r\na;5;\r\n;;\r\nb;6;\r\n")).matrix)).toEqual(rows);
  const text = "\ufeffid\tx\r\nJürgen_1.wav\t5\r\nb\t6\r\n";
  const { ids, matrix } = await read(Buffer.from(text, "utf16le"));
  expect([ids, toRows(matrix)]).toEqual([["Jürgen_1", "b"], rows]);
});

test("pandas numbers columns without names", async () => {
  expect(toRows((await read(",0,1\na,1,2\nb,3,4\n")).matrix)).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(await refusal("a,1.5,2\nb,2,3\n")).toContain("add a header");
});

test("without a known column the first one has the clips", async () => {
  const { ids, matrix } = await read("clip,x\na,1\nb,2\n");
  expect([ids, toRows(matrix)]).toEqual([
    ["a", "b"],
    [[1], [2]],
  ]);
});

test("the digest is of the numbers and their clips, not of folders, order, labels or precision of print", async () => {
  const digest = async (text: string) => (await read(text)).digest;
  const one = await digest("file,x,y\n/x/a.wav,1,2\n/x/b.wav,3,4\n");
  expect(await digest("id;y;x;emotion\nsavee/b;4.0;3;fear\nsavee/a;2;1;anger\n")).not.toBe(one);
  expect(await digest("id;x;y;emotion\nsavee/b;3;4.0;fear\nsavee/a;1;2;anger\n")).toBe(one);
  expect(await digest("file,x,y\n/x/b.wav,1,2\n/x/a.wav,3,4\n")).not.toBe(one);
  expect(
    await read(encodeNpy({ data: Float64Array.of(3, 4, 1, 2), shape: [2, 2] }), "n.npy").catch(String),
  ).toContain("n.ids.csv");
  await writeFile(join(folder, "n.ids.csv"), "b\na\n");
  expect(readTable(join(folder, "n.npy")).digest).toBe(one);
});

test("cells that are no finite numbers are named by line and column", async () => {
  expect(await refusal("id,x,y\na,1,2\nb,nan,3\n")).toBe(
    '/a.csv: line 3, column x is "nan"; a feature is a finite number for every clip: fill in the cells, or remove the columns',
  );
  const text = await refusal("id,x,y\na,1,2\nb,,1e99\nc,3,inf\nd,4,0x10\n");
  expect(text).toContain("has 4 problems:\n  line 3, column x is empty; a feature is");
  for (const part of [
    'line 3, column y is "1e99"',
    'line 4, column y is "inf"',
    'line 5, column y is "0x10"',
  ])
    expect(text).toContain(part);
});

test("what is no table says so", async () => {
  expect(await refusal("id,x\n")).toContain("has no rows");
  expect(await refusal("id,x\na,1\nb\n")).toContain("line 3, column x is empty; a feature is");
  expect(await refusal("id,x\na,1\nb,2,3\n")).toMatch(/^\/a\.csv is not valid CSV: line 3 has 3 cells/);
  expect(await refusal("id,mood\na,good\nb,bad\n")).toBe(
    "/a.csv has no column of numbers: there are only mood (no numbers)",
  );
  expect(await refusal("id,x\na,1\n,2\n")).toBe("/a.csv: line 3 names no clip");
  expect(await refusal(Uint8Array.of(0xe4, 0x0a))).toContain("it is not UTF-8 text");
  expect(() => readTable(join(folder, "none.csv"))).toThrow(/cannot read the table .*none\.csv: /);
});

test("a .npy has its ids beside it, with a header or without", async () => {
  const data = Float32Array.of(1, 2, 9, 3, 4, 9);
  await writeFile(join(folder, "x.csv"), "file,n\nsavee/DC_a01.wav,1\nsavee/DC_a02.wav,2\n");
  const { ids, matrix, leftOut } = await read(encodeNpy({ data, shape: [2, 3] }), "x.npy");
  expect([ids, toRows(matrix)]).toEqual([
    ["savee/DC_a01", "savee/DC_a02"],
    [
      [1, 2],
      [3, 4],
    ],
  ]);
  expect(leftOut).toEqual(["column 3 (the same in every row)"]);
  await writeFile(join(folder, "y.ids.csv"), "");
  expect(await refusal(encodeNpy({ data: Float32Array.of(1, 2), shape: [1, 2] }), "y.npy")).toContain(
    "y.ids.csv has 0 lines, but /y.npy has 1 row:",
  );
  expect(await refusal(encodeNpy({ data, shape: [6] }), "x.npy")).toContain("has 1 dimensions");
  expect(
    await refusal(encodeNpy({ data: Float32Array.of(1, Number.NaN), shape: [2, 1] }), "x.npy"),
  ).toContain("row 2, column 1 is NaN; a feature is");
  expect(await refusal(encodeNpy({ data, shape: [6, 1] }), "x.npy")).toBe(
    "/x.csv has 3 lines, but /x.npy has 6 rows: it takes one id per row, and may have a header",
  );
});

const ids = fc.uniqueArray(
  fc.string({ unit: fc.constantFrom(..."ab/,;\t\"'.-0 é"), maxLength: 8 }).map((text) => `c${text}e`),
  { minLength: 2, maxLength: 8 },
);
const tables = ids.chain((ids) =>
  fc.record({
    ids: fc.constant(ids),
    columns: fc.array(
      fc
        .array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
          ...{ minLength: ids.length, maxLength: ids.length },
        })
        .filter((values) => new Set(values).size > 1),
      { minLength: 1, maxLength: 4 },
    ),
  }),
);

test("what was written is read back", async () => {
  await fc.assert(
    fc.asyncProperty(tables, fc.constantFrom(",", ";", "\t"), async ({ ids, columns }, delimiter) => {
      const quoted = (text: string) => (/^[\w.-]*$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`);
      const rows = [
        ["id", ...columns.map((_, c) => `x${c}`)],
        ...ids.map((id, i) => [id, ...columns.map((values) => String(values[i]))]),
      ];
      const table = await read(rows.map((cells) => cells.map(quoted).join(delimiter)).join("\r\n"));
      expect(table.ids).toEqual(ids.map(clipKey));
      // A float has one zero here: -0 is written as 0.
      expect(toRows(table.matrix)).toEqual(ids.map((_, i) => columns.map((values) => values[i]! + 0)));
    }),
    { seed: 1, numRuns: 60 },
  );
});

test("any text is a table or a UserError", async () => {
  const cell = fc.oneof(
    fc.string({ maxLength: 6 }),
    fc.double().map(String),
    fc.constantFrom("id", "file", ""),
  );
  const texts = fc.oneof(
    fc
      .array(fc.array(cell, { maxLength: 4 }), { maxLength: 5 })
      .map((rows) => formatCsv(rows[0] ?? [], rows.slice(1))),
    fc.string({ maxLength: 60 }),
  );
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      try {
        const { matrix, ids } = await read(text);
        expect(matrix.rows).toBe(ids.length);
        expect(matrix.data.every(Number.isFinite)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});

test("any bytes of a .npy are a table or a UserError", async () => {
  const whole = encodeNpy({ data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] });
  await writeFile(join(folder, "any.ids.csv"), "a\nb\n");
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 30 }), fc.nat(whole.length), async (noise, at) => {
      const bytes = Uint8Array.from(whole);
      bytes.set(noise.subarray(0, whole.length - at), at);
      await read(bytes, "any.npy").catch((error: unknown) => expect(error).toBeInstanceOf(UserError));
    }),
    { seed: 1, numRuns: 200 },
  );
});

test("how clips are called", () => {
  expect(clipKey("'C:\\Savee\\DC_a01.WAV'")).toBe("C:/Savee/DC_a01");
  expect(clipKey("./own/a.b")).toBe("own/a.b");
  expect(clipName("own/a.b")).toBe("a.b");
});
