import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UsageError, UserError } from "../../lib/base/errors.js";
import type { Cell, Notebook, Output } from "../../lib/notebook/nbformat.js";
import { findNotebooks, type NotebookRun, runNotebook, runNotebooks } from "../../lib/notebook/run.js";

// Each run is a process with a compiler in it, about two seconds: tests share runs.

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "notebooks-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function notebookOf(...sources: (string | [string, string])[]): Notebook {
  const cells = sources.map((entry): Cell => {
    const [source, tag] = typeof entry === "string" ? [entry] : entry;
    return {
      cell_type: "code",
      metadata: tag ? { tags: [tag] } : {},
      source,
      outputs: [],
      execution_count: null,
    };
  });
  return { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 };
}

const run = (notebook: Notebook, options = {}) =>
  runNotebook(notebook, join(folder, "x.ipynb"), { quiet: true, ...options });

const outputsOf = ({ notebook }: NotebookRun) => notebook.cells.map(({ outputs }) => outputs as Output[]);
const text = (output: Output | undefined) => JSON.stringify(output ?? null);

describe("what goes wrong in a cell", () => {
  let result: NotebookRun;
  const wrong = [
    "const a = 1;\n\nconst b: string = a;",
    'function f(n: number) {\n\n  if (n > 2) throw new RangeError("too big");\n}\nf(1)',
    "f(3);",
    'void Promise.reject(new Error("nobody waits"));',
  ];
  beforeAll(async () => {
    const cells = wrong.map((source): [string, string] => [source, "raises-exception"]);
    result = await run(notebookOf(...cells, "throw 5;", "6"));
  });
  const error = (cell: number) => result.notebook.cells[cell - 1]!.outputs!.at(-1) as Record<string, unknown>;

  test("is an output where it is meant, and ends the notebook where it is not", () => {
    expect(error(1)).toMatchObject({ ename: "TypeScriptError" });
    expect(error(3)).toMatchObject({ ename: "RangeError", evalue: "too big" });
    expect(error(4)).toMatchObject({ ename: "UncaughtError", evalue: "Error: nobody waits" });
    expect(result.failure).toMatchObject({ cell: 5, evalue: "5" });
    expect(result.notebook.cells.map(({ execution_count }) => execution_count)).toEqual([
      1,
      2,
      3,
      4,
      5,
      null,
    ]);
  });

  test("a type error shows its line with a caret under it", () => {
    expect(error(1).traceback).toEqual([
      "cell-1:3:7 - TS2322: Type 'number' is not assignable to type 'string'.",
      "  const b: string = a;",
      "        ^",
    ]);
  });

  test("a throw shows the lines of the cells it came through", () => {
    const trace = (error(3).traceback as string[]).join("\n");
    expect(trace).toMatch(/cell-2:3\)?\n +if \(n > 2\) throw new RangeError/);
    expect(trace).toMatch(/cell-3:1\n +f\(3\);/);
  });
});

test("the end of the process ends the notebook, and what the cell had said is kept", async () => {
  const say = 'console.log("said before");\n';
  const ends: [string, RegExp][] = [
    ["process.exit(0);", /ended with code 0/],
    ['process.kill(process.pid, "SIGSEGV");\nawait new Promise(() => {});', /SIGSEGV/],
  ];
  for (const [source, reason] of ends) {
    const result = await run(notebookOf("1", say + source, "3"));
    expect(result.failure).toMatchObject({ ename: "ProcessEnded", cell: 2 });
    expect(result.failure!.evalue).toMatch(reason);
    const [first, second, third] = outputsOf(result);
    expect(first).toHaveLength(1);
    expect(text(second![0])).toContain("said before");
    expect(text(second![1])).toContain("ProcessEnded");
    expect(third).toEqual([]);
  }
});

test("an endless loop, also one behind an await, is ended at the time limit", async () => {
  const result = await run(notebookOf("await null;\nfor (;;) {}", "2"), { timeout: 4 });
  expect(result.failure).toMatchObject({ ename: "TimeoutError" });
  expect(result.cells).toBe(0);
});

test("a signal stops a notebook, and it says so", async () => {
  const result = await run(notebookOf("1"), { signal: AbortSignal.abort() });
  expect(result).toMatchObject({ interrupted: true, cells: 0, failure: { ename: "Interrupted" } });
});

