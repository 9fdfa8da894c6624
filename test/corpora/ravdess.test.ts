import { expect, test } from "vitest";
import { ravdess } from "../../lib/corpora/ravdess.js";

test("reads the example of the corpus's own description", () => {
  // 03-01-06-01-02-01-12: audio-only, speech, fearful, normal intensity, statement "dogs", 1st repetition, actor 12, female.
  expect(ravdess.parse("Actor_12/03-01-06-01-02-01-12.wav")).toEqual({
    id: "ravdess/03-01-06-01-02-01-12",
    corpus: "ravdess",
    speaker: "12",
    sex: "female",
    emotion: "fear",
    label: "fearful",
    intensity: "normal",
    sentence: "Dogs are sitting by the door",
    sentenceId: "02",
    repetition: 1,
  });
});

test("keeps calm apart from neutral", () => {
  expect(ravdess.parse("03-01-02-02-01-02-01.wav")).toMatchObject({
    emotion: "calm",
    label: "calm",
    intensity: "strong",
    sex: "male",
    repetition: 2,
  });
});

test.each([
  ["song", "03-02-06-01-02-01-12.wav"],
  ["video", "01-01-06-01-02-01-12.wav"],
  ["video file", "03-01-06-01-02-01-12.mp4"],
  ["strong neutral", "03-01-01-02-02-01-12.wav"],
  ["actor 25", "03-01-06-01-02-01-25.wav"],
  ["actor 00", "03-01-06-01-02-01-00.wav"],
  ["emotion 09", "03-01-09-01-02-01-12.wav"],
  ["one part too many", "03-01-06-01-02-01-12-01.wav"],
])("%s is no clip", (_, path) => {
  expect(ravdess.parse(path)).toBeUndefined();
});
