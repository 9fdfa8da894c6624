import { cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Clip } from "../../lib/corpora/clip.js";
import { loadClips } from "../../lib/corpora/registry.js";
import {
  doExperiment,
  type ExperimentOptions,
  followRuns,
  readOrTrain,
  workOf,
} from "../../lib/experiments/experiment.js";
import { type GridInput, parseGrid } from "../../lib/experiments/grid.js";
import type { RecordedExperiment } from "../../lib/experiments/known.js";
import { countReadings } from "../../lib/experiments/readings.js";
import { Store } from "../../lib/experiments/store.js";
import { writeSummary } from "../../lib/experiments/summary.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { readRecord, runName } from "../../lib/runs/record.js";
import { firstOf } from "../../lib/runs/together.js";
import { toneCorpus } from "../runs/examples.js";

const TRIAL: GridInput = {
  name: "trial",
  score: "test",
  runs: [
    {
      protocols: ["savee/loso"],
      models: ["cnn-small"],
      features: ["mfcc"],
      training: { frames: 8, epochs: 2, batchSize: 8 },
      folds: ["1", "2"],
    },
  ],
};

let folder: string;
let options: ExperimentOptions & { results: string };
/** What was logged. */
let lines: string[];
let first: RecordedExperiment;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-experiment-"));
  await toneCorpus(join(folder, "data"));
  lines = [];
  options = {
    ...{ data: join(folder, "data"), results: join(folder, "results"), engine: "wasm", threads: 1 },
    ...{ quiet: true, log: (line) => lines.push(line) },
  };
  first = await readOrTrain(TRIAL, options);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const stores = () => join(options.results, "runs");

/** When each run of a store was written. */
async function times(name: string): Promise<number[]> {
  const runs = (await readdir(join(stores(), name))).filter((run) => /^(savee|grouped)-/.test(run));
  return Promise.all(runs.map(async (run) => (await stat(join(stores(), name, run, "run.json"))).mtimeMs));
}

test("what is missing is trained: every planned run, with its predictions", () => {
  expect(first.planned.length).toBe(2);
  expect(first.runs.map(({ record }) => record.name)).toEqual(first.planned);
  expect(first.runs.map(({ record }) => record.settings.fold).sort()).toEqual(["1", "2"]);
  expect(first.runs.every(({ predictions }) => predictions.some(({ part }) => part === "test"))).toBe(true);
  expect(first.failures).toEqual([]);
  expect(countReadings(first)).toMatchObject({ total: 0, synthetic: 2 });
});

test("what is there is read, not trained again", async () => {
  const before = await times("trial");
  expect(await readOrTrain(TRIAL, options)).toEqual(first);
  expect(await times("trial")).toEqual(before);
});

test("a summary that has all of the runs is read instead of a store; of a smaller grid its own runs", async () => {
  const results = join(folder, "elsewhere");
  await writeSummary(first, join(results, "summary", "trial"));
  const read = await readOrTrain(TRIAL, { ...options, results });
  expect(read.runs.map(({ record }) => record.test!.confusion)).toEqual(
    first.runs.map(({ record }) => record.test!.confusion),
  );
  const one = await readOrTrain(
    { ...TRIAL, runs: [{ ...TRIAL.runs[0]!, folds: ["2"] }] },
    { ...options, results },
  );
  expect(one.runs.map(({ record }) => record.settings.fold)).toEqual(["2"]);
  expect(one.planned).toEqual(one.runs.map(({ record }) => record.name));
  expect(await readdir(results)).toEqual(["summary"]);
});

test("a summary that lacks a run is no reason not to train it", async () => {
  const results = join(folder, "partly");
  await writeSummary({ ...first, runs: first.runs.slice(1) }, join(results, "summary", "trial"));
  // What is done need not be done again here.
  await mkdir(join(results, "runs"), { recursive: true });
  await cp(join(stores(), "trial"), join(results, "runs", "trial"), { recursive: true });
  await rm(join(results, "runs", "trial", first.planned[0]!), { recursive: true });
  const again = await readOrTrain(TRIAL, { ...options, results });
  expect(again.runs.map(({ record }) => record.name)).toEqual(first.planned);
  expect(again.runs[0]!.predictions).toEqual(first.runs[0]!.predictions);
});

