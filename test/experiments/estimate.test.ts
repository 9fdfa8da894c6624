import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { epochsOf, estimate } from "../../lib/experiments/estimate.js";
import { parseGrid } from "../../lib/experiments/grid.js";
import { planGrid } from "../../lib/experiments/plan.js";
import { Store } from "../../lib/experiments/store.js";
import { writeRecord } from "../../lib/runs/record.js";
import { PENALTIES, triesOf } from "../../lib/training/baseline.js";
import { TRAINING } from "../../lib/training/settings.js";
import { CLIPS } from "../protocols/published.js";
import { clipsExample, partExample, recordExample } from "../runs/examples.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-estimate-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const grid = parseGrid({
  name: "trial",
  runs: [
    { protocols: ["savee/loso"], folds: ["1", "2"], models: ["cnn", "lstm"], training: { epochs: 10 } },
    { protocols: ["savee/loso"], folds: ["1"], models: ["cnn"], training: { epochs: 10, refit: true } },
  ],
});
const runs = planGrid(grid, CLIPS);

test("what is known of a model is taken for its other runs, what is not is guessed and said so", async () => {
  const store = new Store(join(folder, "trial"));
  const [first] = runs;
  const { train, validation, test } = first!.fold;
  const sizes = { train: train.length, validation: validation.length, test: test.length };
  const record = recordExample();
  // Five epochs took 50 s: ten of them take 100 s, and a second training on 240 + 120 clips 150 s more.
  await writeRecord(
    store.runFolder(first!.name),
    {
      ...{ ...record, name: first!.name, settings: first!.settings, split: { ...record.split, ...sizes } },
      history: Array.from({ length: 5 }, (_, i) => ({ ...record.history[0]!, epoch: i + 1 })),
      seconds: { features: 0, training: 50 },
    },
    { validation: partExample(), test: partExample() },
    clipsExample(),
  );
  const of = (wanted: (model: string, refit?: boolean) => boolean) =>
    runs.filter(
      ({ name, settings: { training } }) => name !== first!.name && wanted(training.model, training.refit),
    );
  expect([sizes.train, sizes.validation]).toEqual([240, 120]);
  expect(
    await estimate(
      store,
      runs,
      of((model, refit) => model === "cnn" && !refit),
    ),
  ).toEqual({
    ...{ seconds: 100, guessed: [] },
  });
  expect(
    (
      await estimate(
        store,
        runs,
        of((_, refit) => Boolean(refit)),
      )
    ).seconds,
  ).toBeCloseTo(250, 9);
  const unknown = await estimate(
    store,
    runs,
    of((model) => model === "lstm"),
  );
  expect(unknown.guessed).toEqual(["lstm"]);
  expect(unknown.seconds).toBeGreaterThan(0);
});

test("of many finished runs some are read, from all over the grid", async () => {
  const store = new Store(join(folder, "many"));
  const seeds = Array.from({ length: 150 }, (_, i) => i + 1);
  const block = { protocols: ["savee/loso"], models: ["lstm"], training: { epochs: 10 }, seeds };
  const many = planGrid(parseGrid({ name: "many", runs: [{ ...block, folds: ["1", "2", "3"] }] }), CLIPS);
  // Each fold's runs take longer than those of the fold before.
  for (const { name, settings, fold } of many) {
    if (fold.name === "3") continue;
    const record = recordExample();
    const split = { ...record.split, train: fold.train.length, validation: fold.validation.length };
    const seconds = { features: 0, training: 10 * Number(fold.name) };
    await mkdir(store.runFolder(name), { recursive: true });
    await writeFile(
      join(store.runFolder(name), "run.json"),
      JSON.stringify({ ...record, name, settings, split, seconds }),
    );
  }
  const pending = many.filter(({ fold }) => fold.name === "3");
  const { seconds } = await estimate(store, many, pending);
  // One epoch took 15 s on average.
  expect(seconds / (pending.length * 10 * 15)).toBeCloseTo(1, 1);
});

test("a baseline has no epochs", () => {
  expect(epochsOf({ ...TRAINING, model: "majority" })).toBe(1);
  expect(epochsOf({ ...TRAINING, model: "linear" })).toBe(PENALTIES.length);
  expect(epochsOf({ ...TRAINING, model: "svm" })).toBe(triesOf("svm"));
  expect(epochsOf({ ...TRAINING, epochs: 7 })).toBe(7);
});
