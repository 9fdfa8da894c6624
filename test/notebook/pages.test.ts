import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { UsageError, UserError } from "../../lib/base/errors.js";
import { writePages } from "../../lib/notebook/pages.js";

test("a page for each notebook and an index with links to them", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pages-"));
  try {
    const cells = [{ cell_type: "markdown", metadata: {}, source: "# Look & listen" }];
    const file = join(folder, "01-look.ipynb");
    await writeFile(file, JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }));
    const out = join(folder, "out");
    const pages = await writePages([file], { out });
    expect(pages.map(({ title }) => title)).toEqual(["Look & listen", "Notebooks"]);
    expect((await readdir(out)).sort()).toEqual(["01-look.html", "index.html"]);
    expect(await readFile(join(out, "index.html"), "utf8")).toContain(
      '<a href="01-look.html">Look &amp; listen</a>',
    );
    await expect(writePages([join(folder, "no.ipynb")], { out })).rejects.toThrow(UserError);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a notebook called index keeps its page; two of one name are refused before a page is written", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pages-"));
  try {
    const notebook = (title: string) => {
      const cells = [{ cell_type: "markdown", metadata: {}, source: `# ${title}` }];
      return JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 });
    };
    const out = join(folder, "out");
    const [index, a, b, broken] = ["index", "a/x", "b/X", "c/y"].map((name) => join(folder, `${name}.ipynb`));
    for (const [i, path] of [index!, a!, b!].entries()) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, notebook(`Title ${i}`));
    }
    await mkdir(dirname(broken!));
    await writeFile(broken!, "{");
    await expect(writePages([a!, b!], { out })).rejects.toThrow(
      /b\/X\.ipynb would be written to the same file/,
    );
    await expect(writePages([a!, b!], { out })).rejects.toThrow(UsageError);
    await expect(writePages([a!, broken!], { out })).rejects.toThrow(/y\.ipynb is not a notebook/);
    await expect(readdir(out)).rejects.toThrow(/ENOENT/);
    await writePages([index!, a!, a!], { out });
    expect((await readdir(out)).sort()).toEqual(["index-notebook.html", "index.html", "x.html"]);
    expect(await readFile(join(out, "index-notebook.html"), "utf8")).toContain("Title 0</h1>");
    const list = await readFile(join(out, "index.html"), "utf8");
    expect(list.match(/<a href="[^"]*"/g)).toEqual(['<a href="index-notebook.html"', '<a href="x.html"']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
