import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { writeAtomic } from "../base/atomic.js";
import { UserError } from "../base/errors.js";
import { projectRoot } from "../base/root.js";
import { indexPage, notebookPage, titleOf } from "./html.js";
import { readNotebook } from "./nbformat.js";

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
 * @throws {UserError} if there is no notebook, or one cannot be read
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
  for (const file of files.length > 0 ? files.map((file) => resolve(file)) : await executedNotebooks()) {
    const notebook = await readNotebook(file);
    await write(`${basename(file, ".ipynb")}.html`, titleOf(notebook), await notebookPage(notebook));
  }
  const entries = pages.map(({ path, title }) => ({ file: basename(path), title }));
  await write("index.html", "Notebooks", indexPage(entries));
  return pages;
}

async function executedNotebooks(): Promise<string[]> {
  for (const folder of [join(projectRoot(), "results", "notebooks"), join(projectRoot(), "notebooks")]) {
    const names = existsSync(folder) ? (await readdir(folder)).filter((name) => name.endsWith(".ipynb")) : [];
    if (names.length > 0) return names.sort().map((name) => join(folder, name));
  }
  throw new UserError('no notebooks found: run "ser notebook run" first');
}
