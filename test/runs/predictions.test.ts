import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { predictionsCsv, readPredictions } from "../../lib/runs/predictions.js";
import { clipsExample, partExample } from "./examples.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const CLASSES = ["anger", "neutral"];
const text = () =>
  predictionsCsv(CLASSES, { validation: partExample(), test: partExample() }, clipsExample());

test("is a table that any reader of CSV takes", () => {
  expect(text().split("\n").slice(0, 3)).toEqual([
    "id,part,speaker,sex,sentence,intensity,truth,predicted,anger,neutral",
    'own/1,validation,own/s0,female,"Say, ""dog""",strong,anger,anger,0.750000,0.250000',
    "own/2,validation,own/s1,,,,anger,neutral,0.250000,0.750000",
  ]);
});

test("a damaged table is read whole or refused with its name", async () => {
  const path = join(folder, "predictions.csv");
  const whole = text();
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length), fc.string({ maxLength: 3 }), async (at, put) => {
      await writeFile(path, whole.slice(0, at) + put);
      try {
        for (const { truth, predicted, probabilities } of await readPredictions(path, CLASSES)) {
          expect([truth, predicted].every((index) => index === 0 || index === 1)).toBe(true);
          expect(probabilities.length === 2 && probabilities.every((p) => p >= 0 && p <= 1)).toBe(true);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        expect((error as Error).message).toContain(path);
      }
    }),
    { numRuns: 100, seed: 1 },
  );
  await expect(readPredictions(join(folder, "none.csv"), CLASSES)).rejects.toThrow(/none.csv: no such file/);
  await writeFile(path, whole);
  await expect(readPredictions(path, ["anger", "fear"])).rejects.toThrow("its columns are not those");
});