test("cells, tags, parameters, displays and 100 MB of text", async () => {
  const result = await run(
    notebookOf(
      ["const corpus: string = 'tess';\nconst n = 1;", "parameters"],
      ["throw new Error('skipped')", "skip"],
      ["throw new Error('meant')", "raises-exception"],
      // Top-level await in all its forms.
      "const xs: number[] = [];\nfor (let i = 0; i < 2; i++) xs.push(await Promise.resolve(i));\n" +
        "for await (const x of [7]) xs.push(x);\nconst { y } = await Promise.resolve({ y: n });\n[corpus, y, ...xs].join()",
      'const line = "x".repeat(1e6) + "\\n";\nfor (let i = 0; i < 100; i++) process.stdout.write(line);',
      'import { Progress } from "../lib/base/progress.ts";\nimport { show } from "../lib/notebook/display.ts";\n' +
        'const bar = new Progress("work", 3);\nconst gone = new Progress("gone", 3);\n' +
        // As if the work took a while.
        "const { now } = performance;\nperformance.now = () => now.call(performance) + 600;\n" +
        'for (let i = 0; i < 3; i++) bar.step();\nbar.done();\ngone.step();\ngone.clear();\nawait show([{ a: "<b>", n: 1.5 }]);',
      "const n = 'another type';\nn",
      // Names of earlier cells in short form, which stock tslab does not find.
      "let m = 1;\nlet k = 1;\n({ m, k = 9 } = { m: 8 } as { m: number; k?: number });\n[m, k]",
      "JSON.stringify([{ n, m }].map((one) => ({ ...one, k })))",
    ),
    { parameters: { corpus: "savee", n: 5 } },
  );
  expect(result.failure).toBeUndefined();
  const outputs = outputsOf(result);
  const [parameters, injected, skipped, raised, awaited, long, shown, redeclared, assigned, short] = outputs;
  expect([parameters, injected, skipped]).toEqual([[], [], []]);
  expect(raised).toMatchObject([{ output_type: "error", evalue: "meant" }]);
  expect(awaited).toMatchObject([
    { output_type: "execute_result", data: { "text/plain": "'savee,5,0,1,7'" } },
  ]);
  expect(text(long![0]).length).toBeLessThan(1_010_000);
  expect(text(long![1])).toContain("99.0 MB more are left out");
  expect(shown).toMatchObject([
    { output_type: "display_data", data: { "text/plain": expect.stringMatching(/^work .* 100 % 3\/3/) } },
    { output_type: "display_data", data: { "text/html": expect.stringContaining("&lt;b&gt;") } },
  ]);
  expect(text(redeclared![0])).toContain("another type");
  expect(assigned).toMatchObject([{ data: { "text/plain": "[ 8, 9 ]" } }]);
  expect(short).toMatchObject([{ data: { "text/plain": `'[{"n":"another type","m":8,"k":9}]'` } }]);
  expect(result.notebook.metadata).toMatchObject({ kernelspec: { name: "ser-typescript" } });
});

test("notebooks are written with what they did, over themselves only when they succeed", async () => {
  const [good, bad] = [join(folder, "good.ipynb"), join(folder, "bad.ipynb")];
  await writeFile(good, JSON.stringify(notebookOf("6 * 7")));
  await writeFile(bad, JSON.stringify(notebookOf("nothing")));
  const before = await readFile(bad, "utf8");
  const reports = await runNotebooks([bad, good], { out: join(folder, "out"), inPlace: true, quiet: true });
  expect(reports.map(({ failure, written }) => [failure?.ename, written])).toEqual([
    ["TypeScriptError", join(folder, "out", "bad.ipynb")],
    [undefined, good],
  ]);
  expect(await readFile(bad, "utf8")).toBe(before);
  expect(await readFile(reports[0]!.written, "utf8")).toContain("TS2304");
  expect(JSON.parse(await readFile(good, "utf8")).cells[0].outputs[0].data).toEqual({ "text/plain": ["42"] });
});

test("notebooks that would be written to the same file, or over themselves, are refused before any is executed", async () => {
  const [a, b] = [join(folder, "a", "x.ipynb"), join(folder, "b", "X.ipynb")];
  const mark = join(folder, "executed");
  const source = `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "")`;
  for (const path of [a, b]) {
    await mkdir(dirname(path));
    await writeFile(path, JSON.stringify(notebookOf(source)));
  }
  const before = await readFile(a, "utf8");
  const out = join(folder, "same");
  for (const inPlace of [false, true]) {
    const same = runNotebooks([a, b], { out, inPlace, quiet: true });
    await expect(same).rejects.toThrow(/x\.ipynb and .*X\.ipynb would be written to the same file/);
    await expect(same).rejects.toThrow(UsageError);
    const over = runNotebooks([a], { out: dirname(a), inPlace, quiet: true });
    await expect(over).rejects.toThrow(/a.x\.ipynb would overwrite a notebook to run/);
  }
  expect([existsSync(out), existsSync(mark), await readFile(a, "utf8")]).toEqual([false, false, before]);
  const twice = await runNotebooks([a, a], { out, quiet: true });
  expect(twice.map(({ written }) => written)).toEqual([join(out, "x.ipynb")]);
});

test("notebooks are found by number or name, and a name that is not there says which are", async () => {
  expect(await findNotebooks(["01"])).toEqual(await findNotebooks(["01-explore"]));
  await expect(findNotebooks(["77"])).rejects.toThrow(UserError);
  await expect(findNotebooks(["77"])).rejects.toThrow(/notebook 77 not found: notebooks\/ has 01-explore/);
});
