import { expect, test } from "vitest";
import { groupBy } from "../../lib/base/group.js";

test("groups keep the order of keys and items", () => {
  const groups = groupBy(["bee", "ant", "bat", "ape"], (word) => word[0]!);
  expect([...groups]).toEqual([
    ["b", ["bee", "bat"]],
    ["a", ["ant", "ape"]],
  ]);
});
