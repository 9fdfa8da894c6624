import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import { columnNames, toCsv, toJson, writeFeatures } from "../../lib/features/export.js";
import { createExtractor } from "../../lib/features/extract.js";
import { readNpy } from "../../lib/features/npy.js";
import { featureSettings } from "../../lib/features/settings.js";
import { SIGNALS } from "./signals.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "export-"));
});
afterEach(() => rm(folder, { recursive: true }));

const settings = featureSettings({ kind: "mfcc", nMfcc: 3, deltas: 1 });
const matrix = createExtractor(settings)(SIGNALS.chirp!(16000, 4000), 16000);

test("CSV: time in seconds and named columns, single precision survives", () => {
  const [header, ...lines] = toCsv(matrix, settings).trimEnd().split("\n");
  expect(header).toBe("time,mfcc_0,mfcc_1,mfcc_2,delta_mfcc_0,delta_mfcc_1,delta_mfcc_2");
  expect(lines.length).toBe(matrix.rows);
  const values = lines.map((line) => line.split(",").map(Number));
  expect(values[3]![0]).toBe(0.03);
  expect(Float32Array.from(values.flatMap((row) => row.slice(1)))).toEqual(matrix.data);
});

test("JSON: rows are frames, single precision survives", () => {
  const json = toJson(matrix, settings);
  expect(Object.keys(json)).toEqual(["kind", "sampleRate", "rows", "cols", "data"]);
  expect([json.data.length, json.data[0]!.length]).toEqual([json.rows, json.cols]);
  const back = JSON.parse(JSON.stringify(json)) as typeof json;
  expect(Float32Array.from(back.data.flat())).toEqual(matrix.data);
});

test("files by their ending", async () => {
  for (const ending of ["npy", "csv", "json"])
    await writeFeatures(join(folder, `a.${ending}`), matrix, settings);
  expect(await readNpy(join(folder, "a.npy"))).toEqual(matrix);
  expect(await readFile(join(folder, "a.csv"), "utf8")).toBe(toCsv(matrix, settings));
  expect(JSON.parse(await readFile(join(folder, "a.json"), "utf8"))).toEqual(toJson(matrix, settings));
  await expect(writeFeatures(join(folder, "a.mat"), matrix, settings)).rejects.toThrow(UsageError);
});

test("column names", () => {
  expect(columnNames(featureSettings({ nMels: 2 }))).toEqual(["logmel_0", "logmel_1"]);
});
