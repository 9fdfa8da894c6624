import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readAudio } from "../../lib/audio/read.js";
import { writeWav } from "../../lib/audio/write.js";
import { type EmotionModel, loadModel, smoothed } from "../../lib/inference/model.js";
import type { Segment } from "../../lib/inference/segment-files.js";
import {
  segmentCsvHeader,
  segmentCsvRow,
  segmentTable,
  speakerShares,
} from "../../lib/inference/segment-report.js";
import {
  asPrediction,
  checkSegments,
  predictSegments,
  type SegmentAnswer,
} from "../../lib/inference/segments.js";
import { buzz, CLASSES, saveExample } from "./example.js";

const RATE = 16_000;
let folder: string;
let model: EmotionModel;
let talk: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-segments-"));
  await saveExample(join(folder, "model"));
  model = await loadModel(join(folder, "model"));
  talk = join(folder, "talk.wav");
  await writeWav(talk, buzz(30, RATE), RATE);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function answersOf(segments: readonly Segment[]): Promise<SegmentAnswer[]> {
  const answers: SegmentAnswer[] = [];
  for await (const answer of predictSegments(model, talk, segments)) answers.push(answer);
  return answers;
}

test("each segment has the answer of its own sound, whatever the others are", async () => {
  const { samples } = await readAudio(talk);
  const time = fc.integer({ min: 0, max: 300 }).map((tenths) => tenths / 10);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ start: time, end: time }), { maxLength: 4 }), async (all) => {
      const segments = all.map((one, i) => ({ line: i + 1, ...one }));
      const answers = await answersOf(segments);
      const kept = segments.filter(({ start, end }) => end > start);
      expect(answers.map(({ segment }) => segment.line).sort()).toEqual(kept.map(({ line }) => line).sort());
      for (const { segment, prediction } of answers) {
        const own = samples.slice(Math.round(RATE * segment.start), Math.round(RATE * segment.end));
        expect(prediction).toEqual(await model.predict({ samples: own, sampleRate: RATE }));
      }
    }),
    { seed: 1, numRuns: 25 },
  );
});

test("what is wrong is told by line, and the rest is in order, within the recording and finite", () => {
  const time = fc.double({ min: -50, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.record({ start: time, end: time })),
      fc.double({ min: 0.1, max: 1000, noNaN: true }),
      (all, duration) => {
        const segments = all.map((one, i) => ({ line: i + 1, ...one }));
        const checked = checkSegments(segments, duration);
        expect(checked.segments.length + checked.problems.length).toBe(segments.length);
        checked.segments.forEach(({ start, end }, i) => {
          expect(start >= 0 && start < end && end <= duration).toBe(true);
          if (i > 0) expect(start).toBeGreaterThanOrEqual(checked.segments[i - 1]!.start);
        });
        for (const text of [...checked.problems, ...checked.notes]) expect(text).toMatch(/^lines? \d+/);
      },
    ),
    { seed: 1 },
  );
  const at = (line: number, start: number, end: number) => ({ line, start, end });
  const { problems, notes } = checkSegments(
    [at(1, 5, 6), at(2, 1, 2), at(3, 1.5, 3), at(4, 9, 12), at(5, 11, 12), at(6, 4, 3), at(7, 2, 2)],
    10,
  );
  expect(problems).toEqual([
    "line 5: is outside the recording (11 to 12 s of 10 s)",
    "line 6: ends (3 s) before it starts (4 s)",
    "line 7: is empty (2 to 2 s)",
  ]);
  expect(notes).toEqual([
    "line 4: reaches from 9 to 12 s, cut to the recording of 10 s",
    "line 2: not in order of time; the answers are",
    "line 3: overlap with an earlier segment, so the sound may have both voices",
  ]);
});

test("rows, and shares of each speaker that sum to 1", async () => {
  const answers = await answersOf([
    { line: 1, start: 0, end: 2, speaker: "Ann, B", label: 'says "a"' },
    { line: 2, start: 3, end: 12, speaker: "Cy" },
    { line: 3, start: 13, end: 13.1, speaker: "Cy" },
  ]);
  const row = segmentCsvRow("talk.wav", answers[0]!, model);
  expect(segmentCsvHeader(model)).toBe(
    `file,start,end,speaker,label,emotion,confidence,reason,${CLASSES.join(",")}\n`,
  );
  expect(row).toMatch(/^talk\.wav,0,2,"Ann, B","says ""a""",\w+,0\.\d+,,/);
  expect(segmentCsvRow("talk.wav", answers[2]!, model)).toBe("talk.wav,13,13.1,Cy,,,,too short,,,\n");
  const shares = speakerShares(answers, CLASSES);
  expect(
    shares.map(({ speaker, segments, seconds }) => [speaker, segments, Number(seconds.toFixed(3))]),
  ).toEqual([
    ["Ann, B", 1, 2],
    ["Cy", 2, 9.1],
  ]);
  for (const { shares: own, none } of shares)
    expect(Object.values(own).reduce((a, b) => a + b, none)).toBeCloseTo(1, 10);
  expect(shares[1]!.none).toBeCloseTo(0.1 / 9.1, 6);
  const text = segmentTable(answers, model);
  expect(text).toMatch(/13\.00 +13\.10 +Cy +\(too short\)/);
  expect(text).not.toMatch(/NaN|undefined/);
  const labelled = answers.map(({ segment: { speaker: _, ...rest }, prediction }) => ({
    segment: rest,
    prediction,
  }));
  expect(speakerShares(labelled, CLASSES).map(({ speaker }) => speaker)).toEqual(["(all)"]);
});

test("as one prediction of the recording, for its timeline", async () => {
  const answers = await answersOf([
    { line: 1, start: 0, end: 2 },
    { line: 2, start: 1, end: 3 },
    { line: 3, start: 5, end: 5.1 },
  ]);
  const whole = asPrediction(answers, 30, 0);
  expect(whole.windows.map(({ start, end }) => [start, end])).toEqual([
    [0, 2],
    [1, 3],
  ]);
  expect(smoothed(whole.windows).map(({ start, end }) => [start, end])).toEqual([
    [0, 1],
    [1, 2],
    [2, 3],
  ]);
  expect(asPrediction(answers.slice(2), 30, 0)).toMatchObject({
    emotion: null,
    reason: "too short",
    windows: [],
  });
});
