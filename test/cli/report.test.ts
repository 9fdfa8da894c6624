import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Results } from "../../lib/analysis/results.js";
import { addReport } from "../../lib/cli/report.js";
import { writeSummary } from "../../lib/experiments/summary.js";
import { madeExperiment, SEVEN } from "../experiments/experiment.js";
import { toneCorpus } from "../runs/examples.js";
import { capturePrinted, printed } from "./printed.js";
import { ser } from "./spawn.js";

capturePrinted();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-report-cli-"));
  const made = madeExperiment({
    protocols: [{ protocol: "savee/loso@1", corpus: "savee", classes: SEVEN, speakers: 4, folds: 2 }],
    models: { linear: 0.5 },
    seeds: [1],
  });
  await mkdir(join(folder, "summary"));
  await writeSummary(made, join(folder, "summary", "made-up"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function report(...args: string[]): Promise<void> {
  const program = new Command().exitOverride();
  addReport(program);
  await program.parseAsync(["node", "ser", "report", ...args]);
}

test("writes the report and says where", async () => {
  await report("made-up", "--from", join(folder, "summary"), "--out", join(folder, "report"));
  const at = join(folder, "report", "made-up");
  expect(printed.out.trim().split("\n")).toEqual(
    ["report.html", "report.md", "report.json"].map((file) => join(at, file)),
  );
  expect((await readdir(at)).sort()).toEqual(["figures", "report.html", "report.json", "report.md"]);
});

test("--json prints every figure with its n, and writes nothing", async () => {
  await report("made-up", "--from", join(folder, "summary"), "--out", join(folder, "none"), "--json");
  const results = JSON.parse(printed.out) as Results;
  const { uar } = results.protocols[0]!.entries[0]!.test!;
  expect([uar.n, uar.speakers, results.runs]).toEqual([112, 4, 2]);
  expect(await readdir(folder)).toEqual(["report", "summary"]);
});

test("an unknown experiment lists those that are there; a path is no name", async () => {
  await expect(report("other", "--from", join(folder, "summary"))).rejects.toThrow(
    /experiment other not found.*made-up/,
  );
  await expect(report("../made-up")).rejects.toThrow("is not the name of an experiment");
});

test("runs by folder or by name are reported as an experiment", async () => {
  const runs = join(folder, "runs");
  await toneCorpus(join(folder, "data"));
  const trained = await ser(
    [
      "train",
      "--data",
      "data",
      "--out",
      "runs",
      "--protocol",
      "savee/loso",
      "--model",
      "majority",
      "--no-pictures",
    ],
    folder,
  );
  expect([trained.code, trained.stderr]).toEqual([0, ""]);
  const names = (await readdir(runs)).filter((name) => name.startsWith("savee-")).sort();
  await report(join(runs, names[0]!), ...names.slice(1), "--from", runs, "--json");
  const { experiment, runs: count, readings, protocols } = JSON.parse(printed.out) as Results;
  expect([experiment, count]).toEqual([`${names[0]}-and-3-more`, 4]);
  expect(readings).toMatchObject({ total: 0, synthetic: 4 });
  expect(protocols[0]!.entries[0]!.folds).toEqual(["1", "2", "3", "4"]);

  await report(names[1]!, "--from", runs, "--out", join(folder, "reports"), "--quiet");
  expect(await readdir(join(folder, "reports"))).toEqual([names[1]]);
  await expect(report(names[0]!, "nobody", "--from", runs)).rejects.toThrow("nobody has no finished run");
});