test("a grid is found by its name, and is smaller on synthetic corpora", async () => {
  await mkdir(join(options.results, "experiments"), { recursive: true });
  const text = JSON.stringify({ ...TRIAL, runs: [{ ...TRIAL.runs[0], folds: "all", seeds: [1, 2] }] });
  await writeFile(join(options.results, "experiments", "trial.json"), text);
  const synthetic: ExperimentOptions["synthetic"] = ({ seeds }) => ({
    seeds: seeds.slice(1),
    folds: ["3"],
    training: { epochs: 1 },
  });
  const small = await readOrTrain("trial", { ...options, synthetic });
  expect(small.name).toBe("trial-synthetic");
  expect(small.runs.map(({ record: { settings } }) => [settings.fold, settings.training.seed])).toEqual([
    ["3", 2],
  ]);
  // What the change does not name stays.
  expect(small.runs[0]!.record.settings.training).toMatchObject({ epochs: 1, frames: 8, batchSize: 8 });
});

test("protocols without their corpora are left out by name; with none left there is an error", async () => {
  const [block] = TRIAL.runs;
  lines.length = 0;
  const more: GridInput = {
    ...TRIAL,
    runs: [block!, { protocols: ["tess/cross-speaker", "cross-corpus/savee-tess"], models: ["linear"] }],
  };
  expect((await readOrTrain(more, options)).planned).toEqual(first.planned);
  expect(lines).toEqual(["trial: left out for want of tess: tess/cross-speaker, cross-corpus/savee-tess"]);
  await expect(readOrTrain({ ...TRIAL, runs: [more.runs[1]!] }, options)).rejects.toThrow(
    "experiment trial needs clips of tess, and the clips are of savee",
  );
});

test("an unknown name and a wrong grid say what is wrong", async () => {
  await expect(readOrTrain("four-corpra", options)).rejects.toThrow(/no experiment four-corpra.*trial/);
  await expect(
    readOrTrain({ ...TRIAL, runs: [{ protocols: ["savee/loso"], models: ["cnm" as "cnn"] }] }, options),
  ).rejects.toThrow('runs[0].models[0] is "cnm"');
});

test("a signal stops it, and says that the same call resumes", async () => {
  const longer: GridInput = { ...TRIAL, name: "longer" };
  await expect(readOrTrain(longer, { ...options, signal: AbortSignal.abort() })).rejects.toThrow(
    /the same call resumes/,
  );
});

