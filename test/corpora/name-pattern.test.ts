import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import { labelsFrom } from "../../lib/corpora/labels.js";
import { namePattern } from "../../lib/corpora/name-pattern.js";

test("placeholders end where what follows them begins", () => {
  const read = namePattern("{speaker}_{emotion}_{n}.wav");
  expect(read("f1_very sad_03.wav")).toEqual({ speaker: "f1", emotion: "very sad" });
  expect(read("deep/er/f1_sad_03.WAV")).toEqual({ speaker: "f1", emotion: "sad" });
  expect(read("f1_sad.wav")).toBeUndefined();
  expect(read("f1_sad_03.wav.txt")).toBeUndefined();
});

test("folders, wildcards, widths, and a placeholder that comes twice", () => {
  expect(namePattern("{speaker}/{emotion}/*.wav")("data/f1/sad/x_1.wav")).toEqual({
    speaker: "f1",
    emotion: "sad",
  });
  expect(namePattern("{speaker}/{emotion}/*.wav")("sad/x_1.wav")).toBeUndefined();
  expect(namePattern("{speaker:2}{sentence:3}{emotion:1}{_}.wav")("03a01Fa.wav")).toEqual({
    ...{ speaker: "03", sentence: "a01", emotion: "F" },
  });
  const twice = namePattern("{speaker}/{emotion}/{speaker}_{_}.wav");
  expect(twice("11/Happy/11_000351.wav")).toEqual({ speaker: "11", emotion: "Happy" });
  expect(twice("11/Happy/12_000351.wav")).toBeUndefined();
  expect(namePattern("./{_}/{_}-{speaker} ({emotion})+.wav")("a/b-s (x)+.wav")).toEqual({
    speaker: "s",
    emotion: "x",
  });
});

test("a pattern that makes no sense is refused with the reason", () => {
  expect(() => namePattern("{speaker}_{n}.wav")).toThrow(UsageError);
  expect(() => namePattern("{speaker}_{emotio}.wav")).toThrow(
    'it lacks {emotion} for {emotio}; did you mean "emotion"?',
  );
  expect(() => namePattern("{Speaker}_{emotion}.wav")).toThrow('for {Speaker}; did you mean "speaker"?');
  expect(() => namePattern("{speaker}{emotion}_{n}.wav")).toThrow(
    "it is unclear where {speaker} ends and {emotion} begins",
  );
  expect(() => namePattern("*.wav")).toThrow("it lacks {speaker} and {emotion}");
  expect(() => namePattern("{speaker}_{emotion.wav")).toThrow(
    "the brace at character 11 does not belong to a placeholder",
  );
  expect(() => namePattern("{speaker}_{emotion}_{a-b}.wav")).toThrow("the brace at character 21");
});

test("the patterns of data/manifests.md fit the names that they are given for", () => {
  const page = readFileSync(join(import.meta.dirname, "..", "..", "data", "manifests.md"), "utf8");
  const rows = [...page.matchAll(/^\| ([^|]+) \| `([^`]+)` \| `([^`]+)` \| ([^|]*)\|$/gm)];
  expect(rows.length).toBeGreaterThanOrEqual(10);
  for (const [, corpus, example, pattern, maps] of rows) {
    const fields = namePattern(pattern!)(example!);
    expect(fields, corpus).toMatchObject({ speaker: expect.any(String), emotion: expect.any(String) });
    const labels = labelsFrom([...maps!.matchAll(/`([^`]+=[^`]+)`/g)].map(([, rule]) => rule!));
    expect(["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"], corpus).toContain(
      labels.classOf(fields!.emotion!),
    );
  }
});
