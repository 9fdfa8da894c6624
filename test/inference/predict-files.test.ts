import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeWav } from "../../lib/audio/write.js";
import { UserError } from "../../lib/base/errors.js";
import { type EmotionModel, loadModel } from "../../lib/inference/model.js";
import { predictFiles } from "../../lib/inference/predict-files.js";
import type { Answer } from "../../lib/inference/report.js";
import { buzz, saveExample } from "./example.js";

let folder: string;
let model: EmotionModel;
const at = (name: string) => join(folder, "sounds", name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-files-"));
  await saveExample(join(folder, "model"));
  model = await loadModel(join(folder, "model"));
  await mkdir(join(folder, "sounds"));
  for (const [name, seconds] of Object.entries({ "a.wav": 1, "b.wav": 12 }))
    await writeWav(at(name), buzz(seconds, 16_000), 16_000);
  await writeFile(at("c.wav"), "no sound at all");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function all(paths: string[], options: Parameters<typeof predictFiles>[2] = {}): Promise<Answer[]> {
  const answers: Answer[] = [];
  for await (const answer of predictFiles(model, paths, options)) answers.push(answer);
  return answers;
}

test("each answer is that of the file by itself; a broken file is told, and the others are predicted", async () => {
  const problems: string[] = [];
  const totals: number[] = [];
  const answers = await all([join(folder, "sounds"), at("none.wav")], {
    onProblem: (message) => problems.push(message),
    onFile: (total) => totals.push(total),
  });
  expect(answers.map(({ file }) => file)).toEqual([at("a.wav"), at("b.wav")]);
  for (const { file, prediction } of answers) expect(prediction).toEqual(await model.predict(file));
  expect(problems).toEqual([
    expect.stringContaining(`${at("none.wav")}: no such file`),
    expect.stringContaining(`${at("c.wav")}: is text, not sound`),
  ]);
  expect(totals).toEqual([3, 3, 3]);
});

test("windows of a long recording are told as they come, and are those of the answer", async () => {
  const told: [string, number][] = [];
  const [answer] = await all([at("b.wav")], { onWindow: ({ start }, file) => told.push([file, start]) });
  expect(told).toEqual(answer!.prediction.windows.map(({ start }) => [at("b.wav"), start]));
  expect(told.length).toBeGreaterThan(1);
});

test("nothing found is an error, and a signal stops between two files", async () => {
  await expect(all([at("none.wav")])).rejects.toThrow(UserError);
  const controller = new AbortController();
  const answers = predictFiles(model, [at("a.wav"), at("b.wav")], { signal: controller.signal });
  expect((await answers.next()).value).toMatchObject({ file: at("a.wav") });
  controller.abort();
  await expect(answers.next()).rejects.toThrow(/abort/i);
});