test("folds that choose together: their first trainings are done first, are no results, and are not done twice", async () => {
  const grid: GridInput = {
    ...{ name: "together", score: "test" },
    runs: [
      {
        protocols: ["grouped/savee?group=speaker,sentence&folds=3"],
        models: ["cnn-small", "linear", "majority"],
        features: ["mfcc"],
        training: { frames: 8, epochs: 3, patience: 1, batchSize: 8 },
      },
    ],
  };
  const { runs, planned, failures, readings } = await readOrTrain(grid, { ...options, jobs: 2 });
  expect(failures).toEqual([]);
  expect(runs.map(({ record }) => record.name)).toEqual(planned);
  expect(planned.length).toBe(27);
  expect(readings.entries.map(({ run }) => run).sort()).toEqual(planned);
  const store = new Store(join(stores(), "together"));
  for (const model of ["cnn-small", "linear"]) {
    const own = runs.filter(({ record }) => record.settings.training.model === model);
    const first = await Promise.all(
      own.map(async ({ record: { settings, split } }) => {
        const plan = protocolNamed(settings.protocol).plan(await loadClips(options.data!, { calm: "keep" }));
        const fold = plan.folds.find(({ name }) => name === split.fold)!;
        const { name } = runName(firstOf(plan, settings, fold.name)!, fold, plan.clips);
        return (await readRecord(store.runFolder(name)))!;
      }),
    );
    expect(first.every(({ test: read, settings }) => read === undefined && settings.score === "none")).toBe(
      true,
    );
    const uars = first[0]!.history.map((_, e) =>
      first.reduce((sum, { history }) => sum + history[e]!.validationUar / first.length, 0),
    );
    expect(uars.length).toBe(model === "linear" ? 5 : 3);
    const best = Math.max(...uars);
    for (const { record } of own) {
      expect(record.together).toEqual({
        epoch: record.bestEpoch,
        validationUar: expect.closeTo(best, 12),
        folds: 9,
      });
      expect(uars[record.bestEpoch - 1]).toBeCloseTo(best, 12);
      expect(record.history.length).toBe(record.bestEpoch);
      // The very training of before, up to the epoch that was chosen.
      const same = first.find(({ split }) => split.fold === record.split.fold)!;
      expect(record.validation.uar).toBeCloseTo(same.history[record.bestEpoch - 1]!.validationUar, 12);
      const kept = record.audit.checks.find(
        ({ name }) => name === "the best epoch by validation UAR was kept",
      )!;
      expect(kept.detail).toContain("best by the mean over 9 folds");
    }
  }
  expect(runs.some(({ record }) => record.settings.training.model === "majority" && record.together)).toBe(
    false,
  );
  const before = await times("together");
  await readOrTrain(grid, { ...options, jobs: 2 });
  expect(await times("together")).toEqual(before);
});

/** Clips that are nowhere: what is refused here is refused before any file is opened. */
function nowhere(changes: (i: number) => Partial<Clip> = () => ({})): Clip[] {
  return Array.from({ length: 45 }, (_, i): Clip => {
    const about = {
      id: `own/${i}`,
      corpus: "own",
      speaker: `s${i % 5}`,
      label: "",
      path: "nowhere.wav",
    };
    const emotion = (["anger", "sadness", "neutral"] as const)[i % 3]!;
    return { ...about, emotion, synthetic: true, ...changes(i) };
  });
}

const LEAKY_SPLIT = nowhere((i) => ({ split: (["train", "validation", "test"] as const)[i % 3]! }));

test("an engine that is not there is refused before the features, in as many processes as there are", async () => {
  const own: GridInput = {
    ...TRIAL,
    name: "engine",
    runs: [{ ...TRIAL.runs[0]!, protocols: ["held-out"], folds: "all" }],
  };
  const asked = { ...options, clips: nowhere(), engine: "tensorflow-gpu" as const };
  for (const jobs of [1, 2])
    await expect(readOrTrain(own, { ...asked, jobs })).rejects.toThrow(/"tensorflow-gpu" is not available/);
});

test("with stopAtFailure a split that leaks is refused before the features, else it alone fails", async () => {
  const grid = parseGrid({
    ...TRIAL,
    name: "leaks",
    runs: [{ ...TRIAL.runs[0]!, protocols: ["given/own"], folds: "all" }],
  });
  const work = workOf(grid, LEAKY_SPLIT, { folder: join(folder, "leaks") });
  const asked = { quiet: true, threads: 1, own: false };
  await expect(doExperiment(work, { ...asked, stopAtFailure: true })).rejects.toThrow(/audit found leakage/);
  const [outcome] = await doExperiment(work, { ...asked, log: () => {} });
  expect(outcome!.error).toMatch(/audit found leakage/);
});

test("a run that fails is named", () => {
  const said: string[] = [];
  const follow = followRuns(2, 0, { quiet: true, log: (line) => said.push(line) });
  follow.onEvent({ kind: "start", name: "a" });
  follow.onEvent({ kind: "failed", name: "a", error: "out of memory" });
  follow.end();
  expect(said).toEqual(["a failed: out of memory"]);
});
