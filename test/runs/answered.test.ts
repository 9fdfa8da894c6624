import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { entriesOf } from "../../lib/analysis/entries.js";
import { scoresOf } from "../../lib/analysis/scores.js";
import { Ledger } from "../../lib/protocols/ledger.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { certain, evaluatedRun, externalRuns, GIVEN_CLIPS } from "../../lib/runs/answered.js";
import { saveExample } from "../inference/example.js";
import { CLIPS, ownClip } from "../protocols/published.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-answered-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const plan = protocolNamed("savee/loso").plan(CLIPS);
const emotionOf = new Map(plan.clips.map(({ id, emotion }) => [id, emotion]));
const right = (id: string) => certain(plan.classes.indexOf(emotionOf.get(id)!), 7);

test("a reading for each fold, then runs that are scored like any others; no answer is a wrong one", async () => {
  const ledger = new Ledger(join(folder, "readings"));
  // All right but for the first fold, of which nothing is there.
  const answers = new Map(
    plan.folds.slice(1).map(({ name, test }) => [name, new Map(test.map((id) => [id, right(id)]))]),
  );
  const runs = await externalRuns(plan, { answers }, { name: "mine", sha256: "0123" }, ledger);
  const entries = await ledger.entries();
  expect(entries.map(({ fold, clips }) => [fold, clips])).toEqual([
    ["1", 120],
    ["2", 120],
    ["3", 120],
    ["4", 120],
  ]);
  expect(entries.map(({ run }) => run)).toEqual(runs.map(({ record }) => record.name));
  const [entry] = entriesOf(runs);
  expect(entry!.label).toBe("mine");
  const { uar, accuracy, n } = scoresOf(entry!, "test", { resamples: 99 })!;
  expect([uar.estimate, accuracy.estimate, n]).toEqual([0.75, 0.75, 480]);
  expect(runs[0]!.record.text).toMatchObject({ confounded: true });
});

test("where the reading cannot be written down, nothing is scored", async () => {
  await writeFile(join(folder, "file"), "");
  const ledger = new Ledger(join(folder, "file", "readings"));
  const scored = externalRuns(plan, { answers: new Map() }, { name: "mine", sha256: "" }, ledger);
  await expect(scored).rejects.toThrow(/read only if the reading can be recorded/);
});

test("a model's answers to given clips", async () => {
  const card = await saveExample(join(folder, "model"), { threshold: 0.4 });
  const clips = [ownClip("1", "a"), ownClip("2", "b", { emotion: "neutral", sentenceId: "x" })];
  const answers = new Map([
    ["own/1", [0.7, 0.2, 0.1]],
    ["own/2", [0.5, 0.2, 0.3]],
  ]);
  const { record, predictions } = evaluatedRun(card, "0123", clips, answers);
  expect(predictions.map(({ truth, predicted, sentence }) => [truth, predicted, sentence])).toEqual([
    [0, 0, ""],
    [2, 0, "x"],
  ]);
  expect(record).toMatchObject({ name: "example", threshold: 0.4, temperature: 1, corpora: ["own"] });
  expect(record.settings.protocol).toBe(GIVEN_CLIPS);
});
