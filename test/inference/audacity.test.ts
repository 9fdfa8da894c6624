import { expect, test } from "vitest";
import { audacityLabels } from "../../lib/inference/audacity.js";

test("a line an interval, in seconds with six decimals as Audacity writes them; ? for an abstention", () => {
  const window = { confidence: 0.5, probabilities: {} };
  const labels = audacityLabels([
    { start: 0, end: 1.5, emotion: "anger", ...window },
    { start: 1.5, end: 2, emotion: null, ...window },
  ]);
  expect(labels).toBe("0.000000\t1.500000\tanger\n1.500000\t2.000000\t?\n");
  expect(audacityLabels([])).toBe("");
});
