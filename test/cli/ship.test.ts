import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addShip } from "../../lib/cli/ship.js";
import { publishedClips } from "../../lib/corpora/registry.js";
import { parseGrid } from "../../lib/experiments/grid.js";
import { planGrid } from "../../lib/experiments/plan.js";
import type { Shipped } from "../../lib/report/ship.js";
import { shippableRun } from "../report/shippable.js";
import { capturePrinted, printed } from "./printed.js";

capturePrinted();
let folder: string;
let name: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-ship-cli-"));
  name = (await shippableRun(join(folder, "runs", "ours"), "savee/loso")).name;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function ship(...args: string[]): Promise<void> {
  const program = new Command().exitOverride();
  addShip(program);
  await program.parseAsync(["node", "ser", "ship", ...args]);
}

test("a run by EXPERIMENT/RUN: says what was written and where", async () => {
  const out = join(folder, "model");
  await ship(`ours/${name}`, "--from", join(folder, "runs"), "--out", out);
  expect(printed.out).toMatch(
    /model: card\.json, model\.json, program\.json, weights\.bin, README\.md, LICENSE/,
  );
  expect(printed.out).toMatch(/0\.10 MB, weights' SHA-256 [0-9a-f]{64}\n$/);
  expect(await readdir(out)).toHaveLength(6);
});

test("a run by its folder, as JSON, with a note", async () => {
  const out = join(folder, "json");
  await ship(join(folder, "runs", "ours", name), "--out", out, "--json", "--note", "clips re-encoded");
  const shipped = JSON.parse(printed.out) as Shipped;
  expect(shipped).toMatchObject({ folder: out, run: name, bytes: expect.any(Number) });
  expect(shipped.files.map((file) => file.name)).toContain("LICENSE");
  expect(await readFile(join(out, "README.md"), "utf8")).toContain("Clips re-encoded.");
});

test("another model is not replaced without --force", async () => {
  const run = join(folder, "runs", "ours", name);
  const out = join(folder, "twice");
  await ship(run, "--out", out);
  const before = await readFile(join(out, "README.md"), "utf8");
  await expect(ship(run, "--out", out, "--note", "other")).rejects.toMatchObject({ exitCode: 2 });
  expect(await readFile(join(out, "README.md"), "utf8")).toBe(before);
  await ship(run, "--out", out, "--note", "other", "--force");
  expect(await readFile(join(out, "README.md"), "utf8")).toContain("Other.");
});

test("the run of the examples is the one that their line makes from the published clips", async () => {
  const clips = publishedClips(["ravdess"]).map((clip) => ({ ...clip, path: "", synthetic: false }));
  const grid = parseGrid({
    ...{ name: "x", score: "test" },
    runs: [{ protocols: ["held-out"], models: ["cnn"], features: ["logmel"] }],
  });
  const made = planGrid(grid, clips)[0]!.name;
  const program = new Command();
  addShip(program);
  let help = "";
  program.commands[0]!.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  const readme = await readFile(join(__dirname, "../../README.md"), "utf8");
  for (const text of [help, readme]) expect(text).toContain(`ser ship ${made} `);
});

test("a run that is not there, and one that is too large", async () => {
  await expect(ship("ours/none", "--from", join(folder, "runs"))).rejects.toThrow(
    /no finished run in ours\/none or .*runs\/ours\/none: `ser ablate` and `ser train` make runs/,
  );
  const run = join(folder, "runs", "ours", name);
  await expect(ship(run, "--out", join(folder, "small"), "--limit", "0.05")).rejects.toThrow(
    /at most 0\.05 MB/,
  );
});
