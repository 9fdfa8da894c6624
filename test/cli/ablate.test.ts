import { type ChildProcess, execFile, fork } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { entriesOf } from "../../lib/analysis/entries.js";
import { sha256 } from "../../lib/base/hash.js";
import { random } from "../../lib/base/random.js";
import { loadClips } from "../../lib/corpora/registry.js";
import { parseGrid } from "../../lib/experiments/grid.js";
import type { Job } from "../../lib/experiments/job-message.js";
import { planGrid } from "../../lib/experiments/plan.js";
import type { RunEvent } from "../../lib/experiments/runner.js";
import { readStored, Store } from "../../lib/experiments/store.js";
import { writeSummary } from "../../lib/experiments/summary.js";
import { readCard } from "../../lib/inference/model.js";
import { recordExample, toneCorpus } from "../runs/examples.js";
import { ser } from "./spawn.js";

const TINY = { frames: 8, epochs: 3, batchSize: 8 };

let folder: string;
/** The outcome of one quiet process, by file. */
let quiet: Record<string, string>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-ablate-"));
  await toneCorpus(join(folder, "data"));
  const runs = [
    { protocols: ["savee/loso"], models: ["cnn-small"], features: ["mfcc"], training: TINY, seeds: [1, 2] },
  ];
  await writeFile(join(folder, "grid.json"), JSON.stringify({ name: "trial", score: "test", runs }));
  const ran = await ser(args("quiet", "--jobs", "1", "--json"), folder);
  expect(ran.stderr).toBe("");
  const { runs: outcomes, readings } = JSON.parse(ran.stdout);
  expect(outcomes.map(({ state }: { state: string }) => state)).toEqual(new Array(8).fill("done"));
  expect(readings).toMatchObject({ total: 0, notShown: 0, synthetic: 8 });
  quiet = await outcome("quiet");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const args = (out: string, ...more: string[]) => [
  ...["ablate", "grid.json", "--data", "data", "--out", out, "--engine", "wasm", "--threads", "1", ...more],
];

/** Hashes of all that a store holds but times and the count of readings: those in its summary, and of the weights. */
async function outcome(store: string): Promise<Record<string, string>> {
  const experiment = await readStored("trial", join(folder, store));
  const summary = join(folder, `${store}-summary`);
  await writeSummary(experiment, summary);
  const { files } = JSON.parse(await readFile(join(summary, "summary.json"), "utf8"));
  for (const run of experiment.planned) {
    const weights = await readFile(join(folder, store, "trial", run, "model", "weights.bin"));
    files[`${run}/weights.bin`] = sha256(weights);
  }
  return files;
}

/** Every file of a store, but for claims and for the readings, which are more where a run was killed. */
async function listing(store: string): Promise<string[]> {
  const files = await readdir(join(folder, store, "trial"), { recursive: true });
  return files.filter((file) => !/^(\.claims|readings)\b/.test(file)).sort();
}

test("killed at random while four processes share a store, then resumed: as one quiet run", async () => {
  const rng = random("kills");
  const bin = join(import.meta.dirname, "..", "..", "dist", "experiments-job.worker.cjs");
  const store = join(folder, "shared", "trial");
  const grid = parseGrid(JSON.parse(await readFile(join(folder, "grid.json"), "utf8")));
  const clips = await loadClips(join(folder, "data"), { calm: "keep" });
  const runs = planGrid(grid, clips).map(({ name }) => name);
  await new Store(store).open(grid, runs);
  const job: Job = { grid, clips, store, runs, engine: "wasm", threads: 1, command: "ser ablate grid.json" };
  let kills = 6;
  let killed = 0;
  const oneAfterAnother = async (): Promise<void> => {
    for (;;) {
      const child: ChildProcess = fork(bin, [], {
        cwd: folder,
        stdio: ["ignore", "ignore", "ignore", "ipc"],
      });
      child.send(job, () => {});
      let fuse = kills-- > 0 ? rng.int(7) : Number.POSITIVE_INFINITY;
      child.on("message", (event: RunEvent) => {
        expect(event.kind).not.toBe("failed");
        if (fuse-- <= 0) child.kill("SIGKILL");
      });
      const code = await new Promise((resolve) => child.on("exit", resolve));
      if (code === 0) return;
      expect(code).toBeNull();
      killed++;
    }
  };
  await Promise.all([oneAfterAnother(), oneAfterAnother(), oneAfterAnother(), oneAfterAnother()]);
  expect(killed).toBeGreaterThan(1);
  const resumed = await ser(args("shared", "--jobs", "1"), folder);
  expect([resumed.code, resumed.stderr]).toEqual([0, ""]);
  expect(await outcome("shared")).toEqual(quiet);
  expect(await listing("shared")).toEqual(await listing("quiet"));
});

