import { expect, test } from "vitest";
import { type Block, figuresOf, piecesOf } from "../../lib/report/document.js";

test("a text is one piece or several", () => {
  expect(piecesOf("a")).toEqual(["a"]);
  expect(piecesOf({ strong: "a" })).toEqual([{ strong: "a" }]);
  expect(piecesOf(["a", { code: "b" }])).toEqual(["a", { code: "b" }]);
});

test("figures are found in folded parts too", () => {
  const figure = { data: [], layout: { width: 1, height: 1 } };
  const one = (name: string): Block => ({ kind: "figure", name, figure, caption: name });
  const blocks: Block[] = [one("a"), { kind: "fold", summary: "more", blocks: [one("b")] }];
  expect([...figuresOf(blocks).keys()]).toEqual(["a", "b"]);
});
