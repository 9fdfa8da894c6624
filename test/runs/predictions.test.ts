import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { PredictionsReader, predictionsCsv } from "../../lib/runs/predictions.js";
import { clipsExample, partExample } from "./examples.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const CLASSES = ["anger", "neutral"];
const text = () =>
  predictionsCsv(CLASSES, { validation: partExample(), test: partExample() }, clipsExample());

const read = (path: string, classes: readonly string[] = CLASSES) =>
  new PredictionsReader().read(path, classes);

test("is a table that any reader of CSV takes", () => {
  expect(text().split("\n").slice(0, 3)).toEqual([
    "id,part,speaker,sex,sentence,intensity,truth,predicted,anger,neutral",
    'own/1,validation,own/s0,female,"Say, ""dog""",strong,anger,anger,0.750000,0.250000',
    "own/2,validation,own/s1,,,,anger,neutral,0.250000,0.750000",
  ]);
});

test("the fast way and the careful one read the same, and what runs share they share in memory", async () => {
  const path = join(folder, "ways.csv");
  const probability = fc.integer({ min: 0, max: 1e6 }).map((n) => n / 1e6);
  await fc.assert(
    fc.asyncProperty(fc.array(probability, { minLength: 6, maxLength: 6 }), async (numbers) => {
      const part = { ...partExample(), probabilities: Float32Array.from(numbers) };
      const table = predictionsCsv(CLASSES, { validation: part, test: part }, clipsExample());
      await writeFile(path, table);
      const fast = await read(path);
      // No version writes such lines, but they say the same.
      await writeFile(path, table.replaceAll(/,(\d\.\d{6})$/gm, ',"$1"'));
      expect(await read(path)).toEqual(fast);
      expect(fast.map(({ id }) => id)).toEqual(["own/1", "own/2", "own/3", "own/1", "own/2", "own/3"]);
      expect(fast[0]).toMatchObject({ sentence: 'Say, "dog"', corpus: "own", part: "validation" });
    }),
    { numRuns: 50, seed: 1 },
  );
});

test("a table cut off or with a line too many is refused, with numbers of any form", async () => {
  const path = join(folder, "cut.csv");
  for (const [from, to, why] of [
    [/0\.250000\n$/, "0.25", undefined],
    [/0\.250000\n$/, "NaN\n", "line"],
    [/0\.250000\n$/, "0.2500x0\n", "line"],
    [/0\.250000\n$/, "7.250000\n", "line"],
    [/,0\.250000\n$/, "\n", "Invalid Record Length"],
    [/\n$/, "\n\n\n", "Invalid Record Length"],
    [/own\/1,validation/, "own/1,training", "line"],
  ] as const) {
    const changed = text()
      .replace(/0\.\d{6}\n$/, "0.250000\n")
      .replace(from, to);
    await writeFile(path, changed);
    if (why) await expect(read(path)).rejects.toThrow(why);
    else expect((await read(path)).at(-1)!.probabilities[1]).toBe(0.25);
  }
});

test("a damaged table is read whole or refused with its name", async () => {
  const path = join(folder, "predictions.csv");
  const whole = text();
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length), fc.string({ maxLength: 3 }), async (at, put) => {
      await writeFile(path, whole.slice(0, at) + put);
      try {
        for (const { truth, predicted, probabilities } of await read(path)) {
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
  await expect(read(join(folder, "none.csv"))).rejects.toThrow(/none.csv: no such file/);
  await writeFile(path, whole);
  await expect(read(path, ["anger", "fear"])).rejects.toThrow("its columns are not those");
});
