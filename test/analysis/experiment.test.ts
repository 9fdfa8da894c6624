import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  Experiment,
  readExperiment,
  readRuns,
  type TrainOptions,
  train,
} from "../../lib/analysis/experiment.js";
import { UsageError } from "../../lib/base/errors.js";
import { tf } from "../../lib/engine/tfjs.js";
import { loadModel } from "../../lib/inference/model.js";
import type { BuildNetwork } from "../../lib/models/own.js";
import { madeExperiment, SEVEN, SIX } from "../experiments/experiment.js";
import { toneCorpus } from "../runs/examples.js";

const ravdess = { protocol: "ravdess/7@1", corpus: "ravdess", classes: SEVEN, speakers: 12, folds: 3 };
const cremad = { protocol: "cremad/audeering@1", corpus: "cremad", classes: SIX, speakers: 9, folds: 1 };

describe("an experiment that was read", () => {
  const one = new Experiment(
    madeExperiment({ protocols: [ravdess], models: { cnn: 0.6, lstm: 0.3 }, seeds: [1, 2] }),
    { resamples: 199 },
  );
  const two = new Experiment(
    madeExperiment({ protocols: [ravdess, cremad], models: { cnn: 0.6 }, seeds: [1] }),
    { resamples: 199 },
  );

  test("an evaluation for each network and protocol, by its label", () => {
    expect(one.evaluations.map(({ label }) => label)).toEqual(["cnn", "lstm"]);
    expect(one.evaluation("cnn").uar.value).toBeGreaterThan(0.5);
    expect(two.evaluation("cnn", "cremad/audeering").classes).toEqual(SIX);
    expect(two.evaluation("cnn", "cremad/audeering@1").n).toBe(two.evaluations[0]!.n);
    expect(() => two.evaluation("cnn")).toThrow(/2 times: name the protocol, cremad.*ravdess/);
    expect(() => one.evaluation("cmn")).toThrow(/it has "cnn" under ravdess\/7@1, "lstm"/);
  });

  test("a comparison, on validation too", () => {
    const { difference, p } = one.compare("cnn", "lstm");
    expect(difference.estimate).toBeCloseTo(
      one.evaluation("cnn").uar.value - one.evaluation("lstm").uar.value,
      12,
    );
    expect(p).toBeLessThan(0.01);
    expect(one.evaluationsOn("validation").map(({ part }) => part)).toEqual(["validation", "validation"]);
  });

  test("a table as rows, Markdown, CSV and LaTeX", () => {
    expect(two.table().map(({ protocol, model, part, clips }) => [protocol, model, part, clips])).toEqual([
      ["cremad/audeering@1", "cnn", "test", two.evaluations[0]!.n],
      ["ravdess/7@1", "cnn", "test", 336],
    ]);
    expect(two.table("markdown").split("\n")).toHaveLength(4);
    expect(two.table("csv").split("\n")[0]).toContain('protocol,model,part,"UAR, %"');
    expect(() => two.table("tex" as "latex")).toThrow(
      /there is no format "tex": there are markdown, csv, latex/,
    );
    expect(two.table("latex")).toContain("\\toprule");
  });

  test("baselines have no epochs to draw", () => {
    const majority = madeExperiment({ protocols: [ravdess], models: { majority: 0.2 }, seeds: [1] });
    expect(() => new Experiment(majority).figure("training")).toThrow(
      /no network that was trained in epochs/,
    );
  });

  test("figures of one protocol and of several", () => {
    for (const kind of ["uar", "training"] as const) {
      expect(one.figure(kind).data.length).toBeGreaterThan(0);
      expect(two.figure(kind, "ravdess/7").data.length).toBeGreaterThan(0);
      expect(two.figure(kind).layout.title).toBeDefined();
      expect(() => one.figure("uarr" as "uar")).toThrow(/there is no figure "uarr".*did you mean "uar"/);
      expect(() => one.figure(kind, "savee/loso")).toThrow(/made-up under savee\/loso: no run is finished/);
    }
  });
});