test("three shards in processes of their own are the unsharded store", async () => {
  const shards = ["1/3", "2/3", "3/3"].map((shard) =>
    ser(args("shards", "--shard", shard, "--jobs", "1"), folder),
  );
  expect((await Promise.all(shards)).map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(await outcome("shards")).toEqual(quiet);
  expect(await listing("shards")).toEqual(await listing("quiet"));
});

test("a plan is a command for each run that is left, and each command does its run", async () => {
  const plan = await ser(args("planned", "--plan"), folder);
  const commands = plan.stdout.trimEnd().split("\n");
  expect(commands.length).toBe(8);
  for (const command of commands)
    expect(command).toMatch(/--data data --out planned --engine wasm --threads 1$/);
  expect(plan.stderr).toMatch(/^8 runs, 0 done; at most about .* \(a guess for cnn-small\)\n$/);
  const [npx, no, , ...own] = commands[3]!.split(" ");
  expect([npx, no]).toEqual(["npx", "--no"]);
  const ran = await ser(own, folder);
  expect(ran.code).toBe(0);
  const left = await ser(args("planned", "--plan"), folder);
  expect(left.stdout.trimEnd().split("\n")).toEqual(commands.filter((_, i) => i !== 3));
  expect(left.stderr).toContain("8 runs, 1 done; at most about");
});

test.skipIf(process.platform === "win32")(
  "more finished runs than a process may have files open",
  async () => {
    const seeds = Array.from({ length: 300 }, (_, i) => i + 1);
    const block = {
      protocols: ["savee/loso"],
      folds: ["1"],
      models: ["majority"],
      features: ["mfcc"],
      seeds,
    };
    await writeFile(join(folder, "many.json"), JSON.stringify({ name: "many", runs: [block] }));
    const clips = await loadClips(join(folder, "data"), { calm: "keep" });
    const grid = parseGrid(JSON.parse(await readFile(join(folder, "many.json"), "utf8")));
    const store = new Store(join(folder, "many", "many"));
    for (const { name } of planGrid(grid, clips)) {
      await mkdir(store.runFolder(name), { recursive: true });
      await writeFile(join(store.runFolder(name), "run.json"), JSON.stringify({ ...recordExample(), name }));
    }
    const bin = join(import.meta.dirname, "..", "..", "dist", "ser.cjs");
    const command = [
      process.execPath,
      bin,
      "ablate",
      "many.json",
      "--data",
      "data",
      "--out",
      "many",
      "--plan",
    ];
    const script = 'ulimit -n 128 && exec "$@"';
    const said = await new Promise<string>((resolve) => {
      execFile("sh", ["-c", script, "sh", ...command], { cwd: folder }, (_, __, stderr) => resolve(stderr));
    });
    expect(said).toBe("300 runs, 300 done\n");
  },
);

test("processes that end outside a run end the experiment, with what they said", async () => {
  await mkdir(join(folder, "broken", "trial"), { recursive: true });
  await writeFile(join(folder, "broken", "trial", ".claims"), "no folder");
  const ran = await ser(args("broken", "--jobs", "2"), folder);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain("a process of the experiment ended with code 1");
  expect(ran.stderr).not.toContain("    at ");
});

test("a run that fails is told and recorded, the others go on, and it is tried again", async () => {
  const runs = [
    { protocols: ["savee/loso"], folds: ["1"], models: ["majority"], features: ["mfcc"] },
    {
      ...{ protocols: ["savee/loso"], folds: ["1"], models: ["lstm"], features: ["mfcc"] },
      training: { ...TINY, learningRate: 1e38 },
    },
  ];
  await writeFile(join(folder, "failing.json"), JSON.stringify({ name: "failing", runs }));
  const flags = ["--data", "data", "--out", "failing", "--engine", "wasm", "--jobs", "2"];
  for (let time = 1; time <= 2; time++) {
    const ran = await ser(["ablate", "failing.json", ...flags], folder);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/savee-loso-1-lstm-\w+ failed: .*diverged/);
    expect(ran.stdout).toMatch(/savee\/loso@1 +majority +mfcc +1 +1 +14\.3 +- /);
    expect(ran.stdout).toContain("test parts read: 0 times");
  }
  const { failures, runs: done } = await readStored("failing", join(folder, "failing"));
  expect([failures.length, done.length, done[0]!.record.test]).toEqual([1, 1, undefined]);
  const summary = await ser(["summarize", "failing", "--from", "failing", "--out", "sums"], folder);
  expect(summary.stdout).toContain("1 of 2 runs, 1 are missing (1 failed)");
});

