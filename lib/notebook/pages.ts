import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { assertWritable, writeAtomic } from "../base/atomic.js";
import { UserError } from "../base/errors.js";
import { projectRoot } from "../base/root.js";
import { indexPage, notebookPage, titleOf } from "./html.js";
import { readNotebook } from "./nbformat.js";
import { outputNames } from "./run.js";

/** A written page. */
export interface Page {
  path: string;
  title: string;
  bytes: number;
}

/**
 * Writes a page for each notebook, and `index.html` with links to them.
 *
 * @param files notebooks; if empty, those in results/notebooks, or else those in notebooks/
 * @param options.out folder of the pages; default results/notebooks
 * @returns the pages, the index last
 * @throws {UserError} if there is no notebook, or one cannot be read; no page is written then
 * @throws {UsageError} for two notebooks of the same name
 * @example await writePages([]);
 */
export async function writePages(files: readonly string[], options: { out?: string } = {}): Promise<Page[]> {
  const out = options.out ?? join(projectRoot(), "results", "notebooks");
  const pages: Page[] = [];
  const write = async (name: string, title: string, html: string) => {
    const path = join(out, name);
    await writeAtomic(path, html);
    pages.push({ path, title, bytes: Buffer.byteLength(html) });
  };
  const given = [...new Set(files.map((file) => resolve(file)))];
  const sources = given.length > 0 ? given : await executedNotebooks();
  const names = outputNames(sources, pageName);
  await assertWritable(out);
  const notebooks = await Promise.all(sources.map(readNotebook));
  for (const [i, notebook] of notebooks.entries())
    await write(names[i]!, titleOf(notebook), await notebookPage(notebook));
  const entries = pages.map(({ path, title }) => ({ file: basename(path), title }));
  await write("index.html", "Notebooks", indexPage(entries));
  return pages;
}

/** The name of a notebook's page; that of `index.ipynb` leaves `index.html` to the list of pages. */
function pageName(file: string): string {
  const stem = basename(file, ".ipynb");
  return stem.toLowerCase() === "index" ? `${stem}-notebook.html` : `${stem}.html`;
}

async function executedNotebooks(): Promise<string[]> {
  for (const folder of [join(projectRoot(), "results", "notebooks"), join(projectRoot(), "notebooks")]) {
    const names = existsSync(folder) ? (await readdir(folder)).filter((name) => name.endsWith(".ipynb")) : [];
    if (names.length > 0) return names.sort().map((name) => join(folder, name));
  }
  throw new UserError('no notebooks found: run "ser notebook run" first');
}
