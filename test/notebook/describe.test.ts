import { join } from "node:path";
import { expect, test } from "vitest";
import { describeReport, size } from "../../lib/notebook/describe.js";
import type { NotebookReport } from "../../lib/notebook/run.js";

const report = (failure?: NotebookReport["failure"]): NotebookReport => ({
  ...{ path: "/x/01-look.ipynb", written: join(process.cwd(), "out", "01-look.ipynb") },
  ...{ seconds: 3, cells: 4, bytes: 12_001, interrupted: false },
  ...(failure && { failure }),
});

test("a notebook that succeeded is a line", () => {
  expect(describeReport(report())).toBe(`01-look: 4 cells, 3.0 s, 13 kB -> ${join("out", "01-look.ipynb")}`);
  expect(size(2_340_000)).toBe("2.3 MB");
});

test("a failure is shown with its trace, or with what the workbench says to do", () => {
  const traceback = ["TypeError: x", "  at f (/lib/a.js:1:2)"];
  const lines = (ename: string, trace = traceback) =>
    describeReport(report({ cell: 2, ename, evalue: "x", traceback: trace })).split("\n");
  expect(lines("TypeError").slice(1)).toEqual(["  TypeError: x", "    at f (/lib/a.js:1:2)"]);
  expect(lines("TypeError", []).slice(1)).toEqual(["  TypeError: x"]);
  expect(lines("UserError")).toEqual([expect.stringContaining("01-look: FAILED in cell 2, 3.0 s"), "  x"]);
});
