import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { encoderFacts, encoderName, howToGet, outlineOf } from "../../lib/encoders/facts.js";
import { KNOWN_ENCODERS } from "../../lib/encoders/known.js";
import { addEncoder } from "../../lib/encoders/store.js";
import { encoderFolder } from "../../lib/encoders/stored.js";
import { FIXTURE } from "./files.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "facts-"));
  vi.stubEnv("XDG_CACHE_HOME", folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const BASE = KNOWN_ENCODERS["whisper-base"]!.digest!;

test("a well-known encoder can be planned with where it is not", () => {
  expect(outlineOf("whisper-base")).toMatchObject({ digest: BASE, width: 512, blocks: 6, licence: "MIT" });
  expect(outlineOf(BASE.slice(0, 8)).name).toBe("whisper-base");
  expect(encoderName(BASE)).toBe("whisper-base");
  expect(encoderFacts(BASE)).toMatchObject({ name: "whisper-base", parameters: 20_593_664 });
});

test("one of one's own where it was added", async () => {
  expect(() => outlineOf("mine")).toThrow(/unknown encoder mine: "ser encoder list"/);
  const { digest, parameters } = await addEncoder(FIXTURE, { name: "mine" });
  expect(outlineOf("mine")).toMatchObject({ digest, width: 24, blocks: 2, family: "whisper" });
  expect(outlineOf(digest.slice(0, 12)).name).toBe("mine");
  expect(encoderFacts(digest)).toMatchObject({ name: "mine", parameters, licence: "unknown" });
  // Names that people give are not the same on every machine.
  expect(encoderName(digest)).toBe(digest.slice(0, 12));
  await writeFile(join(encoderFolder(), digest, "encoder.json"), "{");
  expect(() => outlineOf("mine")).toThrow(/unknown encoder mine/);
  expect(encoderFacts(digest)).toBeUndefined();
});

test("what is not there is told how to be had", () => {
  expect(howToGet("whisper-small")).toMatch(
    /^the encoder whisper-small is not on this machine: get it with "ser encoder get whisper-small"/,
  );
  expect(howToGet(BASE)).toMatch(/^the encoder whisper-base is not/);
  expect(howToGet("whisper-bse")).toMatch(/did you mean "whisper-base"\?/);
});
