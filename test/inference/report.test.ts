import { expect, test } from "vitest";
import type { Prediction } from "../../lib/inference/model.js";
import { predictionCsv, predictionJson, predictionTable } from "../../lib/inference/report.js";
import { decide } from "../../lib/inference/timeline.js";

// The outputs in an order that is not EMOTIONS', as a model may have them.
const CLASSES = ["neutral", "fear", "anger"];
const model = {
  card: { run: "run-1", classes: CLASSES } as never,
  sha256: "ab",
  threshold: 0.5,
};
const of = (anger: number, fear: number) =>
  decide({ neutral: Math.round(100 * (1 - anger - fear)) / 100, fear, anger }, 0.5);

const clip: Prediction = {
  ...{ duration: 3, abstained: false, warnings: ["odd"] },
  ...of(0.75, 0.25),
  windows: [{ start: 0, end: 3, ...of(0.75, 0.25) }],
};
const long: Prediction = {
  ...{ duration: 20, abstained: true, reason: "unsure", warnings: [] },
  ...of(0.4, 0.4),
  windows: [
    { start: 1, end: 4, ...of(0.6, 0.2) },
    { start: 8, end: 9, ...of(0.2, 0.4) },
  ],
};
const silence: Prediction = {
  ...{ duration: 2, emotion: null, confidence: null, abstained: true, reason: "silence" },
  ...{ probabilities: null, windows: [], warnings: [] },
};

test("JSON has just these members, and probabilities in the order of EMOTIONS", () => {
  const json = predictionJson({ file: "a.wav", prediction: clip }, model);
  expect(Object.keys(json)).toEqual(
    "file duration model emotion confidence abstained probabilities windows".split(" "),
  );
  expect(json).toEqual({
    ...{ file: "a.wav", duration: 3, model: { name: "run-1", sha256: "ab" } },
    ...{ emotion: "anger", confidence: 0.75, abstained: false },
    probabilities: { anger: 0.75, fear: 0.25, neutral: 0 },
    windows: [
      {
        ...{ start: 0, end: 3, emotion: "anger", confidence: 0.75 },
        probabilities: { anger: 0.75, fear: 0.25, neutral: 0 },
      },
    ],
  });
  expect(Object.keys(json.probabilities!)).toEqual(["anger", "fear", "neutral"]);
  expect(Object.keys(json.windows[0]!.probabilities)).toEqual(["anger", "fear", "neutral"]);
  expect(predictionJson({ file: "-", prediction: silence }, model)).toMatchObject({
    ...{
      emotion: null,
      confidence: null,
      abstained: true,
      reason: "silence",
      probabilities: null,
      windows: [],
    },
  });
});

test("CSV has a row for a clip, for each window, and for nothing", () => {
  const answers = [
    { file: "a,b.wav", prediction: clip },
    { file: "long.wav", prediction: long },
    { file: "s.wav", prediction: silence },
  ];
  expect(predictionCsv(answers, model).split("\n")).toEqual([
    "file,start,end,emotion,confidence,reason,anger,fear,neutral",
    '"a,b.wav",0,3,anger,0.75,,0.75,0.25,0',
    "long.wav,1,4,anger,0.6,,0.6,0.2,0.2",
    "long.wav,8,9,,0.4,unsure,0.2,0.4,0.4",
    "s.wav,0,2,,,silence,,,",
    "",
  ]);
});

test("the table shows a timeline for what is long, and says why there is no answer", () => {
  const text = predictionTable(
    [
      { file: "a.wav", prediction: clip },
      { file: "long.wav", prediction: long },
      { file: "s.wav", prediction: silence },
    ],
    model,
  );
  expect(text).toMatch(/a\.wav +3\.00 +anger +75\.0 +25\.0 +0\.0/);
  expect(text).toMatch(/long\.wav +20\.00 +\(unsure\) +40\.0/);
  expect(text).toMatch(/s\.wav +2\.00 +\(silence\)$/m);
  expect(text).toMatch(/\nlong\.wav\nfrom s/);
  expect(text).toMatch(/\n\nmodel: run-1, SHA-256 ab$/);
  expect(text).toMatch(/1\.00 +4\.00 +anger/);
  expect(text).toMatch(/8\.00 +9\.00 +\(unsure\)/);
});
