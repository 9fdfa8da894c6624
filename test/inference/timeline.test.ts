import { expect, test } from "vitest";
import { decide, smoothed, timeline } from "../../lib/inference/timeline.js";

const window = (start: number, end: number, anger: number) => ({
  ...{ start, end },
  ...decide({ anger, neutral: 1 - anger }, 0),
});

test("a decision is the likeliest, or none below the threshold", () => {
  expect(decide({ anger: 0.3, fear: 0.7 }, 0.7)).toMatchObject({ emotion: "fear", confidence: 0.7 });
  expect(decide({ anger: 0.3, fear: 0.7 }, 0.71)).toMatchObject({ emotion: null, confidence: 0.7 });
});

test("where windows overlap their probabilities are averaged; pauses stay; neighbours alike are joined", () => {
  const windows = [window(0, 2, 0.75), window(1, 3, 0.5), window(2, 4, 0), window(6, 7, 0.25)];
  expect(smoothed(windows).map((i) => [i.start, i.end, i.probabilities.anger])).toEqual([
    [0, 1, 0.75],
    [1, 2, 0.625],
    [2, 3, 0.25],
    [3, 4, 0],
    [6, 7, 0.25],
  ]);
  const joined = timeline(windows);
  expect(joined.map(({ start, end, emotion }) => [start, end, emotion])).toEqual([
    [0, 2, "anger"],
    [2, 4, "neutral"],
    [6, 7, "neutral"],
  ]);
  expect(joined.map(({ confidence }) => confidence)).toEqual([0.6875, 0.875, 0.75]);
  expect(timeline(windows, 0.8).map(({ emotion }) => emotion)).toEqual([null, "neutral", null]);
  expect(timeline([])).toEqual([]);
});