describe("train", () => {
  let folder: string;
  let options: TrainOptions;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ser-train-"));
    await toneCorpus(join(folder, "data"));
    options = {
      ...{ data: join(folder, "data"), results: join(folder, "results"), engine: "wasm", threads: 1 },
      ...{ quiet: true, log: () => {}, resamples: 99 },
    };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const BLOCK = {
    ...{ protocols: ["savee/loso"], folds: ["1", "2"], features: ["mfcc" as const], score: "test" as const },
    training: { frames: 8, epochs: 12, batchSize: 8 },
  };
  const mine: BuildNetwork = ({ frames, bands, classes }) =>
    tf.sequential({
      layers: [
        tf.layers.conv1d({ inputShape: [frames, bands], filters: 16, kernelSize: 3, activation: "relu" }),
        tf.layers.globalAveragePooling1d({}),
        tf.layers.dense({ units: classes, activation: "softmax" }),
      ],
    });
  const own = { ...BLOCK, name: "own", models: ["linear", "own:mine"] as ("linear" | "own:mine")[] };

  test("a network of one's own beside a named one: trained, recorded, saved, read again, the same to the bit", async () => {
    const first = await train(own, { ...options, networks: { mine } });
    expect(first.failures).toEqual([]);
    expect(first.evaluations.map(({ label }) => label)).toEqual(["linear", "own:mine"]);
    const { uar, runs, chance } = first.evaluation("own:mine");
    expect(uar.value).toBeGreaterThan(2 * chance);
    const [{ record }] = runs as [(typeof runs)[number]];
    expect(record.name).toMatch(/^savee-loso-1-own-mine-/);
    expect(record.settings.training.network).toMatch(/^[0-9a-f]{64}$/);
    const model = await loadModel(join(folder, "results", "runs", "own", record.name, "model"));
    expect(model.card.model).toBe("own:mine");
    const again = await train(own, {
      ...{ ...options, results: join(folder, "again") },
      networks: { mine },
    });
    expect(again.runs.map(({ predictions }) => predictions)).toEqual(
      first.runs.map(({ predictions }) => predictions),
    );
    expect((await train(own, { ...options, networks: { mine } })).runs).toEqual(first.runs);
    const read = await readExperiment("own", { results: join(folder, "results"), resamples: 99 });
    expect(read.table()).toEqual(first.table());
    const places = first.runs.map(({ record }) => join(folder, "results", "runs", "own", record.name));
    expect((await readRuns(places, { resamples: 99 })).table()).toEqual(first.table());
  });

  test("options that are unknown or make no sense are told, all at once; so is no block at all", async () => {
    const wrong = { ...options, dat: "x", jobs: 0, resamples: Number.NaN, engine: "wsm" as never };
    await expect(train(own, wrong)).rejects.toThrow(
      /dat is unknown.*did you mean "data"[\s\S]*jobs is 0[\s\S]*resamples is NaN[\s\S]*engine is "wsm".*did you mean "wasm"/,
    );
    await expect(train(undefined as never, options)).rejects.toThrow(
      /a block of runs, a grid, or the name of one/,
    );
    const misspelt = { ...BLOCK, models: ["cnm" as "cnn"] };
    await expect(train(misspelt, options)).rejects.toThrow(/^models\[0\] is "cnm"/);
  });

  test("another network under the same name is another run", async () => {
    const wider: BuildNetwork = ({ frames, bands, classes }) =>
      tf.sequential({
        layers: [
          tf.layers.flatten({ inputShape: [frames, bands] }),
          tf.layers.dense({ units: classes, activation: "softmax" }),
        ],
      });
    const models = ["own:mine" as const];
    const one = await train({ ...own, models, folds: ["1"] }, { ...options, networks: { mine } });
    const other = await train({ ...own, models, folds: ["1"] }, { ...options, networks: { mine: wider } });
    expect(one.planned).not.toEqual(other.planned);
  });

  test("a network that is not defined, fails, or has another shape, is told", async () => {
    await expect(train(own, options)).rejects.toThrow(UsageError);
    await expect(train(own, options)).rejects.toThrow(
      /the network own:mine is not defined: only a script can define it/,
    );
    const wrong: BuildNetwork = () =>
      tf.sequential({ layers: [tf.layers.dense({ inputShape: [3], units: 2, activation: "softmax" })] });
    const failing = (build: unknown) =>
      train(
        { ...own, name: "wrong", models: ["own:wrong"] },
        { ...options, networks: { wrong: build as BuildNetwork } },
      );
    await expect(failing(wrong)).rejects.toThrow(
      /2 runs of experiment wrong failed, and none finished; \S+: the network goes from \[3\] to \[2\].*take \[8, \d+\] to \[7\]/,
    );
    await expect(failing(() => undefined)).rejects.toThrow(/own:wrong returns no tf\.layers model/);
    await expect(
      failing(() => {
        throw new Error("boom");
      }),
    ).rejects.toThrow(/function of the network own:wrong failed: boom/);
    const open = () => tf.sequential({ layers: [tf.layers.dense({ inputShape: [3], units: 2 })] });
    await expect(failing(open)).rejects.toThrow(/own:wrong ends in linear: .*softmax/);
    const shared = tf.layers.flatten({ inputShape: [8, 40] });
    const once = () =>
      tf.sequential({ layers: [shared, tf.layers.dense({ units: 7, activation: "softmax" })] });
    await expect(failing(once)).rejects.toThrow(
      /layers of an earlier one: make its layers inside the function/,
    );
    await expect(train({ ...own, models: ["own:" as never] }, options)).rejects.toThrow(
      /own:NAME in a script/,
    );
  });
});