test("a grid with five mistakes, three of them unknown keys: one message with all five", async () => {
  const runs = [
    { protocols: ["savee/loso"], models: ["cnm"], seed: [1], training: { epochs: 0, optimiser: {} } },
  ];
  await writeFile(join(folder, "five.json"), JSON.stringify({ name: "five", discription: "", runs }));
  const refused = await ser(["ablate", "five.json", "--data", "data"], folder);
  expect([refused.code, refused.stdout]).toEqual([2, ""]);
  const [head, ...lines] = refused.stderr.trimEnd().split("\n  ");
  expect(head).toBe("ser: five.json has 5 problems:");
  for (const [i, line] of [
    /^runs\[0\]\.models\[0\] is "cnm": it takes .*; did you mean "cnn"\?$/,
    /^runs\[0\]\.training\.epochs is 0: it takes a whole number from 1 /,
    /^runs\[0\]\.training\.optimiser is unknown: there are .*; did you mean "optimizer"\?$/,
    /^runs\[0\]\.seed is unknown: there are .*; did you mean "seeds"\?$/,
    /^discription is unknown: there are .*; did you mean "description"\?$/,
  ].entries())
    expect(lines[i]).toMatch(line);
  expect(lines.length).toBe(5);
});

test("a grid over the CNN's filters trains, each size a run of its own, and the report tells them apart", async () => {
  const block = { protocols: ["savee/loso"], folds: ["1"], models: ["cnn"], features: ["mfcc"] };
  const sizes = [{ filters: [4] }, { filters: [4, 8], units: 8 }];
  const grid = { name: "filters", runs: [{ ...block, sizes, training: { ...TINY, epochs: 1 } }] };
  await writeFile(join(folder, "filters.json"), JSON.stringify(grid));
  const flags = ["--data", "data", "--out", "filters", "--engine", "wasm", "--jobs", "1", "--json"];
  const ran = await ser(["ablate", "filters.json", ...flags], folder);
  expect([ran.code, ran.stderr]).toEqual([0, ""]);
  const experiment = await readStored("filters", join(folder, "filters"));
  expect(experiment.runs.map(({ record }) => record.settings.training.size)).toEqual(
    expect.arrayContaining(sizes),
  );
  expect(new Set(experiment.planned).size).toBe(2);
  expect(entriesOf(experiment.runs).map(({ label }) => label)).toEqual([
    "cnn, filters 4, units 128",
    "cnn, filters 4-8, units 8",
  ]);
  for (const { record } of experiment.runs) {
    const card = await readCard(join(folder, "filters", "filters", record.name, "model"));
    expect(card).toMatchObject({ size: record.settings.training.size, parameters: record.parameters });
  }
}, 120_000);

test("what makes no sense is said", async () => {
  await writeFile(
    join(folder, "wrong.json"),
    '{"name": "w", "runs": [{"protocols": ["x"], "models": ["cnn"]}]}',
  );
  for (const [code, message, ...wrong] of [
    [2, 'wrong.json: runs[0].protocols[0]: there is no protocol "x"', "wrong.json"],
    [2, "--shard 4/3: it takes i/n", "grid.json", "--shard", "4/3"],
    [2, "no run is called nobody", "grid.json", "--only", "nobody"],
    [1, "cannot read the grid no.json: no such file", "no.json"],
  ] as const) {
    const refused = await ser(["ablate", ...wrong, "--data", "data"], folder);
    expect([refused.code, refused.stderr]).toEqual([code, expect.stringContaining(message)]);
    expect(refused.stderr).not.toContain("    at ");
  }
  const absent = await ser(["summarize", "nothing", "--from", "quiet"], folder);
  expect([absent.code, absent.stderr]).toEqual([
    1,
    expect.stringContaining("experiment nothing not found in quiet (found: trial)"),
  ]);
});
