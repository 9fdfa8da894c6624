import fc from "fast-check";
import { expect, test } from "vitest";
import { UsageError, UserError } from "../../lib/base/errors.js";
import {
  assignParameters,
  type Cell,
  formatNotebook,
  injectParameters,
  type Notebook,
  PRIVATE_AUDIO,
  parameterNames,
  parseNotebook,
  textOf,
  withoutAudio,
} from "../../lib/notebook/nbformat.js";

const code = (source: string, ...tags: string[]): Cell => ({
  cell_type: "code",
  metadata: { tags },
  source,
  outputs: [],
  execution_count: null,
});
const notebook = (...cells: Cell[]): Notebook => ({ cells, metadata: {}, nbformat: 4, nbformat_minor: 4 });

test("what is not a notebook is refused with the file's name and the reason", () => {
  const wrong: [string, RegExp][] = [
    ["", /a\.ipynb is not a notebook: its text is not JSON/],
    ["[]", /it is not a JSON object/],
    ["{}", /it does not give its format/],
    ['{"nbformat": 4}', /list of "cells"/],
    ['{"worksheets": [{"cells": []}], "nbformat": 3}', /format is 3, not 4; open and save it in Jupyter/],
    ['{"cells": [], "nbformat": 5}', /format is 5, not 4; save it as format 4/],
    ['{"cells": [1], "nbformat": 4}', /cell 1 is not an object/],
    ['{"cells": [{"cell_type": "x", "source": ""}], "nbformat": 4}', /cell 1 has the unknown type "x"/],
    ['{"cells": [{"cell_type": "code"}], "nbformat": 4}', /cell 1 has no source/],
    [
      '{"cells": [{"cell_type": "code", "source": "", "metadata": {"tags": 3}}], "nbformat": 4}',
      /the tags of cell 1 are not a list/,
    ],
  ];
  for (const [text, reason] of wrong) {
    expect(() => parseNotebook(text, "a.ipynb")).toThrow(UserError);
    expect(() => parseNotebook(text, "a.ipynb")).toThrow(reason);
  }
});

test("a byte order mark is skipped", () => {
  const text = JSON.stringify(notebook(code("1")));
  expect(parseNotebook(`\ufeff${text}`, "x")).toEqual(parseNotebook(text, "x"));
});

test("any text is a notebook or refused by a UserError, and any JSON too", () => {
  const parse = (text: string) => {
    try {
      return parseNotebook(text, "x");
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      return undefined;
    }
  };
  fc.assert(
    fc.property(fc.string(), (text) => void parse(text)),
    { seed: 1 },
  );
  const cell = fc.record({ cell_type: fc.constantFrom("code", "markdown", 3), source: fc.anything() });
  fc.assert(
    fc.property(fc.array(fc.oneof(cell, fc.anything())), (cells) => {
      parse(JSON.stringify({ cells, nbformat: 4 }));
    }),
    { seed: 2 },
  );
});

test("writing gives format 4.5 with unique ids, and texts as lines that read back the same", () => {
  const sources = fc.array(fc.string({ unit: "grapheme" }), { maxLength: 5 });
  fc.assert(
    fc.property(sources, (texts) => {
      const cells = texts.map((text) => ({ ...code(text), id: "same" }));
      const text = formatNotebook(notebook(...cells));
      const written = JSON.parse(text);
      expect([written.nbformat, written.nbformat_minor]).toEqual([4, 5]);
      const ids = written.cells.map(({ id }: Cell) => id);
      expect(new Set(ids).size).toBe(texts.length);
      expect(parseNotebook(text, "x").cells.map(({ source }) => textOf(source))).toEqual(texts);
    }),
    { seed: 3 },
  );
});

test("a picture stays one line, text becomes lines, markdown has no outputs", () => {
  const cell = code("1");
  const figure = { data: [{ y: [1, 2, 3] }], layout: {} };
  cell.outputs = [
    {
      output_type: "display_data",
      data: { "image/png": "AAAA", "text/plain": "a\nb", "application/vnd.plotly.v1+json": figure },
      metadata: {},
    },
    { output_type: "stream", name: "stdout", text: "x\ny\n" },
  ];
  const text = formatNotebook(notebook(cell, { cell_type: "markdown", metadata: {}, source: "# t" }));
  const { cells } = JSON.parse(text);
  expect(cells[0].outputs[0].data).toEqual({
    "image/png": "AAAA",
    "text/plain": ["a\n", "b"],
    "application/vnd.plotly.v1+json": figure,
  });
  expect(text).toContain(JSON.stringify(figure));
  expect(cells[0].outputs[1].text).toEqual(["x\n", "y\n"]);
  expect(Object.keys(cells[1]).sort()).toEqual(["cell_type", "id", "metadata", "source"]);
});

test("parameters are declared anew behind the tagged cell, and injecting again replaces them", () => {
  const before = notebook(
    code('const corpus: string = "tess"; // which\nlet n = 3;', "parameters"),
    code("n"),
  );
  expect(parameterNames(before)).toEqual(["corpus", "n"]);
  const once = injectParameters(before, { n: 5 });
  const twice = injectParameters(once, { corpus: 'a"b', n: [1] });
  expect(once.cells.map(({ source }) => textOf(source))[1]).toBe("const n = 5;");
  expect(twice.cells.map(({ source }) => textOf(source))).toEqual([
    'const corpus: string = "tess"; // which\nlet n = 3;',
    'const corpus = "a\\"b";\nconst n = [1];',
    "n",
  ]);
  expect(injectParameters(twice, {}).cells).toHaveLength(2);
  expect(() => injectParameters(before, { corpora: 1 })).toThrow(
    /no parameter is called corpora: there are corpus, n/,
  );
});

test("of several notebooks each gets the parameters it has, and a name that none has is wrong usage", () => {
  const [a, b] = ["const x = 1;", "const x = 1;\nconst y = 2;"].map((source) =>
    notebook(code(source, "parameters")),
  );
  expect(assignParameters([a!, b!], { x: 5, y: 6 })).toEqual([{ x: 5 }, { x: 5, y: 6 }]);
  expect(() => assignParameters([a!, b!], { z: 1 })).toThrow(UsageError);
});

test("private audio is taken out of a notebook, other audio stays", () => {
  const cell = code("await listen(clip)");
  const data = { "text/html": "<audio>", "text/plain": "[audio: x, 1.00 s]" };
  cell.outputs = [
    { output_type: "display_data", data, metadata: { [PRIVATE_AUDIO]: true } },
    { output_type: "display_data", data, metadata: {} },
  ];
  const [first, second] = withoutAudio(notebook(cell)).cells[0]!.outputs!;
  expect(JSON.stringify(first)).not.toContain("<audio>");
  expect(first).toMatchObject({ data: { "text/plain": expect.stringContaining("not kept") } });
  expect(second).toEqual(cell.outputs[1]);
});
