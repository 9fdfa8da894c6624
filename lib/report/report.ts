import { rm } from "node:fs/promises";
import { join } from "node:path";
import { entriesOf } from "../analysis/entries.js";
import type { ResultOptions } from "../analysis/protocol-results.js";
import { type Results, resultsOf } from "../analysis/results.js";
import { writeAtomic, writeJson } from "../base/atomic.js";
import { cannotWrite, UserError } from "../base/errors.js";
import type { RecordedExperiment } from "../experiments/known.js";
import type { Figure } from "../figures/figure.js";
import { renderSvg } from "../figures/render.js";
import { type Block, figuresOf } from "./document.js";
import { toHtml } from "./html.js";
import { toLatex } from "./latex.js";
import { toMarkdown } from "./markdown.js";
import { shortcutPage } from "./shortcut.js";
import { documentOf } from "./write.js";

/** A report in memory, before it is written. */
export interface Report {
  /** All results, each with its interval and n. */
  json: Results;
  /** Markdown; refers to the figures as `figures/NAME.svg`. */
  markdown: string;
  /** A single HTML page that contains the figures. */
  html: string;
  /** The tables for a paper, in LaTeX with booktabs. */
  latex: string;
  /** Additional Markdown pages by file name: `text.md`, where a protocol keeps sentences apart. */
  pages: Map<string, string>;
  /** The figures as data, by name. */
  figures: Map<string, Figure>;
  /** The figures as SVG, by name. */
  svgs: Map<string, string>;
}

/** Options of {@link buildReport}. */
export interface ReportOptions extends ResultOptions {
  /** Called after each figure is drawn, with the number of all figures. */
  onFigure?: (name: string, total: number) => void;
  /** Stops between two figures. */
  signal?: AbortSignal;
}

/**
 * Builds the report of an experiment from its recorded runs alone: it does not depend on the clock, paths, the locale or the
 * order of folders, so the same runs give the same bytes.
 *
 * @throws {UserError} when the experiment has no finished run
 * @example
 * const experiment = await train({ protocols: ["savee/loso"], models: ["linear"] });
 * const { markdown } = await buildReport(experiment, { resamples: 99 });
 * markdown.startsWith("# Experiment savee-loso"); // => true
 */
export async function buildReport(
  experiment: RecordedExperiment,
  options: ReportOptions = {},
): Promise<Report> {
  if (experiment.runs.length === 0)
    throw new UserError(`experiment ${experiment.name} has no finished run: run \`ser ablate\` first`);
  const json = resultsOf(experiment, options);
  const blocks = documentOf(experiment, entriesOf(experiment.runs), json);
  const text = shortcutPage(json);
  const pages: Record<string, readonly Block[]> = text ? { "text.md": text } : {};
  return drawReport(`Experiment ${experiment.name}`, blocks, json, { ...options, pages });
}

/**
 * Draws a document's figures and writes it as Markdown and as a page.
 *
 * @param title of the page
 * @param options.pages further documents by file name, with figures of this document only
 */
export async function drawReport(
  title: string,
  blocks: readonly Block[],
  json: Results,
  options: ReportOptions & { pages?: Readonly<Record<string, readonly Block[]>> },
): Promise<Report> {
  const figures = figuresOf(blocks);
  const svgs = new Map<string, string>();
  for (const [name, figure] of figures) {
    options.signal?.throwIfAborted();
    svgs.set(name, await renderSvg(figure));
    options.onFigure?.(name, figures.size);
  }
  const written = (own: readonly Block[]) => toMarkdown(own, (name) => `figures/${name}.svg`);
  return {
    json,
    markdown: written(blocks),
    latex: toLatex(title, blocks),
    pages: new Map(Object.entries(options.pages ?? {}).map(([name, own]) => [name, written(own)])),
    html: toHtml(title, blocks, svgs),
    figures,
    svgs,
  };
}

/** A report on disk. */
export interface WrittenReport {
  folder: string;
  /** Paths relative to `folder`. */
  files: string[];
}

/**
 * Writes a report: `report.md`, `report.html`, `report.json`, its pages and `figures/*.svg`. Figures of an earlier report are
 * removed.
 *
 * @param folder such as `results/report/four-corpora`
 * @param report the result of {@link buildReport}, or an experiment, whose report is built first
 * @param options.latex also writes the tables as `tables.tex`
 * @throws {UserError} when the folder cannot be written, or the experiment has no finished run
 * @example
 * const experiment = await train({ protocols: ["savee/loso"], models: ["linear"] });
 * const report = await buildReport(experiment, { resamples: 99 });
 * const { files } = await writeReport("results/report/savee-loso", report);
 * files.slice(0, 3); // => ["report.html", "report.md", "report.json"]
 */
export async function writeReport(
  folder: string,
  report: Report | RecordedExperiment,
  options: { latex?: boolean } = {},
): Promise<WrittenReport> {
  if ("runs" in report) return writeReport(folder, await buildReport(report), options);
  await rm(join(folder, "figures"), { recursive: true, force: true }).catch((error: unknown) => {
    throw cannotWrite(folder, error);
  });
  for (const [name, svg] of report.svgs) await writeAtomic(join(folder, "figures", `${name}.svg`), svg);
  await writeJson(join(folder, "report.json"), report.json);
  await writeAtomic(join(folder, "report.md"), report.markdown);
  await writeAtomic(join(folder, "report.html"), report.html);
  for (const [name, page] of report.pages) await writeAtomic(join(folder, name), page);
  if (options.latex) await writeAtomic(join(folder, "tables.tex"), report.latex);
  const figures = [...report.svgs.keys()].map((name) => `figures/${name}.svg`);
  const pages = [...report.pages.keys(), ...(options.latex ? ["tables.tex"] : [])];
  return { folder, files: ["report.html", "report.md", "report.json", ...pages, ...figures] };
}
