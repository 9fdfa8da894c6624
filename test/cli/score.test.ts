import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UsageError, UserError } from "../../lib/base/errors.js";
import { addScore } from "../../lib/cli/score.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { CLIPS } from "../protocols/published.js";
import { capturePrinted, printed } from "./printed.js";

capturePrinted();
let folder: string;
let file: string;
const plan = protocolNamed("savee/loso").plan(CLIPS);
const emotionOf = new Map(plan.clips.map(({ id, emotion }) => [id, emotion]));
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-score-"));
  file = join(folder, "mine.csv");
  // Right for all but anger, which is called fear.
  const rows = plan.folds.flatMap(({ name, test: ids }) =>
    ids.map((id) => `${id},${name},${emotionOf.get(id) === "anger" ? "fear" : emotionOf.get(id)}`),
  );
  await writeFile(file, ["id,fold,predicted", ...rows].join("\n"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function score(...args: string[]): Promise<void> {
  const program = new Command().exitOverride();
  addScore(program);
  await program.parseAsync(["score", ...args, "--out", join(folder, "out")], { from: "user" });
}

test("figures, a page, and a reading for each fold; scored again it is told how often", async () => {
  await score(file, "--protocol", "savee/loso");
  expect(printed.out).toContain("UAR 85.7 %, accuracy 87.5 %");
  expect(printed.out).toContain("TEXT-CONFOUNDED: the sentence alone has 77.1 %.");
  const place = join(folder, "out", "mine");
  expect((await readdir(place)).sort()).toEqual([
    "figures",
    "readings",
    "report.html",
    "report.json",
    "report.md",
  ]);
  expect(await readdir(join(place, "readings"))).toHaveLength(4);
  printed.out = "";
  await score(file, "--protocol", "savee/loso", "--json");
  expect(JSON.parse(printed.out)).toMatchObject({
    readings: { total: 8 },
    missing: { 1: [], 2: [], 3: [], 4: [] },
  });
  expect(await readFile(join(place, "report.md"), "utf8")).not.toContain(folder);
});

test("what is missing is counted wrong, or left out", async () => {
  const some = join(folder, "some.csv");
  const lines = (await readFile(file, "utf8")).split("\n");
  await writeFile(some, lines.filter((line) => !line.includes(",1,")).join("\n"));
  await score(some, "--protocol", "savee/loso", "--name", "Some of it");
  expect(printed.out).toMatch(
    /120 test clips of 480 without an answer: counted wrong.*nothing at all for fold 1/,
  );
  expect(printed.out).toContain("accuracy 65.6 %");
  printed.out = "";
  await score(some, "--protocol", "savee/loso", "--missing", "leave-out");
  expect(printed.out).toContain("360 clips of 3 speakers");
  expect(printed.out).toContain("accuracy 87.5 %");
});

test("wrong usage and wrong files are told before anything is read", async () => {
  await expect(score(file, "--protocol", "savee/lo")).rejects.toThrow(UsageError);
  await expect(score(file, "--protocol", "grouped/own?folds=3")).rejects.toThrow(
    /give your own clips with --manifest/,
  );
  await expect(score(file, "--protocol", "ravdess/7")).rejects.toThrow(UserError);
  await expect(score(file, "--protocol", "savee/loso", "--against", "nothing-of-the-kind")).rejects.toThrow(
    /experiment nothing-of-the-kind not found/,
  );
  await expect(score(join(folder, "no.csv"), "--protocol", "savee/loso")).rejects.toThrow(/cannot read/);
});
