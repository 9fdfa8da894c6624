import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { train } from "../lib/analysis/experiment.js";
import { loadClips } from "../lib/corpora/registry.js";
import { ledgerIn } from "../lib/experiments/readings.js";
import { extractClips } from "../lib/features/corpus.js";
import { RUN_FEATURES } from "../lib/features/presets.js";
import type { Cell, Notebook } from "../lib/notebook/nbformat.js";
import { runNotebook } from "../lib/notebook/run.js";
import { userLedger } from "../lib/protocols/ledger.js";
import { predictPart } from "../lib/protocols/part.js";
import { protocolNamed } from "../lib/protocols/registry.js";
import { TRAINING, trainFold } from "../lib/training/train.js";
import { ser } from "./cli/spawn.js";
import { toneCorpus } from "./runs/examples.js";

// Whatever way somebody comes to predictions on a test part, the ledger has the reading afterwards. Without the line of
// lib/protocols/part.ts that writes it, every one of these tests fails.

let folder: string;
let data: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-ways-"));
  data = join(folder, "data");
  await toneCorpus(data);
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const LOSO = ["--protocol", "savee/loso", "--fold", "1", "--model", "majority", "--kind", "mfcc"];
/** Protocol, fold and command of each reading in a folder of runs. */
const readings = async (...path: string[]) =>
  (await ledgerIn(join(folder, ...path)).entries()).map(({ protocol, fold, command }) =>
    [protocol, fold, command.split(" ").slice(0, 2).join(" ")].join(", "),
  );

describe("the command line", () => {
  test("ser train, and ser robustness of its run", async () => {
    const trained = await ser(["train", "--data", "data", "--out", "runs", "--no-pictures", ...LOSO], folder);
    expect([trained.code, trained.stderr]).toEqual([0, ""]);
    expect(await readings("runs")).toEqual(["savee/loso@1, 1, ser train"]);

    const [name] = (await readdir(join(folder, "runs"))).filter((file) => file.startsWith("savee-"));
    const noisy = await ser(
      ["robustness", join("runs", name!), "--data", "data", "--snr", "0", "--quiet"],
      folder,
    );
    expect([noisy.code, noisy.stderr]).toEqual([0, ""]);
    expect(await readings("runs")).toEqual(["savee/loso@1, 1, ser train", "savee/loso@1, 1, ser robustness"]);
  });

  test.each([1, 2])(
    "ser ablate with %i processes",
    async (jobs) => {
      const block = {
        protocols: ["savee/loso"],
        folds: ["1", "2"],
        models: ["majority"],
        features: ["mfcc"],
      };
      await writeFile(
        join(folder, "grid.json"),
        JSON.stringify({ name: "trial", score: "test", runs: [block] }),
      );
      const out = `stores-${jobs}`;
      const ran = await ser(
        ["ablate", "grid.json", "--data", "data", "--out", out, "--jobs", String(jobs), "--quiet"],
        folder,
      );
      expect([ran.code, ran.stderr]).toEqual([0, ""]);
      expect((await readings(out, "trial")).sort()).toEqual([
        "savee/loso@1, 1, ser ablate",
        "savee/loso@1, 2, ser ablate",
      ]);
    },
    120_000,
  );

  test("npm start, which is ser demo", async () => {
    const ran = await ser(["demo", "--data", "data", "--out", "demo"], folder);
    expect(ran.code).toBe(0);
    expect(await readings("demo")).toEqual(["held-out@2, 1, ser demo"]);
    const again = await ser(["demo", "--data", "data", "--out", "demo"], folder);
    expect(again.stdout).toContain("already done");
    expect(await readings("demo")).toHaveLength(1);
  });
});

describe("the library", () => {
  test("an experiment", async () => {
    const results = join(folder, "results");
    const block = {
      protocols: ["savee/loso"],
      folds: ["1"],
      models: ["majority" as const],
      features: ["mfcc" as const],
    };
    await train({ name: "own", score: "test", runs: [block] }, { data, results, quiet: true });
    expect(await readings("results", "runs", "own")).toHaveLength(1);
  });

  test("a training of one's own, outside of any store", async () => {
    const plan = protocolNamed("savee/loso").plan(await loadClips(data, { calm: "keep" }));
    const features = await extractClips(plan.clips, RUN_FEATURES.mfcc, { quiet: true });
    const [fold] = plan.folds;
    const settings = { ...TRAINING, model: "majority" } as const;
    const trained = await trainFold(features, fold!, plan.classes, settings, { quiet: true });
    const before = (await userLedger().entries()).length;
    const { ids } = await predictPart({ plan, fold: fold!, part: "test" }, trained.predict);
    expect(ids).toEqual(fold!.test);
    expect((await userLedger().entries()).length).toBe(before + 1);
  });
});

test("a notebook's cell", async () => {
  // Not from lib/index.ts: every file that is imported is compiled.
  const source = `import { loadClips } from "../lib/corpora/registry.ts";
import { extractClips } from "../lib/features/corpus.ts";
import { RUN_FEATURES } from "../lib/features/presets.ts";
import { predictPart } from "../lib/protocols/part.ts";
import { protocolNamed } from "../lib/protocols/registry.ts";
import { TRAINING, trainFold } from "../lib/training/train.ts";
const plan = protocolNamed("savee/loso").plan(await loadClips(${JSON.stringify(data)}, { calm: "keep" }));
const features = await extractClips(plan.clips, RUN_FEATURES.mfcc, { quiet: true });
const trained = await trainFold(features, plan.folds[1], plan.classes, { ...TRAINING, model: "majority" }, { quiet: true });
const { ids } = await predictPart({ plan, fold: plan.folds[1], part: "test" }, trained.predict);
console.log(ids.length);`;
  const cell: Cell = { cell_type: "code", metadata: {}, source, outputs: [], execution_count: null };
  const notebook: Notebook = { cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 };
  const ran = await runNotebook(notebook, join(import.meta.dirname, "../notebooks/x.ipynb"), {
    quiet: true,
    timeout: 120,
  });
  expect(ran.failure).toBeUndefined();
  const own = (await userLedger().entries()).filter(({ fold }) => fold === "2");
  expect(own.map(({ command }) => command)).toEqual(["notebook, cell 1"]);
});
