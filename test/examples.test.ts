import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { examplesOf, type Outcome, prepareExamples, publicNames, runExamples } from "./documentation.js";
import { installIn, NAME, pack, ROOT, run } from "./package.js";

// What a user writes: ten tasks, and the example of every public name, in a project that has the package installed.

const folder = mkdtempSync(join(tmpdir(), "ser-examples-"));
const project = join(folder, "project");
const pages = join(folder, "pages");
const cache = join(folder, "cache");
beforeAll(async () => {
  installIn(project, pack(folder).tarball);
  await prepareExamples(project, cache);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TASKS = join(ROOT, "test", "tasks");
const tasks = readdirSync(TASKS).sort();
const read = (task: string) => readFileSync(join(TASKS, task), "utf8");

test("typedoc makes pages without a warning", async () => {
  const script = join("lib", "shims", "docs", "node_modules", "typedoc", "bin", "typedoc");
  const ran = await run(process.execPath, [script, "--options", "lib/build/typedoc.json", "--out", pages], {
    ...{ cwd: ROOT, cache },
  });
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
});

describe("ten tasks", () => {
  test("there are ten", () => expect(tasks).toHaveLength(10));

  test.each(tasks)("%s: at most 15 lines, of public names", (task) => {
    const lines = read(task)
      .split("\n")
      .filter((line) => line.trim() !== "" && !line.startsWith("//"));
    expect(lines.length).toBeLessThanOrEqual(15);
    const sources = [...read(task).matchAll(/ from "([^"]+)";/g)].map(([, source]) => source!);
    expect(sources.every((source) => source.startsWith(NAME) || source.startsWith("node:"))).toBe(true);
  });

  test.each(tasks)("%s runs", async (task) => {
    writeFileSync(join(project, task), read(task));
    const ran = await run(process.execPath, [join(ROOT, "node_modules", "tsx", "dist", "cli.mjs"), task], {
      ...{ cwd: project, cache },
    });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(TOLD[task.slice(0, 2)]!);
  });
});

/** Something of what each task prints, by its number. */
const TOLD: Record<string, RegExp> = {
  "01": /^anger: 96 clips of 24 speakers\n[\s\S]*calm: 96 clips/,
  "02": /^mel\.png: \d+ frames of 64 mel bands\n$/,
  "03": /^\| figure \| value \|[\s\S]*\| UAR, % \| [\d.]+ \|/,
  "04": /\\toprule[\s\S]*points UAR, p = /,
  "05": /\| UAR, % \|[\s\S]*DC: 0\.\d\d\n/,
  "06": /^recordings\S*1\.wav: \w+\nrecordings\S*2\.wav: \w+\n$/,
  "07": /^timeline\.png: [\d.]+ s in \d+ windows\n$/,
  "08": /\| savee\/loso@1 \| own:pooled \(SYNTHETIC\) \| validation \|/,
  "09": /\| linear \|[\s\S]*\n4 speakers\n$/,
  "10": /^cross-corpus\/savee-tess@1: UAR 0\.\d+, chance 0\.143\n/,
};

describe("the examples of the documentation", () => {
  const examples = examplesOf(publicNames());
  let complaints: string[];
  let outcomes: Outcome[];
  beforeAll(async () => {
    ({ complaints, outcomes } = await runExamples(project, cache, examples));
  });

  test("have the types that they should", () => expect(complaints).toEqual([]));

  test.each(examples.map(({ name, place }) => `${name} (${place})`))("%s", (name) => {
    const outcome = outcomes.find((one) => one.name === name);
    expect(outcome?.error).toBeUndefined();
    expect(outcome).toBeDefined();
  });
});
