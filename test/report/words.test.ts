import { expect, test } from "vitest";
import type { EntryResults } from "../../lib/analysis/protocol-results.js";
import { namesIn } from "../../lib/report/words.js";

/** Entries with these labels; `*` marks a transductive one. */
const named = (...labels: string[]) => {
  const entries = labels.map((marked) => {
    const label = marked.replace("*", "");
    const settings = { training: { model: label.split(",")[0] } };
    return { label, settings, transductive: marked !== label } as EntryResults;
  });
  return [...namesIn({ entries }).values()];
};

test("a name leaves out what all of its kind have under the protocol", () => {
  expect(named("clstm, epochs 24", "clstm, epochs 24, no refit", "cnn, plain")).toEqual([
    ...["clstm", "clstm, no refit", "cnn"],
  ]);
  expect(named("cnn, epochs 8", "cnn, epochs 12")).toEqual(["cnn, epochs 8", "cnn, epochs 12"]);
});

test("the mark says that normalisation is by speaker", () => {
  expect(named("cnn, normalisation speaker*", "cnn, plain")).toEqual(["cnn (TRANSDUCTIVE)", "cnn"]);
});

test("the name of another system stays as it is", () => {
  const settings = { external: { name: "mine, of today" }, training: { model: "linear" } };
  const entry = { label: "mine, of today", settings, transductive: false } as unknown as EntryResults;
  expect([...namesIn({ entries: [entry] }).values()]).toEqual(["mine, of today"]);
});
