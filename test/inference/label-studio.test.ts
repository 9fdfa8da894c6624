import { expect, test } from "vitest";
import { audacityLabels } from "../../lib/inference/audacity.js";
import { labelStudioTasks } from "../../lib/inference/label-studio.js";
import { parseSegments } from "../../lib/inference/segment-files.js";
import { decide } from "../../lib/inference/timeline.js";

const at = (start: number, end: number, anger: number) => ({
  ...{ start, end },
  ...decide({ anger, fear: 1 - anger }, 0.6),
});
const windows = [at(0, 1, 0.9), at(2, 3.5, 0.5), at(4, 5, 0.1)];
const model = { card: { run: "run-1", classes: ["anger", "fear"] } as never, sha256: "ab", threshold: 0.6 };

test("a task for each recording, a region for each interval with an emotion", () => {
  const judged = {
    duration: 6,
    abstained: false,
    warnings: [],
    windows,
    ...decide({ anger: 0.7, fear: 0.3 }, 0),
  };
  const nothing = {
    ...{ duration: 1, emotion: null, confidence: null, abstained: true, reason: "silence" as const },
    ...{ probabilities: null, windows: [], warnings: [] },
  };
  const tasks = labelStudioTasks(
    [
      { file: "a.wav", prediction: judged },
      { file: "b.wav", prediction: nothing },
    ],
    model,
  );
  const region = (i: number, start: number, end: number, label: string, score: number) => ({
    ...{ id: `region-${i}`, from_name: "label", to_name: "audio", type: "labels", original_length: 6 },
    ...{ value: { start, end, channel: 0, labels: [label] }, score },
  });
  expect(tasks).toEqual([
    {
      data: { audio: "a.wav" },
      predictions: [
        {
          ...{ model_version: "run-1, ab", score: 0.7 },
          result: [region(1, 0, 1, "anger", 0.9), region(3, 4, 5, "fear", 0.9)],
        },
      ],
    },
    { data: { audio: "b.wav" }, predictions: [{ model_version: "run-1, ab", result: [] }] },
  ]);
});

test("Audacity's labels come back as segments", () => {
  const text = audacityLabels(windows);
  expect(text.split("\n")[1]).toBe("2.000000\t3.500000\t?");
  expect(parseSegments(text, "labels.txt").map(({ start, end, label }) => [start, end, label])).toEqual([
    [0, 1, "anger"],
    [2, 3.5, "?"],
    [4, 5, "fear"],
  ]);
});
