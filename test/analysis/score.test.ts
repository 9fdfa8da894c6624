import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { score } from "../../lib/analysis/score.js";
import { UserError } from "../../lib/base/errors.js";
import { Ledger } from "../../lib/protocols/ledger.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { CLIPS } from "../protocols/published.js";

let folder: string;
let ledger: Ledger;
const plan = protocolNamed("savee/loso").plan(CLIPS);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-score-"));
  ledger = new Ledger(join(folder, "readings"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, rows: readonly string[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, ["id,predicted", ...rows].join("\n"));
  return path;
}

test("always the commonest class: a quarter of SAVEE is right, a seventh by UAR, and the reading is written down", async () => {
  const path = await file(
    "neutral.csv",
    plan.clips.map(({ id }) => `${id},neutral`),
  );
  const mine = await score(path, "savee/loso", { ledger, resamples: 99 });
  expect(mine.label).toBe("neutral");
  expect(mine.accuracy.value).toBe(0.25);
  expect(mine.uar.value).toBeCloseTo(1 / 7, 12);
  expect(mine.uar.reason).toMatch(/4 speakers/);
  expect((await ledger.entries()).map(({ fold }) => fold).sort()).toEqual(["1", "2", "3", "4"]);
});

test("what has no answer is wrong, or left out", async () => {
  const half = plan.clips.filter((_, i) => i % 2 === 0).map(({ id, emotion }) => `${id},${emotion}`);
  const path = await file("half.csv", half);
  const options = { ledger, resamples: 99, name: "Half" };
  const wrong = await score(path, "savee/loso", options);
  expect([wrong.n, wrong.accuracy.value, wrong.label]).toEqual([480, 0.5, "Half"]);
  expect([...wrong.facts.refereed.missing.values()].flat().length).toBe(240);
  const left = await score(path, protocolNamed("savee/loso"), { ...options, missing: "leave-out" });
  expect([left.n, left.accuracy.value]).toEqual([240, 1]);
});

test("a protocol of whatever clips there are wants them", async () => {
  const path = await file("own.csv", ["a,anger"]);
  await expect(score(path, "grouped/own?folds=3")).rejects.toThrow(/whatever clips.*`clips`/);
  await expect(score(join(folder, "none.csv"), "savee/loso")).rejects.toThrow(UserError);
  const nothing = await file("nothing.csv", [`${plan.folds[0]!.validation[0]},anger`]);
  await expect(score(nothing, "savee/loso", { ledger })).resolves.toMatchObject({ n: 480 });
});
