import { expect, test } from "vitest";
import type { Output } from "../../lib/notebook/nbformat.js";
import { DISPLAY_LIMIT, Outputs, TEXT_LIMIT, TextLimit } from "../../lib/notebook/outputs.js";

function collect(): { outputs: Outputs; list: Output[] } {
  const outputs = new Outputs();
  const list: Output[] = [];
  outputs.startCell(list, 7);
  return { outputs, list };
}

test("text of one stream is joined, another stream starts anew", () => {
  const { outputs, list } = collect();
  for (const [name, text] of [
    ["stdout", "a"],
    ["stdout", "b\n"],
    ["stderr", "c"],
    ["stdout", ""],
    ["stdout", "d"],
  ] as const)
    outputs.add({ kind: "stream", name, text });
  expect(list).toEqual([
    { output_type: "stream", name: "stdout", text: "ab\n" },
    { output_type: "stream", name: "stderr", text: "c" },
    { output_type: "stream", name: "stdout", text: "d" },
  ]);
});

test("a display is replaced under its id, also from a later cell", () => {
  const { outputs, list } = collect();
  outputs.add({ kind: "display", display: { data: { "text/plain": "10 %" }, id: "bar" } });
  outputs.add({ kind: "display", display: { data: { "text/plain": "50 %" }, id: "bar", update: true } });
  const later: Output[] = [];
  outputs.startCell(later, 8);
  outputs.add({ kind: "display", display: { data: { "text/plain": "100 %" }, id: "bar", update: true } });
  expect(list).toEqual([{ output_type: "display_data", data: { "text/plain": "100 %" }, metadata: {} }]);
  expect(later).toEqual([]);
});

test("a result carries its cell's number, an error its traceback", () => {
  const { outputs, list } = collect();
  outputs.add({ kind: "result", data: { "text/plain": "42" } });
  outputs.add({ kind: "error", failure: { ename: "Error", evalue: "no", traceback: ["Error: no"] } });
  expect(list).toEqual([
    { output_type: "execute_result", data: { "text/plain": "42" }, metadata: {}, execution_count: 7 },
    { output_type: "error", ename: "Error", evalue: "no", traceback: ["Error: no"] },
  ]);
});

test("100 MB of text are cut to 1 MB with a note of what is left out", () => {
  const limit = new TextLimit();
  const line = "x".repeat(1e6);
  let shown = 0;
  for (let i = 0; i < 100; i++) shown += limit.take(line).length;
  expect(shown).toBe(TEXT_LIMIT);
  expect(limit.note()).toMatch(/99\.0 MB more are left out/);
  expect(new TextLimit().note()).toBeUndefined();
});

test("displays beyond the limit of a cell are left out, and that is said", () => {
  const { outputs, list } = collect();
  const big = {
    kind: "display",
    display: { data: { "text/plain": "x".repeat(0.6 * DISPLAY_LIMIT) } },
  } as const;
  outputs.add(big);
  outputs.add(big);
  expect(list.map(({ output_type }) => output_type)).toEqual(["display_data", "stream"]);
});
