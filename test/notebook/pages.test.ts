import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
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
