import { expect, test } from "vitest";
import { AudioError, conversionHint } from "../../lib/audio/audio.js";
import { UserError } from "../../lib/base/errors.js";

test("an AudioError is a user's error that says where, what and at which byte", () => {
  const error = new AudioError("a/b.wav", 44, "holds no samples");
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({ path: "a/b.wav", offset: 44, reason: "holds no samples", exitCode: 1 });
  expect(error.message).toBe("a/b.wav: holds no samples (at byte 44)");
});

test("the conversion never writes over its own input", () => {
  expect(conversionHint("a/b.m4a")).toContain('ffmpeg -i "a/b.m4a" "a/b.wav"');
  expect(conversionHint("a.b/c")).toContain('ffmpeg -i "a.b/c" "a.b/c.wav"');
  expect(conversionHint("c.wav")).toContain('ffmpeg -i "c.wav" "c.converted.wav"');
});
