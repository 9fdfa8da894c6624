import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JSDOM } from "jsdom";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sha256 } from "../../lib/base/hash.js";
import { buildReport, type Report, writeReport } from "../../lib/report/report.js";
import { madeExperiment, SEVEN } from "../experiments/experiment.js";

const made = madeExperiment({
  protocols: [
    { protocol: "random/savee@1", corpus: "savee", classes: SEVEN, speakers: 4, folds: 2, leaky: true },
    { protocol: "cross-corpus/ravdess-savee@1", corpus: "savee", classes: SEVEN, speakers: 4, folds: 1 },
  ],
  models: { linear: 0.5 },
  seeds: [1],
  synthetic: true,
});
let folder: string;
let report: Report;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-report-"));
  report = await buildReport(made, { resamples: 99 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function hashes(): Promise<Record<string, string>> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  const pairs = await Promise.all(paths.sort().map(async (path) => [path, sha256(await readFile(path))]));
  return Object.fromEntries(pairs);
}

test("deleted and made again it has the same bytes, whatever the order of the runs", async () => {
  const { files } = await writeReport(folder, report);
  const first = await hashes();
  expect(Object.keys(first).length).toBe(files.length);
  await rm(folder, { recursive: true });
  await writeReport(
    folder,
    await buildReport({ ...made, runs: [...made.runs].reverse() }, { resamples: 99 }),
  );
  expect(await hashes()).toEqual(first);
});

test("pictures of an earlier report go", async () => {
  await writeReport(folder, report);
  await writeFile(join(folder, "figures", "old.svg"), "<svg/>");
  await writeReport(folder, report);
  expect(await readdir(join(folder, "figures"))).not.toContain("old.svg");
});

test("the page needs nothing but itself, and its ids are unique", () => {
  const { document } = new JSDOM(report.html).window;
  expect(document.querySelectorAll("script, link, img, iframe").length).toBe(0);
  expect(report.html.match(/(?:src|href)=["'](?!#|data:)|@import|url\((?!#)/)).toBeNull();
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const use of report.html.matchAll(/url\(#([^)]+)\)/g)) expect(ids).toContain(use[1]);
  expect(document.querySelectorAll("svg[role=img]").length).toBe(report.figures.size);
});

test("what is synthetic or leaky is marked in every table and picture of its section", () => {
  const { document } = new JSDOM(report.html).window;
  const headings = [...document.querySelectorAll("h2")].map((h) => h.textContent);
  expect(headings).toContain("Protocol random/savee@1 (LEAKY) (SYNTHETIC)");
  for (const [name, svg] of report.svgs) {
    // The picture of results shows the leaky protocol alone: the other one is across corpora.
    expect([name, svg.includes("synthetic voices")]).toEqual([name, true]);
    expect(svg.includes("leaky split")).toBe(name.startsWith("random") || name === "results");
  }
  const captions = [...document.querySelectorAll("caption")].map((c) => c.textContent!);
  for (const caption of captions.filter((text) => / part/.test(text))) expect(caption).toContain("SYNTHETIC");
});

test("Markdown and page have the same sections and tables, and the Markdown finds its pictures", () => {
  const { document } = new JSDOM(report.html).window;
  const sections = report.markdown.match(/^## .*$/gm)!.map((line) => line.slice(3));
  expect([...document.querySelectorAll("h2")].map((h) => h.textContent)).toEqual(sections);
  const tables = report.markdown.match(/^\| -+:? /gm)!;
  expect(document.querySelectorAll("table").length).toBe(tables.length);
  const pictures = [...report.markdown.matchAll(/\]\(figures\/(.*)\.svg\)/g)].map((match) => match[1]);
  expect(pictures).toEqual([...report.figures.keys()]);
  expect(report.markdown.match(/undefined|NaN|\[object/)).toBeNull();
  expect(report.html.match(/>[^<]*(undefined|NaN|\[object)/)).toBeNull();
});

test("without a finished run there is no report", async () => {
  await expect(buildReport({ ...made, runs: [] })).rejects.toThrow("no finished run");
});
