import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { KNOWN_ENCODERS } from "../../lib/encoders/known.js";
import { addEncoder } from "../../lib/encoders/store.js";
import { encoderFolder, isNamed, readInfo, storedEncoders } from "../../lib/encoders/stored.js";
import { FIXTURE } from "./files.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stored-"));
  vi.stubEnv("XDG_CACHE_HOME", folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const BASE = KNOWN_ENCODERS["whisper-base"]!.digest!;

test("there is none where there is no folder, and a file in its place is said", async () => {
  expect(storedEncoders()).toEqual([]);
  await mkdir(dirname(encoderFolder()), { recursive: true });
  await writeFile(encoderFolder(), "");
  expect(storedEncoders).toThrow(UserError);
  expect(storedEncoders).toThrow(`cannot read ${encoderFolder()}: `);
});

test("the damaged come after the whole ones, with what to do", async () => {
  const info = await addEncoder(FIXTURE, { name: "mine" });
  await mkdir(join(encoderFolder(), BASE));
  await mkdir(join(encoderFolder(), "downloads"));
  const missing = expect.stringMatching(
    /encoder\.json is missing: add it again with "ser encoder get whisper-base"/,
  );
  expect(storedEncoders()).toEqual([{ info }, { digest: BASE, problem: missing }]);
  expect(readInfo(info.digest)).toEqual(info);
  await writeFile(join(encoderFolder(), info.digest, "encoder.json"), '{"name":"mine"}');
  expect(() => readInfo(info.digest)).toThrow(
    /encoder\.json is damaged: add it again with "ser encoder add FOLDER"/,
  );
});

test("an encoder is meant by its name or by eight digits of its digest", () => {
  const one = { name: "mine", digest: BASE };
  expect(["mine", BASE, BASE.slice(0, 8)].map((named) => isNamed(named, one))).toEqual([true, true, true]);
  expect(["min", BASE.slice(0, 7), BASE.slice(1, 9), ""].map((named) => isNamed(named, one))).not.toContain(
    true,
  );
  expect(isNamed(BASE, { name: "unpublished" })).toBe(false);
});
